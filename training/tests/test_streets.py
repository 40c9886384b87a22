"""Composed streets: what is drawn lies where the labels say, on any background and under any pose."""

import numpy as np
import pytest
import torch

from gtplates.atlas import Atlas
from gtplates.batched_street import MAIN, Streets, blank, judged, lay, mix
from gtplates.detector_judge import curve, found_at, tally
from gtplates.detector_targets import Targets
from gtplates.dice import Dice
from gtplates.geometry import homography, project
from gtplates.paste import paste
from gtplates.picture_pack import PackedPicture, PackedPlate
from gtplates.planes import UNIT, inverse, inside, moved, points_of, posed, turn
from gtplates.scenery import MAYBE, NOTHING, PLATE, PictureSet, Scenery, textures
from gtplates.street_parts import put_plates

SIZE = (320, 192)
QUAD = np.float32([[40, 30], [100, 38], [98, 60], [38, 50]])


def quarters(width: int = 120, height: int = 40) -> np.ndarray:
    """A plate whose four quarters tell which of them is seen."""
    texture = np.zeros((height, width), np.uint8)
    texture[: height // 2, : width // 2], texture[: height // 2, width // 2 :] = 60, 110
    texture[height // 2 :, width // 2 :], texture[height // 2 :, : width // 2] = 160, 210
    return texture


QUARTERS = (60, 110, 160, 210)
MIDDLES = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))


def seen_quarters(luma: torch.Tensor, quads: torch.Tensor) -> torch.Tensor:
    points = points_of(quads, MIDDLES).round().long()
    return luma[torch.arange(len(luma))[:, None], points[..., 1], points[..., 0]]


def test_a_pasted_texture_fills_its_corners_in_the_right_order_and_nothing_beyond() -> None:
    dice, count = Dice.seeded(0, "cpu"), 24
    luma = torch.full((count, SIZE[1], SIZE[0]), 10.0)
    width = dice.uniform(40, 200, count)
    quads = posed(dice, width, torch.full((count,), 3.0), torch.full((count,), 160.0), torch.full((count,), 96.0))
    atlas, chosen = Atlas([torch.from_numpy(quarters())], "cpu"), torch.zeros(count, dtype=torch.long)
    values = textures(atlas, chosen, quads)
    paste(luma, torch.arange(count), quads, torch.zeros(count), lambda members, unit: (values(members, unit), torch.ones(unit.shape[:-1])))
    assert (seen_quarters(luma, quads) - torch.tensor(QUARTERS)).abs().max() < 3
    beyond = points_of(quads, ((-0.08, 0.5), (1.08, 0.5), (0.5, -0.25), (0.5, 1.25))).round().long()
    assert (luma[torch.arange(count)[:, None], beyond[..., 1], beyond[..., 0]] == 10).all()


def one_picture(sealed: bool = False) -> tuple[PackedPicture, np.ndarray]:
    picture = np.full((150, 200), 20, np.uint8)
    upright = np.float32([[60, 50], [119, 50], [119, 69], [60, 69]])
    picture[50:70, 60:120] = np.repeat(np.repeat(quarters(6, 2), 10, 0), 10, 1)
    return PackedPicture("classifieds", "any", False, picture, [PackedPlate(upright, True, 0, sealed)]), upright


def scenery_of(picture: PackedPicture) -> Scenery:
    return Scenery([picture], 0, "cpu", plates=4, distractors=5)


def turned_streets(count: int, seed: int = 1) -> tuple[Streets, Scenery]:
    dice, scenery = Dice.seeded(seed, "cpu"), scenery_of(one_picture()[0])
    streets = blank(count, SIZE, dice)
    zoom, one, zero = dice.uniform(0.8, 2.0, count), torch.ones(count), torch.zeros(count)
    matrix = moved(one * 160, one * 96, one) @ turn(dice, count, one * 500) @ moved(zero, zero, zoom) @ moved(-90 * one, -60 * one, one)
    lay(streets, scenery, torch.arange(count), torch.zeros(count, dtype=torch.long), matrix, zoom, MAIN)
    return streets, scenery


def test_a_pictures_plate_lies_where_its_moved_corners_say() -> None:
    streets, _ = turned_streets(32)
    assert (streets.status[:, MAIN] == PLATE).all()
    assert (seen_quarters(streets.luma, streets.corners[:, MAIN]) - torch.tensor(QUARTERS)).abs().max() < 12


def test_a_drawn_plate_takes_the_place_of_the_real_one() -> None:
    streets, scenery = turned_streets(8)
    real = streets.corners[:, MAIN].clone()
    before, everyone = streets.luma.clone(), torch.arange(8)
    put_plates(streets, scenery.plates, Dice.seeded(2, "cpu"), everyone, MAIN, real, torch.zeros(8, dtype=torch.long), torch.ones(8))
    changed = (streets.luma != before).flatten(1).sum(1)
    assert (changed > 400).all() and streets.seen[:, MAIN].all()
    assert (inside(streets.corners[:, MAIN], real.mean(1, keepdim=True))).all()


def test_what_lies_under_a_later_picture_or_out_of_the_frame_is_not_to_be_found() -> None:
    streets, _ = turned_streets(4)
    streets.cover(torch.tensor([0]), streets.corners[:1, MAIN])
    streets.corners[1, MAIN] += torch.tensor([1000.0, 0.0])
    left = streets.corners[2, MAIN].clone()
    left[[1, 2], 0] = (left[[1, 2], 0] + left[[0, 3], 0]) / 2
    streets.cover(torch.tensor([2]), left[None])
    assert judged(streets).status[:, 0].tolist() == [NOTHING, NOTHING, MAYBE, PLATE]


def test_mixing_keeps_each_street_s_labels_with_its_pixels() -> None:
    streets, _ = turned_streets(40)
    mixed = judged(mix(streets, Dice.seeded(4, "cpu")))
    assert not torch.equal(mixed.luma, streets.luma)
    for index, slot in (mixed.status == PLATE).nonzero().tolist():
        values = seen_quarters(mixed.luma[index : index + 1], mixed.corners[index : index + 1, slot])[0]
        assert ((values - torch.tensor(QUARTERS)).abs() < 12).sum() >= 3


def test_an_inverse_map_brings_points_back() -> None:
    quads = torch.from_numpy(QUAD)[None]
    matrix = homography(quads)
    assert torch.allclose(project(inverse(matrix), quads), torch.tensor([UNIT]), atol=1e-4)


def test_targets_teach_the_middle_the_corners_and_leave_doubtful_regions_alone() -> None:
    streets = blank(1, SIZE, Dice.seeded(0, "cpu"))
    streets.corners[0, :2] = torch.stack([torch.from_numpy(QUAD), torch.from_numpy(QUAD) + torch.tensor([150.0, 80.0])])
    streets.status[0, :2], streets.believed[0, :2] = torch.tensor([PLATE, MAYBE]), True
    targets = Targets(streets)
    x, y = (int(v) for v in QUAD.mean(0) // 8)
    assert targets.heat[0, y, x] == 1 and (targets.heat > 0.99).sum() == 1
    there = targets.corners[0, :, y, x].reshape(4, 2) * 32 + torch.tensor([x * 8 + 4.0, y * 8 + 4.0])
    assert torch.allclose(there, torch.from_numpy(QUAD), atol=1e-3)
    assert targets.weight[0, y, x] > 0 and targets.rows[0, y, x] == 0
    doubtful = [int(v) for v in (QUAD.mean(0) + [150, 80]) // 8]
    assert targets.ignored[0, doubtful[1], doubtful[0]] and not targets.ignored[0, y, x]
    assert targets.weight[0, doubtful[1], doubtful[0]] == 0


def test_a_sealed_plate_is_always_painted_over() -> None:
    from gtplates.street_parts import paint_over

    scenery = scenery_of(one_picture(sealed=True)[0])
    streets, _ = turned_streets(16)
    before = streets.luma.clone()
    paint_over(streets, scenery, Dice.seeded(3, "cpu"), MAIN, torch.zeros(16, dtype=torch.long))
    middle = streets.corners[:, MAIN].mean(1).long()
    assert (streets.status[:, MAIN] == PLATE).all()
    assert ((streets.luma != before).flatten(1).sum(1) > 300).all() and middle.min() > 0


def test_a_find_counts_once_and_a_box_on_a_doubtful_region_not_at_all() -> None:
    beside, doubtful = QUAD + np.float32([200, 0]), QUAD + np.float32([0, 100])
    finds = np.stack([QUAD + 2, beside, doubtful])
    one = tally(finds, np.float32([0.9, 0.6, 0.7]), QUAD[None], doubtful[None])
    assert one.found == pytest.approx([0.9]) and one.beside == pytest.approx([0.6])
    assert [row for row in curve([one]) if row[0] in (0.5, 0.7)] == [(0.5, 1.0, 1.0), (0.7, 1.0, 0.0)]
    assert found_at([one], 0.3) == (pytest.approx(0.6, abs=1e-3), 1.0)


def test_pictures_of_a_set_keep_their_regions_in_order() -> None:
    packed, upright = one_picture()
    packed.maybe = [upright + 50]
    one = PictureSet([packed], "cpu")
    assert one.status[0, :3].tolist() == [PLATE, MAYBE, NOTHING] and torch.equal(one.corners[0, 0], torch.from_numpy(upright))
