from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from gtplates import judged_set, large_frames
from gtplates.glyphs import CHARACTERS
from gtplates.judged_set import Judged, by_light_and_width, judge, reliability
from gtplates.large_frames import WIDTHS, compose, search
from gtplates.models import Found
from gtplates.pictures import Labelled, Picture
from gtplates.plate import Fonts
from gtplates.scene import PATCH_H, PATCH_W, Shot, Surroundings, negative, shots

QUAD = np.float32([[60, 40], [160, 40], [160, 72], [60, 72]])


class ReadsFromCorners:
    """Reads ABC1234 where the upright box is the plate's, else something else."""

    def refine(self, luma: np.ndarray, corners: np.ndarray) -> np.ndarray:
        return corners

    def read(self, luma: np.ndarray, corners: np.ndarray):
        return SimpleNamespace(text="ABC1234" if np.allclose(corners, QUAD) else "XYZ9876"), float(corners[0, 0])


def test_a_shot_is_judged_by_its_own_box_and_a_thing_without_a_plate_is_never_right(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged_set, "judged_file", lambda: tmp_path / "judged.npz")
    grey = np.zeros((PATCH_H, PATCH_W), np.uint8)
    nowhere = np.full((4, 2), np.nan, np.float32)
    judged_set.write([
        Shot(grey, QUAD, "ABC1234", 0, False), Shot(grey, QUAD, "ABC1235", 2, True, True), Shot(grey, nowhere, None, 0, True),
    ])
    made = judge(ReadsFromCorners())
    assert made.right.tolist() == [True, False, False]
    assert np.allclose(made.wide, [100, 100 / 0.62, 0])
    assert made.dark.tolist() == [False, True, True] and made.coded.tolist() == [False, True, False]


def test_plates_are_told_apart_by_light_width_and_coder() -> None:
    made = Judged(
        np.array([True, False, True, True]), np.zeros(4), np.array([20.0, 65.0, 65.0, 0.0]), np.zeros(4, int),
        np.array([False, False, True, True]), np.array([False, True, False, False]),
    )
    lines = {score.name: (score.right, score.of) for score in by_light_and_width(made) if score.of}
    assert lines == {
        "by day, 15–30 px": (1, 1), "by day, 60–80 px": (0, 1), "night and infrared, 60–80 px": (1, 1),
        "coded by FFmpeg, from 60 px": (0, 1), "not coded, from 60 px": (1, 1),
    }


def test_reliability_goes_from_the_least_sure_to_the_surest() -> None:
    sure = np.linspace(0.99, 0.0, 100)
    made = Judged(sure > 0.5, sure, np.zeros(100), np.zeros(100), np.zeros(100), np.zeros(100))
    scores = reliability(made)
    assert [score.of for score in scores] == [10] * 10
    assert (scores[0].right, scores[-1].right) == (0, 10)


def test_a_coder_marks_what_it_coded_and_nothing_else() -> None:
    around, fonts = Surroundings([], [], np.random.default_rng(2), 0), Fonts(np.random.default_rng(0), [], count=2)
    blocks = [shots(fonts, around, 8, np.random.default_rng(seed)) for seed in range(8)]
    shares = [np.mean([shot.coded for shot in block]) for block in blocks]
    assert min(shares) == 0 and max(shares) > 0.3


def test_lettering_is_written_in_the_grey_of_its_own() -> None:
    around = Surroundings([], [np.full((300, 500), 100, np.uint8)], np.random.default_rng(2), 0)
    scenes = [negative(around, np.random.default_rng(seed)) for seed in range(30)]
    assert all(scene.dtype == np.float32 and scene.shape == (PATCH_H, PATCH_W) for scene in scenes)
    assert sum(float(np.ptp(scene)) > 60 for scene in scenes) > 5


def photograph(folder, number: int) -> Picture:
    file, picture = folder / f"{number}.png", np.full((400, 600), 40, np.uint8)
    picture[180:240, 200:400] = 240
    cv2.imwrite(str(file), picture)
    return Picture("drawn", file, [Labelled((200, 180, 200, 60), "ABC1234", "old")])


def test_a_large_frame_has_its_plates_where_its_boxes_are(tmp_path) -> None:
    pictures = [photograph(tmp_path, number) for number in range(6)]
    frame, quads = compose(pictures, np.zeros((90, 160), np.uint8), (1920, 1080), np.random.default_rng(1))
    assert frame.shape == (1080, 1920) and len(quads) == 6
    for quad in quads:
        (x0, y0), (x1, y1) = quad.min(0), quad.max(0)
        assert min(abs(x1 - x0 - width) for width in WIDTHS) < 0.01
        inner = frame[int(y0) + 2 : int(y1) - 2, int(x0) + 2 : int(x1) - 2]
        assert inner.mean() > 200 and frame[int(y0) - 8 : int(y0) - 4, int(x0) : int(x1)].mean() < 80


def test_a_plate_that_two_looks_found_is_found_once() -> None:
    whole, parts = Found(QUAD, 0.7, 0.0), Found(QUAD + [2, 1], 0.9, 0.0)
    other = Found(QUAD + [300, 0], 0.6, 0.0)
    looks = iter([[whole, other], [parts]])
    found = search(SimpleNamespace(detect=lambda *_: next(looks)), np.zeros((1080, 1920), np.uint8), (1.0, 4.0))
    assert [one.score for one in found] == [0.9, 0.6]
