"""All networks at once on one machine: processes that draw plates, and one training each; they end together.

By steps instead of minutes all plates are drawn first, and each network takes so many steps."""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .plate_bank import FLAT_H, FLAT_W, draw_once, fill

NETWORKS = ("reader", "refiner", "detector")
# The refiner is small and learns fast: it leaves the device to the others for the rest of the time.
SHARE_OF_TIME = {"reader": 1.0, "refiner": 0.6, "detector": 1.0}
PATIENCE_SECONDS = 60.0


def _roomy(plates: int) -> str | None:
    """Shared memory where it is large enough, else the folder for temporary files."""
    memory = Path("/dev/shm")
    return str(memory) if memory.exists() and shutil.disk_usage(memory).free > 2 * plates * FLAT_W * FLAT_H else None


def command(network: str, options: argparse.Namespace, bank: Path, begun: float, until: float) -> list[str]:
    ends = ["--steps", str(options.steps)] if options.steps else ["--until", str(begun + (until - begun) * SHARE_OF_TIME[network])]
    made = [sys.executable, "-m", "gtplates", "train", network, "--device", options.device, "--bank", str(bank), "--pack", str(options.pack)]
    made += [*ends, "--out", str(options.out / f"{network}.pt"), "--seed", str(options.seed), "--wait-for", str(options.wait_for)]
    start = options.pack / "start" / f"{network}.pt"
    made += ["--start", str(start)] if start.exists() else []
    return made + (["--batch", str(options.batch)] if options.batch else [])


def train_all(options: argparse.Namespace, font_folders: list[Path]) -> None:
    begun = time.time()
    until = math.inf if options.steps else begun + options.minutes * 60
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="plate-bank-", dir=_roomy(options.plates)) as folder:
        bank = Path(folder)
        draw, drawing = (options.plates, options.draw, options.seed, font_folders), []
        if options.steps:
            draw_once(bank, *draw)
        else:
            drawing = fill(bank, *draw)
        try:
            running = {}
            for network in options.networks:
                log = (options.out / f"{network}.log").open("w")
                environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
                running[network] = subprocess.Popen(
                    command(network, options, bank, begun, until), stdout=log, stderr=subprocess.STDOUT, env=environment
                )
            ends = f"for {options.steps} steps each" if options.steps else f"until {options.minutes} minutes have passed"
            print(f"{len(drawing)} drawing, {len(running)} training {ends}", flush=True)
            _wait(running, options.out, until + PATIENCE_SECONDS)
        finally:
            for process in drawing:
                process.terminate()


def _wait(running: dict[str, subprocess.Popen], out: Path, until: float) -> None:
    """The last line of each log now and then, until all have ended; who does not end is killed, its last checkpoint stays."""
    while any(p.poll() is None for p in running.values()) and time.time() < until:
        time.sleep(10)
        for network in running:
            lines = (out / f"{network}.log").read_text().splitlines()
            print(f"{network}: {lines[-1] if lines else ''}", flush=True)
    for network, process in running.items():
        if process.poll() is None:
            process.kill()
        print(f"{network} ended with {process.wait()}", flush=True)
