"""Places that nobody boxed: what is listed, what is suggested, and that what an eye has told is never lost."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from gtplates import unboxed as module
from gtplates.models import Found
from gtplates.pictures import Labelled, Picture, quad_of
from gtplates.unboxed import places, read_rows, unboxed

BOXED = np.float32([[10, 10], [70, 10], [70, 30], [10, 30]])
SIGN, SMALL = BOXED + np.float32([100, 60]), (BOXED - 10) / 3 + np.float32([30, 120])


class Eyes:
    """Finds the sign at either size and the small plate at the larger one only; reads what lies at the small plate."""

    def __init__(self, sign: float = 0.4) -> None:
        self.sign = sign

    def detect(self, luma: np.ndarray, threshold: float, size: tuple[int, int]) -> list[Found]:
        found = [Found(BOXED + 1, 0.9, 0.0), Found(SIGN, self.sign, 0.0)] + ([Found(SMALL, 0.45, 0.0)] if size[0] > 700 else [])
        return [one for one in found if one.score >= threshold]

    def refine(self, luma: np.ndarray, corners: np.ndarray) -> np.ndarray:
        return corners

    def read(self, luma: np.ndarray, corners: np.ndarray):
        return SimpleNamespace(text="ABC1D23"), 0.7 if np.allclose(corners, SMALL) else 0.001


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    file = tmp_path / "street.png"
    cv2.imwrite(str(file), np.tile(np.uint8(np.arange(400) // 2), (240, 1)))
    return Picture("classifieds", file, [Labelled((10, 10, 60, 20))])


def kinds(rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    return sorted((row["kind"], row["score"]) for row in rows)


def test_what_lies_beside_the_boxes_is_listed_once_and_what_is_read_there_may_be_a_plate(picture: Picture) -> None:
    rows = [place.row for place in places(Eyes(), picture, [])]
    assert kinds(rows) == [("maybe", "0.450"), ("none", "0.400")]
    assert np.allclose(quad_of(next(row for row in rows if row["kind"] == "maybe")), SMALL, atol=0.06)


@pytest.mark.parametrize(("of", "sign", "wanted"), [("robertlucian", 0.31, "maybe"), ("classifieds", 0.6, "maybe"), ("negatives", 0.9, "none"), ("classifieds", 0.31, None)])
def test_a_set_that_is_boxed_in_part_a_sure_find_and_a_picture_without_plates_tell_the_kind(picture: Picture, of: str, sign: float, wanted: str | None) -> None:
    picture.set = of
    at_the_sign = [place.row["kind"] for place in places(Eyes(sign), picture, []) if np.allclose(quad_of(place.row), SIGN, atol=0.06)]
    assert at_the_sign == ([wanted] if wanted else [])


def test_what_the_file_holds_stays_and_what_is_replaced_is_kept_as_a_copy(picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "training_pictures", lambda: [picture])
    monkeypatch.setattr(module, "negative_pictures", list)
    file = tmp_path / "out" / "unboxed.csv"
    unboxed(Eyes(), file, afresh=False)
    by_eye = file.read_text().replace("none", "maybe")
    file.write_text(by_eye)
    unboxed(Eyes(), file, afresh=False)
    assert file.read_text() == by_eye == (file.parent / "unboxed-1.csv").read_text()
    unboxed(Eyes(), file, afresh=True)
    assert kinds(read_rows(file)) == [("maybe", "0.450"), ("none", "0.400")]
    assert (file.parent / "unboxed-2.csv").read_text() == by_eye
    assert {sheet.name for sheet in file.parent.glob("*.png")} == {"sheet-unboxed-maybe-1.png", "sheet-unboxed-none-1.png"}


def test_new_finds_come_after_what_was_there(picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "training_pictures", lambda: [picture])
    monkeypatch.setattr(module, "negative_pictures", list)
    file = tmp_path / "unboxed.csv"
    unboxed(Eyes(sign=0.1), file, afresh=False)
    before = file.read_text()
    unboxed(Eyes(), file, afresh=False)
    assert file.read_text().startswith(before) and len(read_rows(file)) == 2
