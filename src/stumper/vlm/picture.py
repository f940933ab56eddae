"""Opening pictures from untrusted bytes, and making the pictures that models are sent and checked with.

Every byte that reaches Pillow goes through ``open_picture``: few formats, and no size that could fill the
memory.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import Final

from PIL import Image, ImageDraw

from stumper.errors import BadImage

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
MAX_PIXELS: Final = 40_000_000
"""A 40-megapixel picture takes 120 MB once decoded, and every phone camera stays below it by default."""

# Pillow only warns about a picture between one and two times its own limit; here that is a refusal as well.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    EOFError,
    OverflowError,
    MemoryError,
    TypeError,
    AttributeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)
"""What Pillow's decoders may raise on a broken file: they parse in Python and raise what happens there."""


def open_picture(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Reads the header of an encoded picture; pixels are decoded later, by ``load``.

    Raises BadImage if ``data`` is no JPEG, PNG, WebP or GIF, or has more than ``max_pixels``.
    """
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImage(
            f"The picture has more than {max_pixels / 1e6:g} megapixels. Scale it down."
        ) from error
    except BROKEN as error:
        raise BadImage(
            "This is no readable JPEG, PNG, WebP or GIF file. Convert it to one of these."
        ) from error
    if picture.width * picture.height > max_pixels:
        raise BadImage(
            f"The picture has {picture.width} x {picture.height} pixels, more than {max_pixels / 1e6:g} "
            "megapixels. Scale it down."
        )
    return picture


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Returns the first frame, decoded, as an RGB picture. Raises BadImage also for a broken file."""
    picture = open_picture(data, max_pixels=max_pixels)
    try:
        return picture.convert("RGB") if picture.mode != "P" else picture.convert("RGBA").convert("RGB")
    except BROKEN as error:
        raise BadImage(f"The {picture.format} file is broken or cut off. Save it again.") from error


def to_jpeg(data: bytes, *, longest_px: int = 2048) -> bytes:
    """Re-encodes a picture as JPEG, scaled down to ``longest_px``: the one format every endpoint takes.

    Raises BadImage.
    """
    picture = decode(data)
    picture.thumbnail((longest_px, longest_px))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def ball(colour: str) -> bytes:
    """Returns a PNG of one ball on white, for asking a model whether it sees at all."""
    picture = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(picture).ellipse((48, 48, 208, 208), fill=colour)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
