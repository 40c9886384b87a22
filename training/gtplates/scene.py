"""Scene → picture → labels: a plate is put into a (real or invented) surrounding under a pose and photographed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .camera import light_plate, shoot, video_code
from .glyphs import CHARACTERS
from .pictures import Picture, luma
from .plate import Fonts, Plate, draw_plate, field

PATCH_W, PATCH_H = 256, 128
LETTERING = "VENDE-SE|FONE|TAXI|PARE|AUTO ESCOLA|GAS|CENTRO|KM|OFERTA|24H|LAVA JATO|ESCOLAR|AMBULANCIA|DIESEL|TURBO|1.8|R$"


@dataclass
class Shot:
    """One picture patch; `corners` NaN and text None where there is no plate."""

    luma: np.ndarray
    corners: np.ndarray
    text: str | None
    layout: int
    dark: bool
    coded: bool = False
    """By FFmpeg: H.264 or H.265."""


@dataclass
class Seat:
    """A real plate's place in a real picture: where a drawn plate is put over it, corner-true."""

    luma: np.ndarray
    corners: np.ndarray


class Surroundings:
    """Seats on real vehicles, and pictures of anything else, as luma of at most 900 px."""

    def __init__(self, pictures: list[Picture], others: list[np.ndarray], rng: np.random.Generator, count: int) -> None:
        chosen = [p for p in pictures if any(plate.corners is not None for plate in p.plates)]
        self.seats: list[Seat] = []
        for i in rng.permutation(len(chosen))[:count]:
            full = luma(chosen[i].file)
            small = luma(chosen[i].file, 900)
            scale = small.shape[1] / full.shape[1]
            self.seats += [Seat(small, plate.corners * scale) for plate in chosen[i].plates if plate.corners is not None]
        self.others = others


def pose(width: float, aspect: float, rng: np.random.Generator, tilt: float = 1.0) -> np.ndarray:
    """Corners of a plate about `width` pixels wide after a random turn in space, centred on 0."""
    height = width / aspect
    corners = np.array([[-width, -height, 0], [width, -height, 0], [width, height, 0], [-width, height, 0]]) / 2
    spread, limits = np.array([27, 16, 10]), np.array([62, 42, 45])
    yaw, pitch, roll = np.radians(np.clip(rng.normal(0, spread), -limits, limits) * tilt)
    turn_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    turn_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    turn_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    turned = corners @ (turn_z @ turn_x @ turn_y).T
    distance = width * rng.uniform(3, 10)
    return (turned[:, :2] * distance / (distance + turned[:, 2:])).astype(np.float32)


def perspective(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    return cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))


def grown(corners: np.ndarray, x: float, y: float) -> np.ndarray:
    """Corners of the same plane, larger by these factors about the middle."""
    unit = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
    larger = (unit - 0.5) * np.float32([x, y]) + 0.5
    return cv2.perspectiveTransform(larger[None], perspective(unit, corners))[0]


def seat_under(seat: Seat, corners: np.ndarray, aspect: float, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """The real picture warped so that its plate lies under `corners` and is covered by it."""
    cover = aspect / 3.08
    margin = rng.uniform(0.93, 0.99)
    under = grown(corners, margin * min(1.0, rng.uniform(0.9, 1.0)), margin * min(1.0, cover))
    matrix = perspective(seat.corners, under)
    scale = math.sqrt(abs(cv2.contourArea(under)) / max(1.0, abs(cv2.contourArea(seat.corners.astype(np.float32)))))
    picture = seat.luma
    if scale < 0.6:
        shrink = max(0.1, scale)
        picture = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([1 / shrink, 1 / shrink, 1.0])
    border = cv2.BORDER_REPLICATE if rng.random() < 0.7 else cv2.BORDER_REFLECT_101
    return cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border).astype(np.float32)


def elsewhere(others: list[np.ndarray], size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A cut of a picture without plates, or plain shades."""
    width, height = size
    if rng.random() < 0.2 or not others:
        return field(height, width, rng.integers(2, 14), rng) * rng.uniform(60, 255)
    picture = others[rng.integers(len(others))]
    zoom = math.exp(rng.uniform(math.log(0.4), math.log(2.0)))
    w, h = min(picture.shape[1], int(width * zoom)), min(picture.shape[0], int(height * zoom))
    x, y = rng.integers(picture.shape[1] - w + 1), rng.integers(picture.shape[0] - h + 1)
    cut = picture[y : y + h, x : x + w]
    return cv2.resize(cut, size, interpolation=cv2.INTER_AREA if zoom > 1 else cv2.INTER_LINEAR).astype(np.float32)


def rounded_sheet(height: int, width: int, radius: int) -> np.ndarray:
    """1 where the plate is, 0 beyond its rounded corners."""
    sheet = np.ones((height, width), np.float32)
    if radius > 1:
        circle = np.zeros((2 * radius, 2 * radius), np.float32)
        cv2.circle(circle, (radius, radius), radius, 1.0, -1, cv2.LINE_AA)
        r = radius
        sheet[:r, :r], sheet[:r, -r:], sheet[-r:, :r], sheet[-r:, -r:] = circle[:r, :r], circle[:r, r:], circle[r:, :r], circle[r:, r:]
    return sheet


def paste(scene: np.ndarray, texture: np.ndarray, corners: np.ndarray, rounding: float = 0.0) -> None:
    """The plate into the scene in place, pre-filtered so that small plates do not alias."""
    h, w = texture.shape
    low = np.maximum(np.floor(corners.min(0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 3, [scene.shape[1], scene.shape[0]])
    if (high - low).min() < 3:
        return
    scale = math.sqrt(abs(cv2.contourArea(corners.astype(np.float32))) / (w * h))
    if scale < 0.5:
        shrink = max(scale * 1.6, 0.06)
        texture = cv2.resize(texture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        h, w = texture.shape
    edge = np.float32([[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, h - 0.5], [-0.5, h - 0.5]])
    matrix, size = perspective(edge, corners - low), tuple(int(v) for v in high - low)
    both = np.dstack([texture, rounded_sheet(h, w, int(rounding * h))])
    warped = cv2.warpPerspective(both, matrix, size, flags=cv2.INTER_LINEAR)
    area = scene[low[1] : high[1], low[0] : high[0]]
    area += warped[..., 0] - area * warped[..., 1]


def bent(texture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A plate that is no longer flat: rows and columns shifted along slow curves."""
    h, w = texture.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    bow = np.sin(np.pi * (x / w + rng.uniform(0, 1))) * h * rng.uniform(0, 0.05)
    lean = np.sin(np.pi * (y / h + rng.uniform(0, 1))) * w * rng.uniform(0, 0.012)
    return cv2.remap(texture, x + lean, y + bow, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def mount(scene: np.ndarray, corners: np.ndarray, rng: np.random.Generator) -> None:
    """What a plate hangs on, where no real one is under it: holder, shade, dealer's frame."""
    draw = rng.random()
    if draw < 0.6:
        holder = grown(corners, rng.uniform(1.02, 1.25), rng.uniform(1.03, 1.6)) + rng.normal(0, 1, 2)
        cv2.fillConvexPoly(scene, holder.astype(np.int32), rng.uniform(5, 220), cv2.LINE_AA)
    if draw > 0.4:
        shade = np.zeros_like(scene)
        below = grown(corners, 1.03, 1.1) + np.float32([rng.normal(0, 2), rng.uniform(0, 5)])
        cv2.fillConvexPoly(shade, below.astype(np.int32), 1.0, cv2.LINE_AA)
        scene *= 1 - cv2.GaussianBlur(shade, (0, 0), rng.uniform(1, 4)) * rng.uniform(0, 0.6)


def layout_class(plate: Plate) -> int:
    return (plate.layout == "mercosul") + 2 * (plate.rows == 2)


def plate_width(rng: np.random.Generator) -> float:
    """Mostly readable sizes, some down to 16 px."""
    low, high = (48, 215) if rng.random() < 0.86 else (16, 60)
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def compose(plate: Plate, around: Surroundings, width: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, bool]:
    """The scene of one patch in float luma, the plate's corners in it, and whether it is night."""
    texture = light_plate(plate.texture, rng)
    if rng.random() < 0.3:
        texture = bent(texture, rng)
    h, w = texture.shape
    corners = pose(width, w / h, rng)
    extent = np.ptp(corners, 0)
    fit = min(1.0, (PATCH_W - 6) / extent[0], (PATCH_H - 6) / extent[1])
    corners *= fit
    extent *= fit
    room = (np.array([PATCH_W, PATCH_H]) - extent - 4) / 2
    corners += np.array([PATCH_W, PATCH_H]) / 2 - (corners.max(0) + corners.min(0)) / 2 + rng.uniform(-1, 1, 2) * room * 0.5
    size, dark = (PATCH_W, PATCH_H), plate.infrared or rng.random() < 0.06
    if around.seats and rng.random() < 0.72:
        scene = seat_under(around.seats[rng.integers(len(around.seats))], corners, w / h, size, rng)
        level = rng.uniform(0.75, 1.25) * np.clip(scene.mean() / 110, 0.4, 1.3) if rng.random() < 0.6 else 1.0
        texture = texture * level
    else:
        scene = elsewhere(around.others, size, rng)
        mount(scene, corners, rng)
    if dark:
        scene *= rng.uniform(0.1, 0.6)
        texture = texture * rng.uniform(0.5, 1.1)
    paste(scene, np.clip(texture, 0, 300).astype(np.float32), corners, rng.uniform(0, 0.13))
    return scene, corners, dark


def negative(around: Surroundings, rng: np.random.Generator) -> np.ndarray:
    """No Brazilian plate: grilles, walls, lettering, stripes, and sheets without characters."""
    scene = elsewhere(around.others, (PATCH_W, PATCH_H), rng)
    draw = rng.random()
    if draw < 0.5:
        words = LETTERING.split("|")
        text = words[rng.integers(len(words))]
        if rng.random() < 0.5:
            text = "".join(CHARACTERS[i] for i in rng.integers(0, 36, rng.integers(2, 12)))
        font, scale = int(rng.integers(0, 5)), rng.uniform(0.5, 2.2)
        where = (int(rng.uniform(-20, 120)), int(rng.uniform(30, 120)))
        if rng.random() < 0.5:
            panel = pose(rng.uniform(60, 240), rng.uniform(1, 5), rng) + [128, 64]
            cv2.fillConvexPoly(scene, panel.astype(np.int32), rng.uniform(0, 255), cv2.LINE_AA)
        grey, thick = rng.uniform(0, 255), int(rng.integers(1, 5))
        # OpenCV 5 writes on bytes only.
        ink = cv2.putText(np.zeros(scene.shape[:2], np.uint8), text, where, font, scale, 255, thick, cv2.LINE_AA) / np.float32(255)
        scene = scene + (grey - scene) * ink
    elif draw < 0.65:
        sheet = field(64, 200, rng.uniform(2, 20), rng) * rng.uniform(20, 80) + rng.uniform(60, 180)
        paste(scene, sheet, pose(rng.uniform(40, 200), rng.uniform(1.1, 3.4), rng) + np.float32([128, 64]))
    elif draw < 0.75:
        step = rng.uniform(3, 16)
        wave = np.sin(np.arange(PATCH_H) / step * math.pi)[:, None] if rng.random() < 0.7 else np.sin(np.arange(PATCH_W) / step)[None]
        scene = scene * 0.4 + (wave * 60 + 90) * 0.6
    return np.ascontiguousarray(scene, np.float32)


def shots(fonts: Fonts, around: Surroundings, count: int, rng: np.random.Generator) -> list[Shot]:
    """`count` patches that went through one camera's coder together; each drawn plate is photographed twice."""
    taken: list[Shot] = []
    plate = None
    for i in range(count):
        if rng.random() < 0.07:
            width = rng.uniform(60, 200)
            dark = rng.random() < 0.1
            taken.append(Shot(shoot(negative(around, rng), width, rng, dark), np.full((4, 2), np.nan, np.float32), None, 0, dark))
            continue
        if plate is None or i % 2 == 0:
            plate = draw_plate(fonts, rng)
        width = plate_width(rng) * (0.62 if plate.rows == 2 else 1)
        scene, corners, dark = compose(plate, around, width, rng)
        reach = np.linalg.norm(corners[1] - corners[0]) * (1.65 if plate.rows == 2 else 1)
        taken.append(Shot(shoot(scene, reach, rng, dark), corners, plate.text, layout_class(plate), dark))
    draw = rng.random()
    if draw < 0.45:
        codec = "h264" if draw < 0.32 else "h265"
        moving = (0, 0) if rng.random() < 0.5 else tuple(int(v) for v in rng.integers(-9, 10, 2))
        coded = video_code(np.stack([s.luma for s in taken]), codec, int(rng.uniform(20, 35)), moving)
        for shot, picture in zip(taken, coded):
            # Where the coder would leave nothing of a small plate, the camera's own picture stays.
            if np.isnan(shot.corners[0, 0]) or np.ptp(shot.corners[:, 0]) > 70 or rng.random() < 0.3:
                shot.luma, shot.coded = picture, True
    return taken
