"""Streets for the detector, composed in batches on the device: real pictures seen from anywhere, drawn plates, look-alikes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from . import street_parts as parts
from .batched_camera import shoot
from .dice import Dice
from .planes import PROBES, inside, inverse, mapped, moved, points_of, turn
from .scenery import MAYBE, NOTHING, PER_PICTURE, PLATE, Scenery

WIDTH, HEIGHT = 640, 384
BACKDROP, MAIN, FREE = 0, PER_PICTURE, 2 * PER_PICTURE  # where each layer's regions begin
SLOTS = 2 * PER_PICTURE + 2
KEPT = 16
# Shares of a region seen: more is a plate to be found, less is nobody's fault, and below the last there is nothing.
SEEN_ENOUGH, SEEN_AT_ALL = 0.75, 0.2
LEAST_CONTRAST = 0.4
WORSENED = 0.85  # the rest of the streets stays as the pictures were taken
SMALLEST = 11.0  # upright pixels wide; below, a plate is no longer told from a lamp


@dataclass
class Streets:
    """n pictures and up to k regions of each, in pixels; `seen` says which of a region's probes nothing hides,
    `drawn` which of the drawn plates it is (−1: none of them), `dark` which pictures were taken by night or in infrared."""

    luma: Tensor
    corners: Tensor
    status: Tensor
    rows: Tensor
    believed: Tensor
    seen: Tensor
    drawn: Tensor
    dark: Tensor

    def chosen(self, streets: Tensor) -> Streets:
        return Streets(*(getattr(self, part.name)[streets] for part in fields(self)))

    def hide(self, streets: Tensor, hidden: Tensor) -> None:
        """`hidden` (m, k, probes): what a thing put over these streets takes from sight."""
        self.seen[streets] &= ~hidden

    def probes(self, streets: Tensor) -> Tensor:
        corners = self.corners[streets]
        return points_of(corners.flatten(0, 1), PROBES).unflatten(0, corners.shape[:2])

    def cover(self, streets: Tensor, quads: Tensor, own: int | None = None) -> None:
        """A quad put over each of these streets hides what lies under it, but for the region it is itself."""
        hidden = inside(quads, self.probes(streets))
        if own is not None:
            hidden[:, own] = False
        self.hide(streets, hidden)


def blank(count: int, size: tuple[int, int], dice: Dice) -> Streets:
    device = dice.device
    luma = dice.uniform(0, 255, count, 1, 1).expand(-1, size[1], size[0]).clone()
    flags = torch.zeros(count, SLOTS, dtype=torch.long, device=device)
    unit = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], device=device)
    corners = unit.expand(count, SLOTS, 4, 2).clone()
    seen = torch.ones(count, SLOTS, len(PROBES), dtype=torch.bool, device=device)
    dark = torch.zeros(count, dtype=torch.bool, device=device)
    return Streets(luma, corners, flags, flags.clone(), flags.bool(), seen, flags - 1, dark)


def lay(streets: Streets, scenery: Scenery, members: Tensor, picture: Tensor, matrix: Tensor, zoom: Tensor, first: int) -> None:
    """A whole picture, mapped by `matrix`, over what is there; its regions go into the slots from `first` on."""
    height, width = streets.luma.shape[1:]
    device, size = streets.luma.device, scenery.pictures.atlas.sizes[picture].float()
    back = inverse(matrix)

    def within(points: Tensor) -> tuple[Tensor, Tensor]:
        source, before = mapped(back, points)
        limit = size.reshape(-1, *(1,) * (points.dim() - 2), 2)
        return source, before & ((source >= -0.5) & (source <= limit - 0.5)).all(-1)

    grid = torch.stack(torch.meshgrid(torch.arange(width, device=device), torch.arange(height, device=device), indexing="xy"), -1)
    source, seen = within(grid.float().expand(len(members), -1, -1, -1))
    values = scenery.pictures.atlas.sample(picture, source, 1 / zoom)
    streets.luma[members] = torch.where(seen, values, streets.luma[members])
    streets.hide(members, within(streets.probes(members))[1])
    regions = scenery.pictures
    corners, before = mapped(matrix, regions.corners[picture])
    slots = slice(first, first + PER_PICTURE)
    streets.corners[members, slots] = corners
    streets.status[members, slots] = torch.where(before.all(-1), regions.status[picture], NOTHING)
    streets.rows[members, slots], streets.believed[members, slots] = regions.rows[picture], regions.believed[picture]
    streets.seen[members, slots] = True


def lay_backdrop(streets: Streets, scenery: Scenery, dice: Dice) -> Tensor:
    """Most streets: some picture, upright, large enough to fill the frame. Returns the pictures taken."""
    count, (height, width) = len(streets.luma), streets.luma.shape[1:]
    picture = dice.weighted(scenery.pictures.weights, count)
    members = dice.chance(0.85, count).nonzero()[:, 0]
    size = scenery.pictures.atlas.sizes[picture].float()
    frame = size.new_tensor([width, height])
    zoom = (frame / size).amax(-1) * dice.uniform(1.0, 1.5, count)
    shift = (frame - size * zoom[:, None]) * torch.stack([dice.uniform(0, 1, count), dice.uniform(0, 1, count)], -1)
    matrix = moved(shift[:, 0], shift[:, 1], zoom)
    lay(streets, scenery, members, picture[members], matrix[members], zoom[members], BACKDROP)
    return picture


def focus(scenery: Scenery, picture: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
    """Where in each picture a look is aimed (a plate, a look-alike, anywhere) and how wide that thing is there (0: anything)."""
    pictures, count = scenery.pictures, len(picture)
    draw, size = dice.uniform(0, 1, count), pictures.atlas.sizes[picture].float()
    plate = pictures.corners[picture, dice.below(pictures.plates[picture].clamp(min=1), count)]
    alike = pictures.alike[picture, dice.below(pictures.alikes[picture].clamp(min=1), count)]
    at_plate = (draw < 0.78) & (pictures.plates[picture] > 0)
    at_alike = (draw > 0.84) & (pictures.alikes[picture] > 0)
    middle = size * torch.stack([dice.uniform(0, 1, count), dice.uniform(0, 1, count)], -1)
    middle = torch.where(at_plate[:, None], plate.mean(1), torch.where(at_alike[:, None], alike.mean(1), middle))
    width = lambda quad: (quad[:, 1] - quad[:, 0]).norm(dim=-1)  # noqa: E731
    return middle, torch.where(at_plate, width(plate), torch.where(at_alike, width(alike), torch.zeros_like(draw)))


def plate_widths(dice: Dice, count: int) -> Tensor:
    """In pixels of the frame: far ones, the usual ones, close-ups."""
    draw = dice.uniform(0, 1, count)
    far, usual, close = dice.stretched(13, 40, count), dice.stretched(36, 170, count), dice.stretched(150, 500, count)
    return torch.where(draw < 0.28, far, torch.where(draw < 0.83, usual, close))


def lay_main(streets: Streets, scenery: Scenery, dice: Dice) -> Tensor:
    """The picture that a look is about: something of it at a chosen size and place, the whole turned in space."""
    count, (height, width) = len(streets.luma), streets.luma.shape[1:]
    picture = dice.weighted(scenery.pictures.weights, count)
    middle, now = focus(scenery, picture, dice)
    aimed = (plate_widths(dice, count) / now.clamp(min=4)).clamp(0.04, 4.0)
    zoom = torch.where(now > 0, aimed, dice.stretched(0.3, 1.5, count))
    away = turn(dice, count, width * dice.uniform(1.3, 5, count), 0.7)
    zero, one = torch.zeros_like(zoom), torch.ones_like(zoom)
    # A close-up's middle stays away from the edges by most of its half: cut plates teach nothing.
    edge = (0.42 * now * zoom / width).clamp(0.06, 0.5)
    x = (edge + (1 - 2 * edge) * dice.uniform(0, 1, count)) * width
    place = moved(x, dice.uniform(0.08, 0.92, count) * height, one)
    matrix = place @ away @ moved(zero, zero, zoom) @ moved(-middle[:, 0], -middle[:, 1], one)
    lay(streets, scenery, torch.arange(count, device=dice.device), picture, matrix, zoom, MAIN)
    return picture


def mix(streets: Streets, dice: Dice) -> Streets:
    """Some streets get a rectangle of their neighbour's: several scales side by side, cut things at the seam."""
    count, (height, width) = len(streets.luma), streets.luma.shape[1:]
    low = torch.stack([dice.uniform(-0.6, 0.7, count) * width, dice.uniform(-0.6, 0.7, count) * height], -1).clamp(min=0)
    span = torch.stack([dice.uniform(0.3, 0.8, count) * width, dice.uniform(0.3, 0.8, count) * height], -1)
    high = torch.where(dice.chance(0.25, count)[:, None], low, low + span)
    high = torch.where(dice.chance(0.78, count)[:, None], low, high)

    def within(points: Tensor) -> Tensor:
        shape = (-1,) + (1,) * (points.dim() - 2) + (2,)
        return ((points >= low.reshape(shape)) & (points < high.reshape(shape))).all(-1)

    xs, ys = torch.arange(width, device=dice.device), torch.arange(height, device=dice.device)
    grid = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1).float()
    other = torch.roll(torch.arange(count, device=dice.device), 1)
    everyone = torch.arange(count, device=dice.device)
    mine, theirs = streets.probes(everyone), streets.probes(other)
    both = lambda values: torch.cat([values, values[other]], 1)  # noqa: E731
    seen = torch.cat([streets.seen & ~within(mine), streets.seen[other] & within(theirs)], 1)
    luma = torch.where(within(grid.expand(count, -1, -1, -1)), streets.luma[other], streets.luma)
    labels = (both(values) for values in (streets.corners, streets.status, streets.rows, streets.believed))
    return Streets(luma, *labels, seen, both(streets.drawn), streets.dark)


def judged(streets: Streets) -> Streets:
    """What is hidden, out of the frame or too small is no plate to be found; the regions left are brought to the front."""
    height, width = streets.luma.shape[1:]
    points = streets.probes(torch.arange(len(streets.luma), device=streets.luma.device))
    framed = ((points >= 0) & (points <= points.new_tensor([width - 1, height - 1]))).all(-1)
    share = (streets.seen & framed).float().mean(-1)
    status = torch.where(share < SEEN_AT_ALL, NOTHING, streets.status)
    size = streets.corners.amax(2) - streets.corners.amin(2)
    unsure = (share < SEEN_ENOUGH) | (size[..., 0] < SMALLEST)
    status = torch.where((status == PLATE) & unsure, MAYBE, status)
    first = (status > 0).long().argsort(dim=1, descending=True, stable=True)[:, :KEPT]
    pick = lambda values: values.gather(1, first)  # noqa: E731
    corners = streets.corners.gather(1, first[:, :, None, None].expand(-1, -1, 4, 2))
    seen = streets.seen.gather(1, first[:, :, None].expand(-1, -1, streets.seen.shape[2]))
    return Streets(streets.luma, corners, pick(status), pick(streets.rows), pick(streets.believed), seen, pick(streets.drawn), streets.dark)


def contrast_kept(streets: Streets, before: Tensor, after: Tensor) -> Tensor:
    """How much of each region's own light and dark is left in the camera's picture: the correlation at points of its plane."""
    count, slots = streets.status.shape
    members = torch.arange(count, device=before.device)
    grid = tuple(((i + 0.5) / 20, (j + 0.5) / 6) for j in range(6) for i in range(20))
    points = points_of(streets.corners.flatten(0, 1), grid).unflatten(0, (count, slots))
    x, y = points[..., 0].round().long().clamp(0, before.shape[2] - 1), points[..., 1].round().long().clamp(0, before.shape[1] - 1)
    scene, seen = (picture[members[:, None, None], y, x] for picture in (before, after))
    scene, seen = scene - scene.mean(-1, keepdim=True), seen - seen.mean(-1, keepdim=True)
    spread = lambda values: values.square().mean(-1).sqrt()  # noqa: E731
    return (scene * seen).mean(-1) / (spread(scene) + 1) / (spread(seen) + 1)


def photographed(streets: Streets, dice: Dice) -> Streets:
    """Through a camera, luma (n, 1, H, W) from here on; what it takes away is bounded by the smallest plate that is to be found."""
    size = (streets.corners[..., 0].amax(2) - streets.corners[..., 0].amin(2)).masked_fill(streets.status != PLATE, torch.inf)
    smallest = size.amin(1)
    smallest = torch.where(smallest.isinf(), dice.stretched(30, 200, len(size)), smallest)
    worse, luma = dice.chance(WORSENED, len(size)).nonzero()[:, 0], streets.luma[:, None].round()
    dark = torch.zeros_like(streets.dark)
    dark[worse] = dice.chance(0.13, len(worse))
    luma[worse] = shoot(luma[worse], smallest[worse].clamp(min=30) * 1.2, dark[worse], dice.generator)
    # What night, glare or noise swallowed is no plate to be found either.
    lost = contrast_kept(streets, streets.luma, luma[:, 0]) < LEAST_CONTRAST
    return replace(streets, luma=luma, status=torch.where((streets.status == PLATE) & lost, MAYBE, streets.status), dark=dark)


def compose(scenery: Scenery, dice: Dice, count: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Streets:
    """`count` streets as light falls on them, luma (n, H, W), with the regions in them."""
    streets = blank(count, size, dice)
    backdrop, main = lay_backdrop(streets, scenery, dice), lay_main(streets, scenery, dice)
    parts.paint_over(streets, scenery, dice, BACKDROP, backdrop)
    parts.paint_over(streets, scenery, dice, MAIN, main)
    parts.add_distractors(streets, scenery, dice)
    parts.add_free_plates(streets, scenery, dice, FREE)
    streets = mix(streets, dice)
    parts.add_captions(streets, scenery, dice)
    return judged(streets)
