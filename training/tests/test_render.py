"""Rendered samples: one seed gives the same bytes, and labels say what is there and where."""

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from gtplates.models import Models
from gtplates.pictures import matches
from gtplates.render import Variety, render

FEW = Variety(bank=48, plates=12, distractors=8)


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def labels(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("what", ["plates", "patches", "streets"])
def test_one_seed_gives_the_same_bytes_and_another_others(what: str, tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        render(what, 3, seed, tmp_path / name, None, [], FEW)
    one, again, other = (files(tmp_path / name) for name in ("one", "again", "other"))
    assert set(one) == {f"{what}-{i:05}.png" for i in range(3)} | {"labels.jsonl", "sheet.png"}
    assert one == again and all(one[name] != other[name] for name in one)


@pytest.mark.parametrize("what", ["plates", "patches", "streets"])
def test_more_of_a_seed_begin_with_the_same_pictures(what: str, tmp_path: Path) -> None:
    for name, count in (("few", 2), ("more", 5)):
        render(what, count, 3, tmp_path / name, None, [], FEW)
    few, more = (files(tmp_path / name) for name in ("few", "more"))
    assert all(few[name] == more[name] for name in few if name.startswith(what))
    assert labels(tmp_path / "more")[:2] == labels(tmp_path / "few")


@cache
def models() -> Models:
    return Models()


@pytest.mark.parametrize(("what", "count"), [("patches", 48), ("streets", 24)])
def test_a_plate_is_read_between_the_corners_that_its_label_names_and_not_beside_them(what: str, count: int, tmp_path: Path) -> None:
    out = tmp_path / what
    render(what, count, 5, out, None, [], FEW)
    read, beside, of = 0, 0, 0
    for label in labels(out):
        picture = cv2.imread(str(out / label["file"]), cv2.IMREAD_GRAYSCALE)
        for plate in label["plates"]:
            if plate["text"] is None:
                continue
            assert matches(plate["text"], plate["layout"]) and plate["rows"] in (1, 2)
            corners = np.float32(plate["corners"])
            assert plate["width_px"] == pytest.approx(np.linalg.norm(corners[1] - corners[0]), abs=0.1)
            if plate["width_px"] * (1 if plate["rows"] == 1 else 1.6) > 80 and label["light"] == "day":
                of += 1
                read += models().read(picture, corners)[0].text == plate["text"]
                beside += models().read(picture, corners + (corners[1] - corners[0]) * 0.3)[0].text == plate["text"]
    assert of >= 8 and read >= 0.8 * of and beside == 0


def test_a_flat_plate_fills_its_picture_and_lettering_is_no_plate(tmp_path: Path) -> None:
    out = tmp_path / "plates"
    render("plates", 40, 1, out, None, [], FEW)
    kinds = {label["kind"]: label for label in labels(out)}
    assert set(kinds) == {"plate", "lettering"} and kinds["lettering"]["plates"] == []
    height, width = cv2.imread(str(out / kinds["plate"]["file"]), cv2.IMREAD_GRAYSCALE).shape
    assert kinds["plate"]["plates"][0]["corners"] == [[-0.5, -0.5], [width - 0.5, -0.5], [width - 0.5, height - 0.5], [-0.5, height - 0.5]]


def test_a_folder_that_holds_something_and_one_in_the_repository_for_real_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "old.png").touch()
    with pytest.raises(SystemExit, match="not empty"):
        render("plates", 1, 0, tmp_path, None, [])
    with pytest.raises(SystemExit, match="never enter"):
        render("plates", 1, 0, Path(__file__).parent / "any", tmp_path, [])
