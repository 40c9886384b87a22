"""What light, lens, sensor and coder do to a picture (luma as float, 0..255)."""

from __future__ import annotations

import math
import subprocess

import cv2
import numpy as np

from .plate import field


def light_plate(texture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Slanted light, shadows across the plate, a reflection."""
    u, (h, w) = rng.uniform, texture.shape
    if rng.random() < 0.55:
        angle, strength = u(0, 2 * math.pi), u(0, 0.55)
        x, y = np.linspace(-0.5, 0.5, w, dtype=np.float32), np.linspace(-0.5, 0.5, h, dtype=np.float32)
        texture = texture * (1 + strength * (math.cos(angle) * x[None] + math.sin(angle) * y[:, None]))
    if rng.random() < 0.28:
        shade = np.zeros((h, w), np.float32)
        corners = rng.random((3 + rng.integers(3), 2)) * [w * 1.6, h * 1.6] - [w * 0.3, h * 0.3]
        cv2.fillPoly(shade, [corners.astype(np.int32)], 1)
        texture = texture * (1 - cv2.GaussianBlur(shade, (0, 0), u(0.8, 8)) * u(0.2, 0.7))
    if rng.random() < 0.1:
        cx, cy, size = u(0, w), u(0, h), u(0.05, 0.3) * w
        x, y = np.arange(w, dtype=np.float32) - cx, np.arange(h, dtype=np.float32) - cy
        glare = np.exp(-(x * x) / (2 * size * size))[None] * np.exp(-(y * y) / (2 * size * size))[:, None]
        texture = texture + u(50, 220) * glare
    return np.clip(texture, 0, 300)


def motion_kernel(length: int, angle: float) -> np.ndarray:
    kernel = np.zeros((length, length), np.float32)
    c, dx, dy = (length - 1) / 2, math.cos(angle) * length / 2, math.sin(angle) * length / 2
    cv2.line(kernel, (round(c - dx), round(c - dy)), (round(c + dx), round(c + dy)), 1.0, 1, cv2.LINE_AA)
    return kernel / max(kernel.sum(), 1e-6)


def _lens(picture: np.ndarray, width: float, rng: np.random.Generator) -> np.ndarray:
    u, draw = rng.uniform, rng.random()
    # Bounded by the plate's width: beyond about a seventh of a character nobody could read it.
    if draw < 0.4:
        return cv2.GaussianBlur(picture, (0, 0), u(0.25, max(0.5, min(3.5, width * 0.0135))))
    if draw < 0.6:
        length = int(u(2, max(3.5, min(15, width * 0.05)))) | 1
        angle = rng.normal(0, 0.25) if rng.random() < 0.7 else u(0, math.pi)
        return cv2.filter2D(picture, -1, motion_kernel(length, angle))
    return picture


def _night(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A dark street: the scene is dark already, lamps bloom over it."""
    u, (h, w) = rng.uniform, picture.shape
    picture = picture * u(0.5, 1.1)
    for _ in range(rng.integers(0, 3)):
        cx, cy, size = u(0, w), u(0, h), u(0.02, 0.1) * w
        x, y = np.arange(w, dtype=np.float32) - cx, np.arange(h, dtype=np.float32) - cy
        picture = picture + u(80, 400) * np.exp(-np.abs(x) / size)[None] * np.exp(-np.abs(y) / size)[:, None]
    return picture


def _rain(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    h, w = picture.shape
    drops = np.zeros((h, w), np.float32)
    slant = rng.normal(0, 0.2)
    for _ in range(rng.integers(5, 50)):
        x, y, length = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.03, 0.16) * h
        cv2.line(drops, (int(x), int(y)), (int(x + slant * length), int(y + length)), rng.uniform(0.2, 1), 1, cv2.LINE_AA)
    return picture + (rng.uniform(120, 230) - picture) * cv2.GaussianBlur(drops, (0, 0), 0.6) * rng.uniform(0.1, 0.5)


def _sensor(picture: np.ndarray, width: float, rng: np.random.Generator) -> np.ndarray:
    u = rng.uniform
    picture = np.clip(picture * u(0.45, 1.3) + u(-10, 45) * (rng.random() < 0.5), 0, 255)
    picture = 255 * (picture / 255) ** u(0.6, 1.6)
    mean = picture.mean()
    picture = (picture - mean) * u(0.5, 1.1) + mean
    if rng.random() < 0.7:
        noise = rng.standard_normal(picture.shape, np.float32) * u(0, 4 + min(9, width * 0.05))
        if rng.random() < 0.4:
            noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * 1.8
        picture = picture + noise
    return picture


def _processing(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sharpening halos and smoothing of cheap cameras."""
    draw = rng.random()
    if draw < 0.22:
        soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.8, 1.8))
        return picture + (picture - soft) * rng.uniform(0.4, 2.2)
    if draw < 0.3:
        return cv2.medianBlur(np.clip(picture, 0, 255).astype(np.uint8), 3).astype(np.float32)
    return picture


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)


def shoot(picture: np.ndarray, plate_width: float, rng: np.random.Generator, dark: bool = False) -> np.ndarray:
    """A scene in float luma → the camera's picture, 8 bits; `plate_width` bounds how much is taken away."""
    size = (picture.shape[1], picture.shape[0])
    if dark:
        picture = _night(picture, rng)
    if rng.random() < 0.05:
        picture = _rain(picture, rng)
    # Re-scaled pictures (sub-streams, snapshots of other programs) carry blur, noise and blocks larger than a pixel.
    factor = rng.uniform(1.25, max(1.3, min(2.6, plate_width / 62))) if rng.random() < 0.3 and plate_width > 80 else 1.0
    if factor > 1:
        picture = cv2.resize(picture, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    width = plate_width / factor
    picture = _lens(picture, width, rng)
    picture = _sensor(picture, width, rng)
    picture = _processing(picture, rng)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        picture = jpeg(picture, int(rng.uniform(max(18, 60 - 0.3 * width), 95)))
    if factor > 1:
        how = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_NEAREST)[rng.integers(4)]
        picture = cv2.resize(picture, size, interpolation=how)
    return picture


def video_code(pictures: np.ndarray, codec: str, quality: int, moving: tuple[int, int]) -> np.ndarray:
    """(n, h, w) pictures tiled into one frame, coded by FFmpeg as a moving scene and decoded: real artefacts of H.264/H.265.

    Two frames are coded (the first shifted by `moving`), the second, predicted one comes back; no shift: a key frame.
    """
    n, h, w = pictures.shape
    columns = max(1, int(math.sqrt(n * h / w)))
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, h, w), np.uint8)
    sheet[:n] = pictures
    frame = np.ascontiguousarray(sheet.reshape(rows, columns, h, w).transpose(0, 2, 1, 3).reshape(rows * h, columns * w))
    frames = [frame] if moving == (0, 0) else [np.roll(frame, moving, (0, 1)), frame]
    grey = np.full(frame.size // 2, 128, np.uint8).tobytes()
    raw = b"".join(f.tobytes() + grey for f in frames)
    encoder = {"h264": "libx264", "h265": "libx265"}[codec]
    common = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1"]
    size = f"{frame.shape[1]}x{frame.shape[0]}"
    quiet = ["-x265-params", "log-level=none:pools=none:frame-threads=1"] if codec == "h265" else ["-threads", "1"]
    coded = subprocess.run(
        [*common, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-i", "pipe:0", "-c:v", encoder, *quiet,
         "-preset", "ultrafast", "-bf", "0", "-qp", str(quality), "-f", codec.replace("h265", "hevc"), "pipe:1"],
        input=raw, stdout=subprocess.PIPE, check=True,
    ).stdout
    decoded = subprocess.run(
        [*common, "-f", codec.replace("h265", "hevc"), "-i", "pipe:0", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"],
        input=coded, stdout=subprocess.PIPE, check=True,
    ).stdout
    last = np.frombuffer(decoded, np.uint8)[-frame.size :].reshape(rows, h, columns, w)
    return np.ascontiguousarray(last.transpose(0, 2, 1, 3).reshape(rows * columns, h, w)[:n])
