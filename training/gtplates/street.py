"""Pictures for the detector: whole vehicles and streets, several plates or none, any size from a glance to a close-up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .camera import light_plate, shoot
from .pictures import Picture, box_corners, luma
from .plate import Fonts, draw_plate
from .scene import bent, grown, mount, paste, perspective, pose

STREET_W, STREET_H = 384, 256
UNKNOWN_ROWS = -1


@dataclass
class Street:
    luma: np.ndarray
    corners: list[np.ndarray]
    two_rows: list[int]


@dataclass
class Scene:
    """A real picture at 900 px at most, with its plates' corners (the box's where corners are not believed)."""

    luma: np.ndarray
    corners: list[np.ndarray]
    believed: list[bool]
    rows: list[int]


def scenes(pictures: list[Picture], rng: np.random.Generator, count: int) -> list[Scene]:
    found = []
    for i in rng.permutation(len(pictures))[:count]:
        picture = pictures[i]
        full, small = luma(picture.file), luma(picture.file, 900)
        scale = small.shape[1] / full.shape[1]
        corners = [(p.corners if p.corners is not None else box_corners(p.box)) * scale for p in picture.plates]
        rows = [0 if p.layout in ("old", "mercosul") or p.box[2] > 2.3 * p.box[3] else UNKNOWN_ROWS for p in picture.plates]
        found.append(Scene(small, corners, [p.corners is not None for p in picture.plates], rows))
    return found


def _drawn(fonts: Fonts, rng: np.random.Generator, level: float) -> tuple[np.ndarray, int]:
    plate = draw_plate(fonts, rng)
    texture = light_plate(plate.texture, rng) * level
    return (bent(texture, rng) if rng.random() < 0.3 else texture).astype(np.float32), int(plate.rows == 2)


def _overpainted(scene: Scene, fonts: Fonts, rng: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray], list[int]]:
    """Half of the believed plates get a drawn one over them, in the plane of the real one and a little larger."""
    picture, corners, rows = scene.luma.astype(np.float32), [], []
    for quad, believed, row in zip(scene.corners, scene.believed, scene.rows):
        if believed and rng.random() < 0.5:
            low, high = np.maximum(quad.min(0), 0).astype(int), quad.max(0).astype(int)
            around = picture[low[1] : high[1], low[0] : high[0]]
            level = np.clip(around.mean() / 140, 0.3, 1.2) if around.size and rng.random() < 0.7 else 1.0
            texture, row = _drawn(fonts, rng, float(level))
            height, width = texture.shape
            aspect = width / height / 3.08
            size = rng.uniform(1.0, 1.1)
            quad = grown(quad, size, size) if aspect > 0.9 else grown(quad, size * max(aspect, rng.uniform(0.5, 1)), size * max(1.0, rng.uniform(0.5, 1) / aspect))
            paste(picture, np.clip(texture, 0, 255), quad.astype(np.float32), rng.uniform(0, 0.13))
        corners.append(quad)
        rows.append(row)
    return picture, corners, rows


def _placed(picture: np.ndarray, corners: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The picture seen from somewhere, one of its plates at a chosen size and place; and the map used."""
    if corners and rng.random() < 0.9:
        quad = corners[rng.integers(len(corners))]
        middle, now = quad.mean(0), max(4.0, np.linalg.norm(quad[1] - quad[0]))
        zoom = math.exp(rng.uniform(math.log(24), math.log(230))) / now
    else:
        middle = rng.random(2) * picture.shape[::-1]
        zoom = math.exp(rng.uniform(math.log(0.35), math.log(1.3)))
    half = np.float32([100, 66]) / zoom
    unit = np.float32([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    target = pose(200, 200 / 132, rng, 0.7) + np.float32([rng.uniform(0.12, 0.88) * STREET_W, rng.uniform(0.15, 0.85) * STREET_H])
    matrix = perspective(middle + unit * half, target)
    source, used = picture, matrix
    if zoom < 0.6:
        shrink = max(zoom, 0.15)
        source = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        used = matrix @ np.diag([1 / shrink, 1 / shrink, 1.0])
    border = (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE)[rng.integers(2)]
    seen = cv2.warpPerspective(source, used, (STREET_W, STREET_H), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=rng.uniform(0, 255))
    return seen, matrix


def _free_plate(street: Street, fonts: Fonts, rng: np.random.Generator) -> None:
    """One more drawn plate somewhere, on something plate-like, if there is room."""
    texture, two_rows = _drawn(fonts, rng, 1.0)
    width = math.exp(rng.uniform(math.log(24), math.log(240))) * (0.62 if two_rows else 1)
    quad = pose(width, texture.shape[1] / texture.shape[0], rng) + np.float32([rng.uniform(0.1, 0.9) * STREET_W, rng.uniform(0.1, 0.9) * STREET_H])
    if all(np.linalg.norm(quad.mean(0) - other.mean(0)) > 0.6 * (np.ptp(other[:, 0]) + np.ptp(quad[:, 0])) for other in street.corners):
        mount(street.luma, quad, rng)
        paste(street.luma, np.clip(texture, 0, 255), quad.astype(np.float32), rng.uniform(0, 0.13))
        street.corners.append(quad)
        street.two_rows.append(two_rows)


def street(all_scenes: list[Scene], others: list[np.ndarray], fonts: Fonts, rng: np.random.Generator) -> Street:
    if rng.random() < 0.86:
        picture, corners, rows = _overpainted(all_scenes[rng.integers(len(all_scenes))], fonts, rng)
    else:
        picture, corners, rows = others[rng.integers(len(others))].astype(np.float32), [], []
    seen, matrix = _placed(picture, corners, rng)
    moved = [cv2.perspectiveTransform(q[None].astype(np.float32), matrix)[0] for q in corners]
    result = Street(seen, moved, rows)
    if rng.random() < (0.3 if corners else 0.6):
        _free_plate(result, fonts, rng)
    smallest = min([float(np.ptp(q[:, 0])) for q in result.corners] or [150.0])
    result.luma = shoot(result.luma, max(smallest, 30.0) * 1.2, rng, rng.random() < 0.07)
    keep = [
        i for i, q in enumerate(result.corners)
        if 0 < q[:, 0].mean() < STREET_W and 0 < q[:, 1].mean() < STREET_H and np.ptp(q[:, 0]) > 12
    ]
    result.corners, result.two_rows = [result.corners[i] for i in keep], [result.two_rows[i] for i in keep]
    return result
