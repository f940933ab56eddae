"""Pairs as TRL's collator takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stumper.errors import BadRelease
from stumper.tune.pairs import Pair

if TYPE_CHECKING:
    from datasets import Dataset


def to_dataset(pairs: Sequence[Pair], *, image_px: int | None, prefers: bool = False) -> Dataset:
    """Pairs as TRL's collators take them: prompt and completion, or, for DPO, prompt, chosen and rejected.

    Raises BadRelease for a picture that is missing or broken.
    """
    from datasets import Dataset, Features, Image, List, Value

    message = [{"role": Value("string"), "content": Value("string")}]
    answers = ("chosen", "rejected") if prefers else ("completion",)
    columns = dict.fromkeys(("prompt", *answers), message)
    rows = []
    for pair in pairs:
        row = {"images": [_picture(pair.image, image_px)], "prompt": _says("user", pair.prompt)}
        for name, text in zip(answers, (pair.completion, pair.rejected), strict=False):
            row[name] = _says("assistant", text)
        rows.append(row)
    return Dataset.from_list(rows, features=Features({"images": List(Image()), **columns}))


def _says(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


def _picture(path: Path, image_px: int | None) -> dict[str, Any]:
    """The picture as encoded bytes, scaled once here and not again in every epoch."""
    import io

    from PIL import Image

    try:
        if image_px is None:
            return {"bytes": path.read_bytes(), "path": None}
        with Image.open(path) as picture:
            small = picture.convert("RGB").resize((image_px, image_px), Image.Resampling.BOX)
    except OSError as error:
        raise BadRelease(f"The picture {path} cannot be read: {error}. Build the release again.") from error
    buffer = io.BytesIO()
    small.save(buffer, "PNG", compress_level=1)
    return {"bytes": buffer.getvalue(), "path": None}
