"""Plates that nothing here drew: LPR/trial/plates.py as it is, with a seed that no training used."""

from __future__ import annotations

import os
import sys

import numpy as np

from .glyphs import CHARACTERS
from .pictures import CACHE, samples

SEED = 20_260_712
# In plates.py a motorcycle's plate gets 0.55 of the width that is asked for: 182 asks for 100 px.
STRATA = {
    "old car": ("old", 1, (100, 330)),
    "mercosul car": ("mercosul", 1, (100, 330)),
    "old motorcycle": ("old", 2, (182, 330)),
    "mercosul motorcycle": ("mercosul", 2, (182, 330)),
}
# A stratum's place among all is part of its seed: later ones go to the end.
# plates.py draws none below 30 px.
BANDS = (((38, 60), (60, 80), (80, 100)), ((30, 38),))
SWEEP = {f"{layout} {low}-{high} px": (layout, 1, (low, high)) for bands in BANDS for layout in ("old", "mercosul") for low, high in bands}


def stratum(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 64, 160) views and (n, 7) characters of one stratum; drawn once and kept. A larger count begins with the same plates."""
    path = CACHE / "held-out" / f"{name.replace(' ', '-')}.npz"
    if path.exists():
        kept = np.load(path)
        if len(kept["views"]) >= count:
            return kept["views"][:count], kept["texts"][:count]
    os.environ["LPR"] = str(samples())
    sys.path.insert(0, str(samples() / "trial"))
    import backgrounds  # type: ignore[import-not-found]
    import plates  # type: ignore[import-not-found]

    layout, rows, widths = (STRATA | SWEEP)[name]
    rng = np.random.default_rng([SEED, list(STRATA | SWEEP).index(name)])
    fonts, around = plates.banks(SEED, 60), backgrounds.patches(120, SEED)
    views, texts = np.zeros((count, 64, 160), np.uint8), np.zeros((count, 7), np.uint8)
    for i in range(count):
        views[i], text, _, _ = plates.crop_sample(fonts, around, rng, layout, rows, widths)
        texts[i] = [CHARACTERS.index(c) for c in text]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, views=views, texts=texts)
    return views, texts
