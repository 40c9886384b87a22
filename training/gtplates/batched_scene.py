"""Scene → picture → labels in batches: flat plates put over real ones or elsewhere, real plates seen again, and nothing at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .batched_camera import shoot
from .batch_dice import BatchDice
from .geometry import NEAREST, homography, project
from .plate_bank import FLAT_H, FLAT_W, Flat, PlateBank
from .scene import PATCH_H, PATCH_W
from .seats import SEAT_H, SEAT_W, UNKNOWN, Seats

ON_SEAT, ON_TILE, REAL, FOREIGN, NOTHING = range(5)
SHARES = (0.57, 0.23, 0.15, 0.02, 0.03)
CAR_PLATE = 3.08
LARGEST_OF_A_SET = 220  # a large set of one layout does not crowd out the others


@dataclass
class Looks:
    """Photographs of 256×128; `corners` NaN where there is nothing, `text` UNKNOWN where nothing is to be read."""

    luma: Tensor
    corners: Tensor
    text: Tensor
    layout: Tensor

    @property
    def readable(self) -> Tensor:
        return self.text[:, 0] != UNKNOWN

    @property
    def has_corners(self) -> Tensor:
        return ~self.corners[:, 0, 0].isnan()


@dataclass
class Origins:
    """How looks came about; nothing that trains asks."""

    kind: Tensor
    dark: Tensor
    lettering: Tensor


def pose(width: Tensor, aspect: Tensor, dice: BatchDice) -> Tensor:
    """(n, 4, 2) corners of plates about `width` pixels wide after a random turn in space, centred on 0."""
    n, device = len(width), width.device
    limits = torch.tensor([62.0, 42.0, 45.0], device=device)
    spread = torch.tensor([27.0, 16.0, 10.0], device=device)
    turn = torch.deg2rad((dice.normal(3) * spread).clamp(-limits, limits))
    (sy, sx, sz), (cy, cx, cz) = turn.sin().T, turn.cos().T
    unit = torch.tensor([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]], device=device)
    x, y = unit[None, :, 0] * width[:, None], unit[None, :, 1] * (width / aspect)[:, None]
    x1, z1 = cy[:, None] * x, -sy[:, None] * x
    y2, z2 = cx[:, None] * y - sx[:, None] * z1, sx[:, None] * y + cx[:, None] * z1
    x3, y3 = cz[:, None] * x1 - sz[:, None] * y2, sz[:, None] * x1 + cz[:, None] * y2
    distance = (width * (3 + 7 * dice.raw()))[:, None]
    return torch.stack([x3, y3], -1) * (distance / (distance + z2))[..., None]


def seen_again(corners: Tensor, width: Tensor, dice: BatchDice) -> Tensor:
    """Real plates' corners at another size, a little turned and seen from a little elsewhere."""
    centred = corners - corners.mean(1, keepdim=True)
    reach = centred[..., 0].amax(1) - centred[..., 0].amin(1)
    largest = torch.minimum(reach * 1.15, torch.full_like(reach, 232))
    zoom = torch.minimum(width, largest) / reach
    turn = torch.deg2rad((dice.normal() * 6).clamp(-18, 18))[:, None]
    x, y = centred.unbind(-1)
    y = y * torch.exp(dice.normal() * 0.08)[:, None]
    turned = torch.stack([turn.cos() * x - turn.sin() * y, turn.sin() * x + turn.cos() * y], -1) * zoom[:, None, None]
    size = turned.amax(1, keepdim=True) - turned.amin(1, keepdim=True)
    return turned + dice.normal(4, 2) * size * 0.025


def placed(corners: Tensor, dice: BatchDice) -> Tensor:
    """Shrunk where they would not fit, and moved to somewhere near the middle of the patch."""
    patch = torch.tensor([PATCH_W, PATCH_H], device=corners.device, dtype=torch.float32)
    extent = corners.amax(1) - corners.amin(1)
    fit = ((patch - 6) / extent).amin(1).clamp(max=1)[:, None]
    corners, extent = corners * fit[:, None], extent * fit
    middle = (corners.amax(1) + corners.amin(1)) / 2
    room = (patch - extent - 4) / 2
    return corners + (patch / 2 - middle + (dice.raw(2) * 2 - 1) * room * 0.5)[:, None]


def on_plate(corners: Tensor) -> Tensor:
    """(n, H, W, 2): where on the plate (0..1 from corner to corner, beyond it too) each pixel of the patch lies."""
    inverse = torch.linalg.inv(homography(corners.double())).float()
    y, x = torch.meshgrid(
        torch.arange(PATCH_H, device=corners.device, dtype=torch.float32),
        torch.arange(PATCH_W, device=corners.device, dtype=torch.float32), indexing="ij",
    )
    pixels = torch.stack([x, y, torch.ones_like(x)], -1).reshape(-1, 3)
    # The scale of an inverse is free; its sign is chosen so that the plate's middle lies before the camera.
    middle = torch.cat([corners.mean(1), torch.ones_like(corners[:, 0, :1])], -1)
    inverse = inverse * (inverse[:, 2] * middle).sum(-1).sign()[:, None, None]
    mapped = pixels @ inverse.transpose(1, 2)
    near = NEAREST * (inverse[:, 2] * middle).sum(-1).abs()[:, None, None]
    return (mapped[..., :2] / torch.maximum(mapped[..., 2:], near)).reshape(-1, PATCH_H, PATCH_W, 2)


def area(corners: Tensor) -> Tensor:
    x, y = corners.unbind(-1)
    return ((x * y.roll(-1, 1) - x.roll(-1, 1) * y).sum(1).abs() / 2).clamp(min=1)


def sampled(source: Tensor, unit: Tensor, ratio: Tensor) -> Tensor:
    """`source` (n, 1, h, w) at places 0..1; `ratio` (n,) of its pixels to one of the patch picks how far it is averaged first."""
    level = ratio.clamp(min=1).log2().round().clamp(max=4).long()
    result = source.new_empty((len(source), 1, *unit.shape[1:3]), dtype=torch.float32)
    for power in range(5):
        some = torch.nonzero(level == power).flatten()
        if len(some):
            small = F.avg_pool2d(source[some].float(), 2**power) if power else source[some].float()
            result[some] = F.grid_sample(small, unit[some] * 2 - 1, "bilinear", "border", align_corners=False)
    return result


def lit(flat: Tensor, dice: BatchDice) -> Tensor:
    """Slanted light, a shadow's edges across the plate, a reflection."""
    device = flat.device
    x = torch.linspace(-0.5, 0.5, FLAT_W, device=device)[None, None, None]
    y = torch.linspace(-0.5, 0.5, FLAT_H, device=device)[None, None, :, None]
    angle, strength = dice.uniform(0, 2 * math.pi), dice.uniform(0, 0.55) * dice.chance(0.55)
    flat = flat * (1 + strength * (angle.cos() * x + angle.sin() * y))
    shade = 1.0
    for _ in range(2):
        angle, soft = dice.uniform(0, 2 * math.pi), dice.uniform(0.004, 0.06)
        shade = shade * torch.sigmoid((angle.cos() * x + angle.sin() * y - dice.uniform(-0.45, 0.35)) / soft)
    flat = flat * (1 - shade * dice.uniform(0.2, 0.75) * dice.chance(0.3))
    across, size = dice.uniform(0.05, 0.3), dice.uniform(0.5, 3.1)
    spot = ((x - dice.uniform(-0.5, 0.5)) ** 2 + ((y - dice.uniform(-0.5, 0.5)) / size) ** 2) / (2 * across**2)
    return (flat + dice.uniform(50, 220) * dice.chance(0.12) * torch.exp(-spot)).clamp(0, 300)


def bent(unit: Tensor, dice: BatchDice) -> Tensor:
    """Plates that are no longer flat: rows and columns shifted along slow curves."""
    some, (u, v) = dice.chance(0.3)[..., 0], unit.unbind(-1)
    bow = torch.sin(math.pi * (u.clamp(0, 1) + dice.raw(1, 1))) * 0.05 * dice.raw(1, 1) * some
    lean = torch.sin(math.pi * (v.clamp(0, 1) + dice.raw(1, 1))) * 0.012 * dice.raw(1, 1) * some
    return torch.stack([u + lean, v + bow], -1)


def inside(unit: Tensor, corners: Tensor, grow_x: Tensor | float, grow_y: Tensor | float, soft: Tensor | float, rounding: Tensor | float) -> Tensor:
    """(n, 1, H, W) 1 on the (grown) plate, 0 off it, `soft` pixels wide the way between; corners rounded by a share of its height."""
    sides = (corners.roll(-1, 1) - corners).norm(dim=-1)
    size = torch.stack([sides[:, 0] + sides[:, 2], sides[:, 1] + sides[:, 3]], -1)[:, None, None] / 4
    radius = rounding * 2 * size[..., 1:]
    grown = torch.cat([torch.as_tensor(grow_x) * size[..., :1], torch.as_tensor(grow_y) * size[..., 1:]], -1)
    away = ((unit - 0.5) * 2 * size).abs() - (grown - radius)
    distance = away.clamp(min=0).norm(dim=-1) + away.amax(-1).clamp(max=0) - radius[..., 0]
    return (0.5 - distance[:, None] / soft).clamp(0, 1)


def mounted(scene: Tensor, unit: Tensor, corners: Tensor, dice: BatchDice) -> Tensor:
    """What a plate hangs on, where no real one is under it: holder, shade, dealer's frame."""
    draw = dice.raw(1, 1, 1)
    holder = inside(unit, corners, dice.uniform(1.02, 1.25), dice.uniform(1.03, 1.6), 1.0, 0.02) * (draw < 0.6)
    scene = scene + (dice.uniform(5, 220) - scene) * holder
    shade = inside(unit - torch.tensor([0, 0.03], device=unit.device), corners, 1.05, 1.12, dice.uniform(3, 12), 0.1)
    return scene * (1 - shade * dice.uniform(0, 0.6) * (draw > 0.4))


def widths(dice: BatchDice) -> Tensor:
    """Mostly readable sizes, a quarter from 16 px: far plates are to be read as far as they can be."""
    far = dice.raw() < 0.25
    low, high = torch.where(far, 18.0, 46.0), torch.where(far, 62.0, 235.0)
    return low * (high / low) ** dice.raw()


def _kinds(dice: BatchDice) -> Tensor:
    edges = torch.tensor(SHARES, device=dice.device).cumsum(0)[:-1]
    return torch.bucketize(dice.raw(), edges)


def _real(seats: Seats, dice: BatchDice) -> Tensor:
    shares = torch.tensor([min(len(of_a_set), LARGEST_OF_A_SET) for of_a_set in seats.read], device=dice.device, dtype=torch.float32)
    group = torch.bucketize(dice.raw(), (shares / shares.sum()).cumsum(0)[:-1])
    picked = torch.stack([of_a_set[dice.whole(len(of_a_set))] for of_a_set in seats.read])
    return picked.gather(0, group[None])[0]


def _seat_of(kind: Tensor, seats: Seats, dice: BatchDice) -> Tensor:
    of_kind = {
        ON_SEAT: seats.plates[dice.whole(len(seats.plates))], ON_TILE: seats.tiles[dice.whole(len(seats.tiles))], REAL: _real(seats, dice),
        FOREIGN: seats.foreign[dice.whole(len(seats.foreign))], NOTHING: seats.tiles[dice.whole(len(seats.tiles))],
    }
    return torch.stack([of_kind[i] for i in range(5)]).gather(0, kind[None])[0]


def _behind(unit: Tensor, corners: Tensor, kind: Tensor, seat: Tensor, seats: Seats, aspect: Tensor, dice: BatchDice) -> Tensor:
    """The real picture warped so that its plate lies exactly under `corners`, a little smaller where it is to be covered."""
    drawn, tile = kind == ON_SEAT, (kind == ON_TILE) | (kind == NOTHING)
    elsewhere = (corners - corners.mean(1, keepdim=True)) * torch.exp(dice.uniform(-0.7, 0.7))[:, 0]
    elsewhere = elsewhere + dice.raw(1, 2) * torch.tensor([SEAT_W * 0.4, SEAT_H * 0.4], device=corners.device)
    elsewhere = elsewhere + torch.tensor([SEAT_W * 0.3, SEAT_H * 0.3], device=corners.device)
    under = torch.where(tile[:, None, None], elsewhere, seats.corners[seat])
    margin = 0.9 + 0.08 * dice.raw(2)
    margin[:, 1] *= (aspect / CAR_PLATE).clamp(max=1)
    margin = torch.where(drawn[:, None], margin, torch.ones_like(margin))
    places = ((unit - 0.5) / margin[:, None, None] + 0.5).flatten(1, 2)
    pixels = project(homography(under), places).reshape(unit.shape)
    ratio = (area(under) / (area(corners) * margin.prod(-1))).sqrt()
    size = torch.tensor([SEAT_W, SEAT_H], device=unit.device)
    return sampled(seats.luma[seat], (pixels + 0.5) / size, ratio)


def _drawn_over(scene: Tensor, plates: Flat, unit: Tensor, corners: Tensor, kind: Tensor, dark: Tensor, dice: BatchDice) -> Tensor:
    ratio = (FLAT_W * FLAT_H / area(corners)).sqrt()
    texture = sampled(lit(plates.flat, dice), bent(unit, dice), ratio)
    level = (scene.mean((2, 3), keepdim=True) / 110).clamp(0.4, 1.3) * dice.uniform(0.75, 1.25)
    # On a real vehicle the light is that of the picture, elsewhere and by night the plate has its own.
    level = torch.where((kind == ON_SEAT)[:, None, None, None] & dice.chance(0.6), level, 1.0)
    level = level * torch.where(dark, dice.uniform(0.5, 1.1), 1.0)
    scene = torch.where((kind == ON_TILE)[:, None, None, None], mounted(scene, unit, corners, dice), scene)
    scene = torch.where(dark, scene * dice.uniform(0.1, 0.6), scene)
    cover = inside(unit, corners, 1.0, 1.0, 1.0, dice.uniform(0, 0.13)) * (kind <= ON_TILE)[:, None, None, None]
    return scene + ((texture * level).clamp(0, 300) - scene) * cover


def look_often(bank: PlateBank, seats: Seats, count: int, generator: torch.Generator, part: int = 512) -> Looks:
    """Many looks at plates kept for judging, made in parts for the memory's sake."""
    parts = [look(bank, seats, min(part, count - start), generator, held_out=True) for start in range(0, count, part)]
    return Looks(*(torch.cat([getattr(p, name) for p in parts]) for name in Looks.__dataclass_fields__))


def look(bank: PlateBank, seats: Seats, count: int, generator: torch.Generator, held_out: bool = False) -> Looks:
    return look_and_tell(bank, seats, count, generator, held_out)[0]


@torch.no_grad()
def look_and_tell(bank: PlateBank, seats: Seats, count: int, generator: torch.Generator, held_out: bool = False) -> tuple[Looks, Origins]:
    dice = BatchDice(count, generator)
    plates, kind = bank.sample(count, dice.device, generator, held_out), _kinds(dice)
    seat, own = _seat_of(kind, seats, dice), (kind == REAL) | (kind == FOREIGN)
    width = widths(dice) * torch.where(plates.two_rows & ~own, 0.62, 1.0)
    posed, again = pose(width, plates.aspect, dice), seen_again(seats.corners[seat].nan_to_num(1.0), width, dice)
    corners = placed(torch.where(own[:, None, None], again, posed), dice)
    unit = on_plate(corners)
    dark = ((plates.infrared & (kind <= ON_TILE)) | (dice.raw() < 0.06))[:, None, None, None]
    scene = _behind(unit, corners, kind, seat, seats, plates.aspect, dice)
    scene = _drawn_over(scene, plates, unit, corners, kind, dark, dice)
    reach = (corners[:, 1] - corners[:, 0]).norm(dim=-1) * torch.where(plates.two_rows & ~own, 1.65, 1.0)
    picture = shoot(scene, reach, dark.flatten(), generator)
    # Real pictures went through a camera already: half of them are shown as they are.
    as_it_is = own & (dice.raw() < 0.5)
    picture = torch.where(as_it_is[:, None, None, None], scene.clamp(0, 255), picture)
    written = (kind <= ON_TILE) & plates.is_plate
    text = torch.where(written[:, None], plates.text, torch.where((kind == REAL)[:, None], seats.texts[seat], UNKNOWN))
    layout = torch.where(kind == REAL, seats.layouts[seat], plates.layout)
    there = written | own
    looks = Looks(picture, torch.where(there[:, None, None], corners, math.nan), text, layout)
    return looks, Origins(kind, dark.flatten(), (kind <= ON_TILE) & ~plates.is_plate)
