"""What is put onto composed streets: drawn plates over real ones and elsewhere, things that are no plates, captions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .dice import Dice
from .paste import Look, paste
from .planes import grown, inside, posed
from .scenery import NOTHING, PLATE, FlatPlates, Scenery, textures

if TYPE_CHECKING:
    from .batched_street import Streets

CAR_ASPECT = 3.08
LEAST_PAINTED = 8.0  # px: below, a plate has no texture worth drawing
ERASED = 0.07


def lit(dice: Dice, texture: Callable[[Tensor, Tensor], Tensor], level: Tensor) -> Look:
    """A sheet under slanted light, at times with a shadow's edge across it or a lamp's reflection."""
    count = len(level)
    angle, strength = dice.uniform(0, 6.283, count), dice.uniform(0, 0.5, count) * dice.chance(0.55, count)
    edge, shade = dice.uniform(0, 6.283, count), dice.uniform(0.2, 0.7, count) * dice.chance(0.25, count)
    sharp, offset = dice.stretched(3, 60, count), dice.uniform(-0.4, 0.4, count)
    glare, at, wide = dice.uniform(40, 220, count) * dice.chance(0.1, count), dice.uniform(0, 1, count, 2), dice.uniform(0.05, 0.3, count)

    def look(members: Tensor, unit: Tensor) -> tuple[Tensor, Tensor]:
        of = lambda values: values[members][:, None, None]  # noqa: E731
        x, y = unit[..., 0] - 0.5, unit[..., 1] - 0.5
        slope = 1 + of(strength) * (of(angle.cos()) * x + of(angle.sin()) * y)
        shadow = 1 - of(shade) * ((of(edge.cos()) * x + of(edge.sin()) * y - of(offset)) * of(sharp)).sigmoid()
        away = ((unit - at[members][:, None, None]) / of(wide)[..., None]).square().sum(-1)
        values = texture(members, unit) * of(level) * slope * shadow + of(glare) * (-away / 2).exp()
        return values.clamp(0, 255), torch.ones_like(values)

    return look


def plain(dice: Dice, level: Tensor) -> Look:
    """A bare panel: what a plate hangs on, or what is left where one was."""
    slope = dice.uniform(-0.5, 0.5, len(level), 2)

    def look(members: Tensor, unit: Tensor) -> tuple[Tensor, Tensor]:
        values = level[members][:, None, None] * (1 + ((unit - 0.5) * slope[members][:, None, None]).sum(-1))
        return values.clamp(0, 255), torch.ones_like(values)

    return look


def around(streets: Streets, members: Tensor, quads: Tensor) -> Tensor:
    """Mean luma at a quad's corners and middle: how bright a scene is there."""
    height, width = streets.luma.shape[1:]
    points = torch.cat([quads, quads.mean(1, keepdim=True)], 1)
    x, y = points[..., 0].long().clamp(0, width - 1), points[..., 1].long().clamp(0, height - 1)
    return streets.luma[members[:, None], y, x].mean(1)


def fitted(dice: Dice, quads: Tensor, aspect: Tensor) -> Tensor:
    """Where a drawn plate of this aspect goes over a real one-row plate: a little larger, or higher when it has two rows."""
    count, share = len(quads), aspect / CAR_ASPECT
    size, free = dice.uniform(1.02, 1.12, count), dice.uniform(0.5, 1, count)
    narrow = share < 0.9
    x = torch.where(narrow, size * torch.maximum(share, free), size)
    y = torch.where(narrow, size * torch.maximum(torch.ones_like(share), free / share), size)
    return grown(quads, x, y)


def put_plates(streets: Streets, plates: FlatPlates, dice: Dice, members: Tensor, slot: int, quads: Tensor, chosen: Tensor, level: Tensor) -> None:
    paste(streets.luma, members, quads, dice.uniform(0, 0.13, len(members)), lit(dice, textures(plates.atlas, chosen, quads), level))
    streets.cover(members, quads, slot)
    streets.corners[members, slot], streets.rows[members, slot] = quads, plates.two_rows[chosen]
    streets.status[members, slot], streets.believed[members, slot], streets.seen[members, slot] = PLATE, True, True
    streets.drawn[members, slot] = chosen


def paint_over(streets: Streets, scenery: Scenery, dice: Dice, first: int, picture: Tensor) -> None:
    """Half of the real plates get a drawn one over them, in their plane; a few vanish; the sealed ones always get one."""
    pictures, plates = scenery.pictures, scenery.plates
    for slot in range(first, first + pictures.most_plates):
        quads, count = streets.corners[:, slot], len(streets.luma)
        sealed, wide = pictures.sealed[picture, slot - first], (quads[:, 1] - quads[:, 0]).norm(dim=-1) > LEAST_PAINTED
        wanted = (dice.chance(0.5, count) & streets.believed[:, slot] & wide) | sealed
        members = ((streets.status[:, slot] == PLATE) & wanted).nonzero()[:, 0]
        chosen, bright = dice.below(len(plates.aspect), len(members)), around(streets, members, quads[members])
        place = fitted(dice, quads[members], plates.aspect[chosen])
        erased = dice.chance(ERASED, len(members)) & ~sealed[members]
        bare = (erased | (plates.two_rows[chosen] > 0) & dice.chance(0.7, len(members))).nonzero()[:, 0]
        _panels(streets, dice, members[bare], quads[members[bare]], bright[bare] * dice.uniform(0.3, 1.1, len(bare)), 1.02)
        streets.status[members[erased], slot] = NOTHING
        level = torch.where(dice.chance(0.7, len(members)), (bright / 140).clamp(0.3, 1.2), torch.ones_like(bright))
        drawn = ~erased
        put_plates(streets, plates, dice, members[drawn], slot, place[drawn], chosen[drawn], level[drawn])


def _panels(streets: Streets, dice: Dice, members: Tensor, quads: Tensor, level: Tensor, least: float) -> None:
    count = len(members)
    larger = grown(quads, dice.uniform(least, least + 0.25, count), dice.uniform(least, least + 0.5, count))
    paste(streets.luma, members, larger, dice.uniform(0, 0.3, count), plain(dice, level))


def add_free_plates(streets: Streets, scenery: Scenery, dice: Dice, first: int) -> None:
    """Drawn plates anywhere there is room, most on something plate-like; two at most."""
    from .batched_street import plate_widths

    plates, count, (height, width) = scenery.plates, len(streets.luma), streets.luma.shape[1:]
    for slot, share in ((first, 0.38), (first + 1, 0.12)):
        chosen = dice.below(len(plates.aspect), count)
        wide = plate_widths(dice, count) * torch.where(plates.two_rows[chosen] > 0, 0.62, 1.0)
        quads = posed(dice, wide, plates.aspect[chosen], dice.uniform(0.04, 0.96, count) * width, dice.uniform(0.05, 0.95, count) * height)
        reach = (streets.corners.amax(2) - streets.corners.amin(2)).amax(-1) + wide[:, None]
        near = (streets.corners.mean(2) - quads.mean(1)[:, None]).norm(dim=-1) < 0.6 * reach
        alone = ~(near & (streets.status != NOTHING)).any(1)
        members = (alone & dice.chance(share, count)).nonzero()[:, 0]
        bright = around(streets, members, quads[members])
        mounted = dice.chance(0.65, len(members)).nonzero()[:, 0]
        _panels(streets, dice, members[mounted], quads[members[mounted]], dice.uniform(5, 230, len(mounted)), 1.03)
        level = torch.where(dice.chance(0.6, len(members)), (bright / 140).clamp(0.25, 1.2), torch.ones_like(bright))
        put_plates(streets, plates, dice, members, slot, quads[members], chosen[members], level)


def inked(dice: Dice, texture: Callable[[Tensor, Tensor], Tensor], opaque: Tensor) -> Look:
    """A mask in some ink, on a ground of its own or on what is there."""
    count = len(opaque)
    ink, ground = dice.uniform(0, 255, count), dice.uniform(0, 255, count)
    strength = dice.uniform(0.5, 1, count)

    def look(members: Tensor, unit: Tensor) -> tuple[Tensor, Tensor]:
        of = lambda values: values[members][:, None, None]  # noqa: E731
        mask = texture(members, unit) / 255
        return torch.where(of(opaque), torch.lerp(of(ground), of(ink), mask), of(ink)), torch.where(of(opaque), 1.0, mask * of(strength))

    return look


def add_distractors(streets: Streets, scenery: Scenery, dice: Dice) -> None:
    """Lettering, badges, grilles and the like, a third of them beside a plate and as large."""
    things, count, (height, width) = scenery.distractors, len(streets.luma), streets.luma.shape[1:]
    for share in (0.5, 0.35, 0.25, 0.15):
        chosen = dice.below(things.count, count)
        x, y, wide = dice.uniform(0, 1, count) * width, dice.uniform(0, 1, count) * height, dice.stretched(18, 300, count)
        slot = (streets.status == PLATE).float().argmax(1)
        there = streets.corners[torch.arange(count, device=dice.device), slot]
        beside = dice.chance(0.33, count) & (streets.status == PLATE).any(1)
        size = (there[:, 1] - there[:, 0]).norm(dim=-1).clamp(10, 300)
        x = torch.where(beside, there[:, :, 0].mean(1) + dice.normal(1.2, count) * size, x)
        y = torch.where(beside, there[:, :, 1].mean(1) + dice.normal(0.9, count) * size, y)
        wide = torch.where(beside, size * dice.stretched(0.4, 1.8, count), wide)
        quads = posed(dice, wide, things.aspect[chosen], x, y)
        middles = streets.corners.mean(2)
        hit = (inside(grown(quads, torch.full_like(x, 1.3), torch.full_like(x, 1.3)), middles) & (streets.status == PLATE)).any(1)
        members = (dice.chance(share, count) & (~hit | dice.chance(0.1, count))).nonzero()[:, 0]
        _put_things(streets, scenery, dice, members, quads[members], chosen[members], dice.chance(0.55, len(members)))


def _put_things(streets: Streets, scenery: Scenery, dice: Dice, members: Tensor, quads: Tensor, chosen: Tensor, opaque: Tensor) -> None:
    texture = textures(scenery.distractors.atlas, chosen, quads)
    paste(streets.luma, members, quads, dice.uniform(0, 0.2, len(members)), inked(dice, texture, opaque))
    streets.cover(members, quads)


def add_captions(streets: Streets, scenery: Scenery, dice: Dice) -> None:
    """Time stamps and names that cameras burn into their pictures, upright, near the edges."""
    things, count, (height, width) = scenery.distractors, len(streets.luma), streets.luma.shape[1:]
    for share in (0.2, 0.1):
        members = dice.chance(share, count).nonzero()[:, 0]
        n = len(members)
        chosen = things.count + dice.below(things.captions, n)
        tall = dice.stretched(9, 34, n)
        wide = tall * things.aspect[chosen]
        left = dice.uniform(0, 1, n) * (width - wide).clamp(min=0)
        top = torch.where(dice.chance(0.6, n), dice.uniform(0, 0.12, n), dice.uniform(0.85, 0.97, n)) * height
        box = lambda x, y: torch.stack([left + x * wide, top + y * tall], -1)  # noqa: E731
        quads = torch.stack([box(0, 0), box(1, 0), box(1, 1), box(0, 1)], 1)
        _put_things(streets, scenery, dice, members, quads, chosen, dice.chance(0.3, n))
