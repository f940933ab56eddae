"""Picture files made to break what decodes them, and what must become of each."""

from __future__ import annotations

import io
import random
import time
from collections import Counter
from functools import cache

from PIL import Image, PngImagePlugin

from stumper.errors import BadImage
from stumper.images.clean import Limits
from stumper.images.sandbox import Sandbox
from tests.images import pictures

SCRIPT = b"<script>alert(1)</script>"
LIMITS = Limits()


@cache
def whole() -> tuple[bytes, ...]:
    """Good files of every kind that comes up, some with a script in their metadata."""
    one = pictures.corners(160, 120)
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SCRIPT.decode())
    info.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    profile = pictures.profile_with_red_for_blue()
    made = [pictures.encoded(one, kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")]
    made += [pictures.encoded(one.convert(mode), "PNG") for mode in ("1", "L", "LA", "P", "RGBA", "I;16")]
    made += [pictures.encoded(one.convert("CMYK"), "JPEG"), pictures.encoded(one, "JPEG", progressive=True)]
    made += [pictures.with_gps_and_orientation(number) for number in (0, 3, 6, 9)]
    made += [pictures.encoded(one, "PNG", pnginfo=info, icc_profile=profile), pictures.animated_gif()]
    made += [pictures.encoded(one, "JPEG", comment=SCRIPT, exif=b"Exif\0\0" + SCRIPT, icc_profile=b"x" * 900)]
    made += [pictures.encoded(one, "WEBP", xmp=SCRIPT, lossless=True), pictures.png_with_text_bomb()]
    frames = [Image.new("L", (64, 64), shade) for shade in range(0, 250, 5)]
    made += [pictures.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])]
    made += [b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", pictures.zipped(), b""]
    return tuple(made)


def hostile(number: int) -> bytes:
    """Returns the file of a number: whole, cut, flipped, spliced, with another file behind or in front of it,
    or a header that claims any size at all.
    """
    rng = random.Random(number)
    data = bytearray(rng.choice(whole()))
    match rng.randrange(7):
        case 0:
            return bytes(data[: rng.randrange(len(data) + 1)])
        case 1:
            for _ in range(rng.randint(1, 20)):
                if data:
                    data[rng.randrange(min(len(data), rng.choice((40, 400, len(data)))))] ^= (
                        1 << rng.randrange(8)
                    )
        case 2:
            other, at = rng.choice(whole()), rng.randrange(len(data) + 1)
            data[at:] = other[rng.randrange(len(other) + 1) :]
        case 3:
            data += rng.choice((SCRIPT, pictures.zipped(), b"\0" * 100_000, rng.choice(whole())))
        case 4:
            data[:0] = rng.choice(
                (SCRIPT, b"GIF89a", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"\xff\xd8\xff")
            )
        case 5:
            sides = (0, 1, 63, 64, 6_000, 16_384, 65_535, 2**31 - 1, 2**32 - 1)
            return pictures.png_claiming(rng.choice(sides), rng.choice(sides))
    return bytes(data)


def attack(sandbox: Sandbox, numbers: range) -> tuple[Counter[str], float]:
    """Cleans the files of ``numbers``; returns how many were taken and refused for which reason, and the
    longest time in seconds. Raises AssertionError for a picture with anything but pixels in it.
    """
    found: Counter[str] = Counter()
    longest = 0.0
    for number in numbers:
        data, began = hostile(number), time.perf_counter()
        try:
            cleaned = sandbox.clean(data, LIMITS).data
        except BadImage as error:
            reason = str(error)
            found["".join("#" if sign.isdigit() else sign for sign in reason)] += 1
        else:
            found["taken"] += 1
            assert SCRIPT not in cleaned, f"file {number} keeps a script"
            with Image.open(io.BytesIO(cleaned)) as picture:
                kept = picture.info.keys() - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
                assert (picture.mode, kept, dict(picture.getexif())) == ("RGB", set(), {}), f"file {number}"
        longest = max(longest, time.perf_counter() - began)
    assert all(reason.isprintable() for reason in found), found
    return found, longest
