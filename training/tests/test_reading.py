import numpy as np
import pytest

from gtplates.glyphs import CHARACTERS
from gtplates.reading import interval, read


def logits(text: str, margin: float = 4.0) -> np.ndarray:
    values = np.zeros((7, 36), np.float32)
    for place, character in enumerate(text):
        values[place, CHARACTERS.index(character)] = margin
    return values


def test_a_digit_where_only_letters_stand_gives_way_to_the_likeliest_letter() -> None:
    characters = logits("0BC1D23")
    characters[0, CHARACTERS.index("O")] = 3.0
    assert read(characters, np.zeros(4)).text == "OBC1D23"


def test_the_fifth_place_decides_the_layout_and_the_layout_breaks_its_tie() -> None:
    characters = logits("ABC1D23")
    characters[4] = 0
    characters[4, [CHARACTERS.index("0"), CHARACTERS.index("O")]] = 4.0
    assert read(characters, np.array([3.0, 0, 0, 0])).text == "ABC1023"
    assert read(characters, np.array([0, 0, 0, 3.0])).text == "ABC1O23"


@pytest.mark.parametrize(("k", "n", "low", "high"), [(99, 110, 0.828, 0.949), (94, 110, 0.775, 0.915), (0, 10, 0, 0.308), (10, 10, 0.692, 1)])
def test_intervals_are_those_of_clopper_and_pearson(k: int, n: int, low: float, high: float) -> None:
    assert interval(k, n) == pytest.approx((low, high), abs=1e-3)
