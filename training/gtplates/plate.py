"""One flat plate: text, layout, class → luma texture (the networks see luma only, day and night alike)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .glyphs import BLOCK, DIGITS, FORGERY_IMPEDING, GLYPH_HEIGHT, LETTERS, Bank, font_banks, stroke_bank

PATTERNS = {"old": "LLLDDDD", "mercosul": "LLLDLDD"}
LAYOUTS = ("old", "mercosul")
PIXELS_PER_MM = {1: 0.75, 2: 1.1}
SIZES_MM = {("old", 1): [(400, 130)], ("mercosul", 1): [(400, 130)], ("old", 2): [(187, 136), (200, 170)], ("mercosul", 2): [(200, 170)]}
CITIES = (
    "SP-SAO PAULO|RJ-RIO DE JANEIRO|MG-BELO HORIZONTE|PR-CURITIBA|BA-SALVADOR|CE-FORTALEZA|DF-BRASILIA|RS-PORTO ALEGRE"
    "|GO-GOIANIA|SC-JOINVILLE|PE-RECIFE|AM-MANAUS|RN-NATAL|PA-BELEM|ES-SERRA|MS-CORUMBA|AL-MACEIO|BRASIL"
).split("|")
# (background, characters) in luma 0..255, by day and as a near-infrared camera with its own lamp sees them.
# The retroreflective sheet stays bright in infrared and red or blue paint nearly vanishes on it.
CLASSES = {
    "old": [  # grey private, red hire, white official, learner (red on white), green test, blue diplomatic, black collection
        (0.72, (140, 228), (10, 70), (150, 235), (15, 80)),
        (0.12, (45, 95), (190, 250), (70, 150), (180, 250)),
        (0.05, (205, 250), (10, 50), (200, 250), (15, 70)),
        (0.03, (205, 250), (60, 110), (200, 250), (110, 170)),
        (0.02, (80, 130), (200, 250), (70, 130), (190, 250)),
        (0.02, (50, 100), (200, 250), (60, 120), (190, 250)),
        (0.04, (10, 45), (170, 240), (15, 60), (160, 240)),
    ],
    "mercosul": [  # black private, red hire, blue official, green test, gold diplomatic, grey collection
        (0.74, (200, 252), (5, 65), (205, 252), (10, 75)),
        (0.10, (205, 250), (55, 105), (205, 252), (90, 175)),
        (0.06, (205, 250), (60, 150), (205, 252), (60, 150)),
        (0.04, (205, 250), (80, 125), (205, 252), (70, 150)),
        (0.03, (205, 250), (110, 165), (205, 252), (100, 170)),
        (0.03, (205, 250), (120, 165), (205, 252), (110, 170)),
    ],
}


@dataclass
class Plate:
    texture: np.ndarray
    text: str
    layout: str
    rows: int
    infrared: bool


class Fonts:
    """Random fonts, drawn once per process; a plate takes one and mixes single characters of others in."""

    def __init__(self, rng: np.random.Generator, folders: list, count: int = 48) -> None:
        families = {"old": BLOCK, "mercosul": FORGERY_IMPEDING}
        self.strokes = {k: [stroke_bank(family, rng) for _ in range(count)] for k, family in families.items()}
        self.plain = font_banks(folders)

    def pick(self, layout: str, rng: np.random.Generator) -> Bank:
        draw = rng.random()
        if draw < 0.2 and self.plain:
            return self.plain[rng.integers(len(self.plain))]
        # Demo and foreign-made plates swap the families, and a reader that ties shape to layout fails on them.
        family = layout if draw < 0.93 else LAYOUTS[rng.integers(2)]
        return self.strokes[family][rng.integers(len(self.strokes[family]))]


def random_text(layout: str, rng: np.random.Generator) -> str:
    sets = {"L": LETTERS, "D": DIGITS}
    return "".join(sets[kind][rng.integers(len(sets[kind]))] for kind in PATTERNS[layout])


def matches_a_pattern(text: str) -> bool:
    kinds = "".join("L" if c in LETTERS else "D" for c in text)
    return kinds in PATTERNS.values()


def _small_text(canvas: np.ndarray, text: str, x: float, y: float, height: float, luma: float, weight: int) -> None:
    font, weight = cv2.FONT_HERSHEY_SIMPLEX, int(weight)
    (width, base), _ = cv2.getTextSize(text, font, 1, weight)
    scale = height / base
    # Letters are drawn into bytes: newer releases of OpenCV draw text into nothing else.
    shape = np.zeros(canvas.shape, np.uint8)
    cv2.putText(shape, text, (int(x - width * scale / 2), int(y + height)), font, scale, 255, weight, cv2.LINE_AA)
    canvas += (luma - canvas) * (shape / np.float32(255))


def _blit(mask: np.ndarray, glyph: np.ndarray, x: float, y: float, width: float, height: float) -> None:
    w, h, left, top = max(3, round(width)), max(3, round(height)), max(0, round(x)), max(0, round(y))
    target = mask[top : top + h, left : left + w]
    if target.size:
        scaled = cv2.resize(glyph, (w, h), interpolation=cv2.INTER_AREA)
        np.maximum(target, scaled[: target.shape[0], : target.shape[1]], out=target)


def _row(mask: np.ndarray, text: str, bank: Bank, box: tuple[float, float, float, float], fixed: bool, dash: bool, rng: np.random.Generator) -> None:
    """Characters of one row into box (x0, x1, y, height): on a fixed pitch (Mercosul) or with even gaps (old)."""
    x0, x1, y, height = box
    glyphs = [bank[c] for c in text]
    stretch = rng.uniform(0.82, 1.12) * height / GLYPH_HEIGHT
    widths = [g.shape[1] * stretch for g in glyphs]
    count = len(text)
    wobble = rng.normal(0, 0.012 * height, (count, 2)) if rng.random() < 0.4 else np.zeros((count, 2))
    if fixed:
        pitch = (x1 - x0) / count
        widths = [min(pitch * 0.95, w) for w in widths]
        starts = [x0 + pitch * (i + 0.5) - w / 2 for i, w in enumerate(widths)]
    else:
        dash_room = (x1 - x0) * rng.uniform(0.035, 0.07) if dash else 0.0
        least = 0.04 * height
        squeeze = min(1.0, (x1 - x0 - dash_room - least * (count - 1)) / sum(widths))
        widths = [w * squeeze for w in widths]
        gap = (x1 - x0 - dash_room - sum(widths)) / (count - 1)
        starts, x = [], x0
        for i, w in enumerate(widths):
            if dash and i == 3:
                if rng.random() < 0.92:
                    radius = height * rng.uniform(0.05, 0.1)
                    centre = (int(x - gap / 2 + dash_room / 2), int(y + height * rng.uniform(0.42, 0.6)))
                    cv2.ellipse(mask, centre, (max(1, int(radius * rng.uniform(1, 1.7))), max(1, int(radius))), 0, 0, 360, 255, -1)
                x += dash_room
            starts.append(x)
            x += w + gap
    for glyph, w, x, (dx, dy) in zip(glyphs, widths, starts, wobble):
        _blit(mask, glyph, x + dx, y + dy, w, height)


def field(height: int, width: int, cells: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise 0..1 with about `cells` grains along the height."""
    grains = rng.random((max(2, int(cells)), max(2, int(cells * width / height)))).astype(np.float32)
    return cv2.resize(grains, (width, height), interpolation=cv2.INTER_LINEAR)


def _old_text(canvas: np.ndarray, mask: np.ndarray, text: str, rows: int, bank: Bank, ink: float, rng: np.random.Generator) -> None:
    u, (h, w) = rng.uniform, canvas.shape
    edge = float(canvas[0, 0])
    inset, line = u(0.01, 0.035) * w, ink * u(0.3, 1) + edge * u(0, 0.7)
    cv2.rectangle(canvas, (int(inset), int(inset)), (int(w - inset), int(h - inset)), float(min(line, 255)), rng.integers(1, 3))
    strip = u(0.04, 0.1) * h
    if rng.random() < 0.9:
        _small_text(canvas, CITIES[rng.integers(len(CITIES))], w * u(0.44, 0.56), strip, h * u(0.07, 0.13), ink, rng.integers(1, 3))
    if rows == 1:
        height = u(0.44, 0.57) * h
        top, left, right = min(u(0.27, 0.38) * h, h * 0.97 - height), u(0.025, 0.09) * w, w * (1 - u(0.02, 0.09))
        _row(mask, text, bank, (left, right, top, height), False, True, rng)
        return
    top = u(0.13, 0.22) * h
    height = (h - top) * u(0.38, 0.46)
    gap, side, low = (h - top - 2 * height) * u(0.15, 0.45), u(0.09, 0.23) * w, u(0.03, 0.1) * w
    _row(mask, text[:3], bank, (side, w - side * u(0.8, 1.2), top, height), False, False, rng)
    _row(mask, text[3:], bank, (low, w - low, top + height + gap, height), False, False, rng)


def _mercosul_text(canvas: np.ndarray, mask: np.ndarray, text: str, rows: int, bank: Bank, ink: float, infrared: bool, rng: np.random.Generator) -> None:
    u, (h, w) = rng.uniform, canvas.shape
    bar = int(u(0.19, 0.27) * h) if rows == 1 else int(u(0.14, 0.2) * h)
    if rng.random() < 0.95:
        blue = u(90, 220) if infrared else u(25, 95)
        light = u(170, 255)
        canvas[:bar] = blue
        _small_text(canvas, "BRASIL", w * u(0.47, 0.53), bar * u(0.2, 0.4), bar * u(0.35, 0.5), light, rng.integers(1, 3))
        left, flag = w - u(0.085, 0.11) * w, u(80, 130)
        cv2.rectangle(canvas, (int(left), int(bar * 0.2)), (int(left + 0.06 * w), int(bar * 0.82)), flag, -1)
        cv2.circle(canvas, (int(left + 0.03 * w), int(bar * 0.5)), max(1, int(bar * 0.2)), u(170, 220), -1)
        _small_text(canvas, "MERCOSUL", 0.075 * w, bar * 0.6, bar * 0.22, light * 0.9, 1)
    if rng.random() < 0.75:
        cv2.rectangle(canvas, (1, 1), (w - 2, h - 2), float(min(255, ink * 0.7 + 25)), rng.integers(1, 3))
    if rows == 1:
        left, right, top = u(0.06, 0.125) * w, w * (1 - u(0.015, 0.08)), bar + u(0.05, 0.16) * h
        _row(mask, text, bank, (left, right, top, min(u(0.46, 0.58) * h, h * 0.96 - top)), True, False, rng)
        _small_text(canvas, "BR", 0.05 * w, u(0.74, 0.82) * h, h * u(0.08, 0.12), ink, 2)
        if rng.random() < 0.75:
            x, y, q = int(u(0.02, 0.05) * w), int(bar + u(0.03, 0.1) * h), int(u(0.12, 0.2) * h)
            code = (rng.random((9, 9)) < 0.5).astype(np.float32) * 120 + 100
            canvas[y : y + q, x : x + q] = cv2.resize(code, (q, q), interpolation=cv2.INTER_NEAREST)
        return
    top = bar + u(0.04, 0.1) * h
    height = (h - top) * u(0.39, 0.455)
    gap, side, low = (h - top - 2 * height) * u(0.3, 0.55), u(0.13, 0.26) * w, u(0.04, 0.13) * w
    _row(mask, text[:3], bank, (side, w - side * u(0.6, 1), top, height), True, False, rng)
    _row(mask, text[3:], bank, (low, w * (1 - u(0.02, 0.08)), top + height + gap, height), True, False, rng)
    if rng.random() < 0.7:
        _small_text(canvas, "BR", 0.07 * w, top + height * 0.7, h * 0.07, ink, 2)


def _bolts(canvas: np.ndarray, rng: np.random.Generator) -> None:
    u, (h, w) = rng.uniform, canvas.shape
    places = [0.3, 0.7] if rng.random() < 0.65 else [u(0.15, 0.85)]
    for x in places:
        if rng.random() < 0.7:
            y = u(0.03, 0.17) if rng.random() < 0.6 else 1 - u(0.03, 0.13)
            centre, radius = (int(w * (x + u(-0.06, 0.06))), int(h * y)), max(1, int(u(0.008, 0.021) * w))
            cv2.circle(canvas, centre, radius, u(10, 235), -1, cv2.LINE_AA)


def _seals(canvas: np.ndarray, rng: np.random.Generator) -> None:
    """The wire seal and the slots it goes through, under the third and the sixth character: it touches their feet."""
    u, (h, w) = rng.uniform, canvas.shape
    luma, y = u(5, 70), h * u(0.84, 0.94)
    for x in (u(0.24, 0.31), u(0.66, 0.74)):
        if rng.random() < 0.85:
            half, thick = w * u(0.008, 0.02), max(1, int(h * u(0.015, 0.045)))
            cv2.line(canvas, (int(x * w - half), int(y)), (int(x * w + half), int(y + h * u(-0.02, 0.02))), luma, thick, cv2.LINE_AA)


def _cover(canvas: np.ndarray, rng: np.random.Generator) -> None:
    """Frames, tow bars, stickers and bent edges: what hides a part of a plate."""
    u, (h, w), draw = rng.uniform, canvas.shape, rng.random()
    if draw < 0.22:
        thick, luma = max(1, int(u(0.008, 0.05) * w)), u(5, 120)
        sides = range(4) if rng.random() < 0.5 else [rng.integers(4)]
        for side in sides:
            canvas[[np.s_[:thick], np.s_[-thick:], np.s_[:, :thick], np.s_[:, -thick:]][side]] = luma
    elif draw < 0.30:
        x, y, r = u(0, 1) * w, (0 if rng.random() < 0.5 else 1) * h, u(0.06, 0.2) * h
        cv2.circle(canvas, (int(x), int(y)), int(r), u(10, 230), -1, cv2.LINE_AA)
    elif draw < 0.36:
        x = 0 if rng.random() < 0.3 else int(w * u(0.93, 0.98))
        canvas[int(h * u(0.3, 0.5)) : int(h * u(0.6, 0.98)), x : x + int(w * u(0.03, 0.06))] = u(40, 240)


def _wear(texture: np.ndarray, alpha: np.ndarray, ink: float, rng: np.random.Generator) -> np.ndarray:
    """Paint, embossing, dirt: how the characters came onto the sheet and what weather did to both."""
    u, (h, w) = rng.uniform, texture.shape
    draw = rng.random()
    if draw < 0.15:
        alpha = cv2.erode(alpha, np.ones((2, 2), np.uint8))
    elif draw < 0.3:
        alpha = cv2.dilate(alpha, np.ones((2, 2), np.uint8))
    a = alpha.astype(np.float32) / 255
    if rng.random() < 0.2:
        a *= np.clip((field(h, w, u(10, 40), rng) - u(-0.1, 0.28)) * 4, u(0, 0.7), 1)
    if rng.random() < 0.35:
        relief = cv2.GaussianBlur(a, (0, 0), u(0.8, 1.8))
        shift = int(rng.integers(1, 3))
        texture = texture + (np.roll(relief, (shift, shift), (0, 1)) - np.roll(relief, (-shift, -shift), (0, 1))) * u(-70, 70)
    texture = texture + (ink * u(0.85, 1.1) - texture) * a
    if rng.random() < 0.35:
        mud = np.clip(field(h, w, u(2, 12), rng) - u(0.3, 0.75), 0, 1) * u(0.4, 1.6)
        texture = texture + (u(50, 140) - texture) * np.minimum(mud, 0.85)
    if rng.random() < 0.3:
        texture = texture * (1 + (field(h, w, u(25, 50), rng) - 0.5) * u(0, 0.4))
    return texture


def draw_plate(fonts: Fonts, rng: np.random.Generator, layout: str | None = None, rows: int | None = None, text: str | None = None) -> Plate:
    layout = layout or LAYOUTS[rng.integers(2)]
    rows = rows or (2 if rng.random() < 0.36 else 1)
    text, infrared = text or random_text(layout, rng), rng.random() < 0.14
    sizes = SIZES_MM[layout, rows]
    width, height = (int(side * PIXELS_PER_MM[rows]) for side in sizes[rng.integers(len(sizes))])
    shares = np.array([c[0] for c in CLASSES[layout]])
    kind = CLASSES[layout][rng.choice(len(shares), p=shares / shares.sum())]
    sheet, ink = (rng.uniform(*kind[3 if infrared else 1]), rng.uniform(*kind[4 if infrared else 2]))
    canvas, mask = np.full((height, width), sheet, np.float32), np.zeros((height, width), np.uint8)
    bank = fonts.pick(layout, rng)
    if layout == "old":
        _old_text(canvas, mask, text, rows, bank, ink, rng)
    else:
        _mercosul_text(canvas, mask, text, rows, bank, ink, infrared, rng)
    texture = _wear(canvas, mask, ink, rng)
    _bolts(texture, rng)
    if rows == 1 and rng.random() < (0.45 if layout == "old" else 0.15):
        _seals(texture, rng)
    _cover(texture, rng)
    return Plate(np.clip(texture, 0, 255), text, layout, rows, infrared)
