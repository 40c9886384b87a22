import re
from pathlib import Path

import numpy as np
import pytest
import torch

from gtplates.camera import video_code
from gtplates.geometry import READER_VIEW, straighten
from gtplates.pictures import layout_of
from gtplates.plate import LAYOUTS, Fonts, draw_plate, random_text
from gtplates.scene import PATCH_H, PATCH_W, Surroundings, paste, pose, shots


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    return Fonts(np.random.default_rng(0), [], count=2)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_texts_follow_their_layout_and_use_every_character_at_every_place(layout: str) -> None:
    rng = np.random.default_rng(1)
    texts = [random_text(layout, rng) for _ in range(2000)]
    assert {layout_of(text) for text in texts} == {layout}
    for place, kind in enumerate("LLLDDDD" if layout == "old" else "LLLDLDD"):
        assert len({text[place] for text in texts}) == (26 if kind == "L" else 10)


def test_one_seed_gives_one_set_of_pictures(fonts: Fonts) -> None:
    around = Surroundings([], [], np.random.default_rng(2), 0)
    first, second = (shots(fonts, around, 6, np.random.default_rng(3)) for _ in range(2))
    for a, b in zip(first, second):
        assert np.array_equal(a.luma, b.luma) and a.text == b.text and a.luma.shape == (PATCH_H, PATCH_W)


@pytest.mark.parametrize("rows", [1, 2])
def test_the_named_corners_are_where_the_plate_is(fonts: Fonts, rows: int) -> None:
    rng = np.random.default_rng(4)
    plate = draw_plate(fonts, rng, "mercosul", rows)
    height, width = plate.texture.shape
    corners = pose(150, width / height, rng) + np.float32([128, 64])
    scene = np.full((PATCH_H, PATCH_W), 90, np.float32)
    paste(scene, plate.texture, corners)
    flat = np.float32([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    views = [
        straighten(torch.from_numpy(np.ascontiguousarray(picture, np.float32))[None, None], torch.from_numpy(q)[None], READER_VIEW)
        for picture, q in ((scene, corners), (plate.texture, flat))
    ]
    inner = [v[0, 0, 8:-8, 12:-12].numpy().ravel() for v in views]
    assert np.corrcoef(inner[0], inner[1])[0, 1] > 0.9


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_coded_picture_is_worse_but_the_same_picture(codec: str) -> None:
    picture = np.random.default_rng(5).integers(0, 255, (5, 16, 32)).astype(np.uint8).repeat(8, 1).repeat(8, 2)
    coded = video_code(picture, codec, 38, (2, -3))
    assert coded.shape == picture.shape and not np.array_equal(coded, picture)
    assert np.corrcoef(coded.ravel(), picture.ravel())[0, 1] > 0.95


def test_nothing_that_trains_can_reach_the_validation_pictures() -> None:
    package = Path(__file__).parent.parent / "gtplates"
    users = {f.name for f in package.glob("*.py") if re.search(r"validation_pictures|validation\(\)", f.read_text())}
    assert users <= {"pictures.py", "evaluate.py", "__main__.py", "card.py"}
