"""Picture files for tests: ordinary, odd and hostile ones, all made here."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

CORNERS = {"red": (220, 30, 30), "green": (30, 160, 30), "blue": (30, 30, 220), "yellow": (230, 220, 40)}


def corners(width: int = 120, height: int = 80) -> Image.Image:
    """Red top left, green top right, blue bottom left, yellow bottom right."""
    picture = Image.new("RGB", (width, height))
    boxes = [(0, 0), (width // 2, 0), (0, height // 2), (width // 2, height // 2)]
    for colour, (left, top) in zip(CORNERS.values(), boxes, strict=True):
        picture.paste(colour, (left, top, left + width // 2, top + height // 2))
    return picture


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def png(seed: int = 0, *, size: tuple[int, int] = (96, 72)) -> bytes:
    """A picture of its own for every seed."""
    rng = np.random.default_rng(seed)
    return encoded(Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)), "PNG")


def noisy_jpeg() -> bytes:
    """A JPEG with enough data in it to be cut in the middle."""
    return encoded(Image.open(io.BytesIO(png(7, size=(300, 200)))), "JPEG")


def with_gps_and_orientation(orientation: int) -> bytes:
    """A JPEG as a phone writes it: lying on its side, with camera, place and a comment."""
    picture = corners()
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 14.5)
    return encoded(picture, "JPEG", quality=95, exif=exif, comment=b"taken at home")


def animated_gif() -> bytes:
    frames = [Image.new("RGB", (80, 80), colour) for colour in ("red", "blue", "green")]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)


def profile_of_another_space() -> bytes:
    """A colour profile for Lab, which no RGB picture can have."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def profile_with_red_for_blue() -> bytes:
    """An RGB profile in which the primaries red and blue have changed places."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"swap").replace(b"bXYZ", b"rXYZ").replace(b"swap", b"bXYZ")


def png_claiming(width: int, height: int) -> bytes:
    """A few hundred bytes that ask for ``width`` x ``height`` pixels: a decompression bomb."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
        + chunk(b"IEND", b"")
    )


def png_with_text_bomb() -> bytes:
    """A PNG whose compressed comment would unpack to 64 MB."""
    whole = png(3)
    text = b"Comment\0\0" + zlib.compress(b"x" * 64_000_000, 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    return whole[:33] + chunk + whole[33:]


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", png())
    return buffer.getvalue()


def write_zoo(folder: Path, count: int) -> list[Path]:
    """Writes ``count`` different pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(png(number))
    return paths
