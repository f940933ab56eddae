"""Pairs as TRL's collator takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stumper.errors import BadRelease
from stumper.tune.pairs import Pair

if TYPE_CHECKING:
    from datasets import Dataset


def to_dataset(pairs: Sequence[Pair], *, image_px: int | None) -> Dataset:
    """Pairs as TRL's collator takes them. Raises BadRelease for a picture that is missing or broken."""
    from datasets import Dataset, Features, Image, List, Value

    message = [{"role": Value("string"), "content": Value("string")}]
    features = Features({"images": List(Image()), "prompt": message, "completion": message})
    return Dataset.from_list(
        [
            {
                "images": [_picture(pair.image, image_px)],
                "prompt": [{"role": "user", "content": pair.prompt}],
                "completion": [{"role": "assistant", "content": pair.completion}],
            }
            for pair in pairs
        ],
        features=features,
    )


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
