"""The disk of a run: is there room enough, and what is saved is saved whole or not at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadSetting

_PART: Final = ".part"
_CHECKPOINTS: Final = 3
"""The best, the last, and the one being written."""
_STATE: Final = 12
"""Bytes of a trained weight in a checkpoint: itself and Adam's two means, in single precision."""
_FULL: Final = ("no space left", "disk quota exceeded", "PytorchStreamWriter failed", "unexpected pos")
"""What safetensors and torch say where others raise an OSError with its number."""


def space_needed(model: Any, trained: int, *, merge: bool, quantized: bool = False) -> int:
    """Returns the bytes that a run writes at most, reckoned from the loaded model and its trained weights."""
    whole = sum(weight.numel() * weight.element_size() for weight in model.parameters()) if merge else 0
    whole *= 4 if quantized else 1  # merged weights have 16 bits again
    return whole + _CHECKPOINTS * _STATE * trained


def ensure_space(out_dir: Path, needed: int) -> None:
    """Raises BadSetting if the disk that holds a folder has less than ``needed`` bytes free."""
    free = shutil.disk_usage(out_dir).free
    if free < needed:
        raise BadSetting(
            f"The disk of {out_dir} has {free / 1e9:.2f} GB free, and the run needs up to {needed / 1e9:.2f} "
            "GB for its checkpoints and the tuned model. Free some, or give an --out on another disk."
        )


def save_whole(out_dir: Path, write: Callable[[Path], object]) -> None:
    """Lets ``write`` fill a folder beside, and moves its files here when all are written.

    Raises BadSetting if the disk is full; then nothing of it is left.
    """
    part = out_dir / _PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with telling_of_a_full_disk(out_dir):
            write(part)
        for path in sorted(part.iterdir()):
            if (there := out_dir / path.name).is_dir():
                shutil.rmtree(there)
            path.replace(there)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def telling_of_a_full_disk(folder: Path) -> Iterator[None]:
    """Raises BadSetting with the way out where something fails because the disk is full."""
    try:
        yield
    except Exception as error:
        if not _is_full(error):
            raise
        raise BadSetting(
            f"The disk of {folder} is full. Free some space and run the same command again: it goes on at "
            "its last checkpoint."
        ) from error


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    told = str(error).lower()
    return any(sign.lower() in told for sign in _FULL)
