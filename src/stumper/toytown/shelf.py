"""Pictures drawn ahead of training, on disk: drawing on the fly would halve the speed of one core.

A shelf is a folder with `pictures.npy` (count, side, side, 3) and `labels.npy` (count, cells, tasks). The
scenes are not stored: `sample_scene` gives them back from their seeds.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from stumper.toytown import perception
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene
from stumper.toytown.world import Scene

FIRST_TRAINING_SEED: Final = 1_000_000
"""Training scenes have seeds from here on; the game, releases and gates use smaller ones."""
_STYLES: Final = ("simple", "mixed", "complex", "mixed")
"""In turn: simple scenes as in the control turns of the game, busy ones for hands, words and hours."""
_CHUNK: Final = 250


@dataclass(frozen=True, slots=True)
class Shelf:
    """Drawn pictures with the labels of their cells; read-only memory maps."""

    pictures: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pictures)


def training_scene(number: int) -> Scene:
    """Returns the scene of the picture with this number on the shelf."""
    return sample_scene(FIRST_TRAINING_SEED + number, style=_STYLES[number % len(_STYLES)])


def fill(folder: Path, *, count: int, image_px: int, side: int, workers: int) -> Shelf:
    """Draws the first `count` training pictures into `folder`; what is there already stays.

    Processes share the work in chunks, each written in place, so that a shelf can be read while it fills.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _map(folder / "pictures.npy", (count, image_px, image_px, 3))
    _map(folder / "labels.npy", (count, side * side, len(perception.TASKS)))
    jobs = [(folder, first, min(first + _CHUNK, count), image_px, side) for first in range(0, count, _CHUNK)]
    missing = [job for job in jobs if not _mark(folder, job[1]).exists()]
    if workers <= 1:
        for job in missing:
            _draw_chunk(job)
    else:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            for _ in pool.imap(_draw_chunk, missing):
                pass
    return load(folder)


def load(folder: Path) -> Shelf:
    """Opens a shelf. Raises FileNotFoundError if it was never filled."""
    return Shelf(
        np.load(folder / "pictures.npy", mmap_mode="r"),
        np.load(folder / "labels.npy", mmap_mode="r"),
    )


def drawn(folder: Path) -> int:
    """Returns how many pictures, from the first on, are ready."""
    ready = 0
    while _mark(folder, ready).exists():
        ready += _CHUNK
    return ready


def _map(path: Path, shape: Sequence[int]) -> None:
    if path.exists() and np.load(path, mmap_mode="r").shape == tuple(shape):
        return
    for mark in path.parent.glob("*.drawn"):
        mark.unlink()
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=tuple(shape)).flush()


def _mark(folder: Path, first: int) -> Path:
    return folder / f"{first:08d}.drawn"


def _draw_chunk(job: tuple[Path, int, int, int, int]) -> None:
    folder, first, last, image_px, side = job
    pictures = np.load(folder / "pictures.npy", mmap_mode="r+")
    labels = np.load(folder / "labels.npy", mmap_mode="r+")
    for number in range(first, last):
        scene = training_scene(number)
        pictures[number] = np.asarray(draw(scene, image_px).convert("RGB"))
        labels[number] = perception.label_cells(scene, side=side)
    pictures.flush()
    labels.flush()
    _mark(folder, first).touch()
