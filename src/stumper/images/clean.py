"""An untrusted file becomes the picture that is stored: upright, 8-bit sRGB, and nothing but pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from stumper.errors import BadImage
from stumper.images.look import look
from stumper.vlm.picture import BROKEN, MAX_PIXELS, open_picture

_LOSSLESS: Final = frozenset(("PNG", "GIF"))
_SRGB: Final = ImageCms.createProfile("sRGB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a picture must keep to."""

    max_bytes: int = 20_000_000
    max_pixels: int = MAX_PIXELS
    max_side_px: int = 16_384
    """A strip longer than this has few pixels, and yet no model or phone shows it."""
    min_side_px: int = 64


@dataclass(frozen=True, slots=True)
class Cleaned:
    data: bytes
    suffix: str
    width_px: int
    height_px: int
    look: str


def clean(data: bytes, limits: Limits) -> Cleaned:
    """Returns the first frame re-encoded: as PNG if it came as PNG or GIF, else as JPEG of quality 90.

    The orientation in the metadata is applied, a colour profile converted to sRGB, transparency laid on
    white; position, camera, comments and everything else that is not a pixel is gone. The same file gives the
    same bytes. Raises BadImage with the reason.
    """
    if len(data) > limits.max_bytes:
        raise BadImage(f"larger than {limits.max_bytes / 1e6:g} MB")
    picture = open_picture(data, max_pixels=limits.max_pixels)
    _check_sides(picture, limits)
    lossless = picture.format in _LOSSLESS
    try:
        picture.load()
        flat = _in_srgb(_upright(picture))
    except MemoryError as error:
        raise BadImage("needs too much memory to be decoded") from error
    except BROKEN as error:
        raise BadImage(f"a broken or cut off {picture.format} file") from error
    buffer = io.BytesIO()
    if lossless:
        flat.save(buffer, "PNG", compress_level=6)
    else:
        flat.save(buffer, "JPEG", quality=90)
    return Cleaned(buffer.getvalue(), ".png" if lossless else ".jpg", flat.width, flat.height, look(flat))


def _check_sides(picture: Image.Image, limits: Limits) -> None:
    if min(picture.size) < limits.min_side_px:
        raise BadImage(
            f"only {picture.width} x {picture.height} pixels; each side needs {limits.min_side_px} at least"
        )
    if max(picture.size) > limits.max_side_px:
        raise BadImage(
            f"{picture.width} x {picture.height} pixels; a side may have {limits.max_side_px} at most"
        )


def _upright(picture: Image.Image) -> Image.Image:
    """Applies the EXIF orientation; a broken EXIF block says nothing, and the pixels are kept as they lie."""
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except BROKEN:
        return picture
    if orientation == 1:
        return picture
    return ImageOps.exif_transpose(picture)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Returns an RGB picture without an info dictionary, from any mode of the four formats."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith(("I", "F")):
        picture = _eight_bit(picture)
    if picture.has_transparency_data:
        seen_through = picture.convert("RGBA")
        picture = Image.new("RGBA", picture.size, "white")
        picture.alpha_composite(seen_through)
        picture = picture.convert("RGB")
    if picture.mode in ("P", "L", "1", "LA"):
        picture = picture.convert("RGB")
    flat = _profiled(picture, profile) or picture.convert("RGB")
    # A new image rather than a copy: copies carry the metadata on, and some writers write it out again.
    return Image.frombytes("RGB", flat.size, flat.tobytes())


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Scales 16-bit grey to 8 bits; Pillow's own conversion would cut everything above 255 to white."""
    values = np.clip(np.asarray(picture), 0, 65_535).astype(np.uint16)
    return Image.fromarray((values >> 8).astype(np.uint8))


def _profiled(picture: Image.Image, profile: object) -> Image.Image | None:
    """Returns the picture converted from its colour profile, or None if there is none that fits its mode."""
    if not isinstance(profile, bytes) or not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
