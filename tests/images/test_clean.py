"""Untrusted files: what comes out upright, in sRGB and without metadata, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from stumper.errors import BadImage
from stumper.images.clean import Limits, clean
from tests.examples import examples
from tests.images import pictures

LIMITS = Limits()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def colour_at(picture: Image.Image, x: float, y: float) -> str:
    """The name of the nearest of the four corner colours."""
    pixel = picture.convert("RGB").getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    return min(
        pictures.CORNERS,
        key=lambda name: sum((a - b) ** 2 for a, b in zip(pictures.CORNERS[name], pixel, strict=True)),
    )


def corners_of(picture: Image.Image) -> list[str]:
    return [colour_at(picture, x, y) for x, y in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9))]


# Where the top left, top right, bottom left and bottom right corners come from (EXIF 2.32, tag 0x0112).
ORIENTATIONS = {
    1: ["red", "green", "blue", "yellow"],
    2: ["green", "red", "yellow", "blue"],
    3: ["yellow", "blue", "green", "red"],
    4: ["blue", "yellow", "red", "green"],
    5: ["red", "blue", "green", "yellow"],
    6: ["blue", "red", "yellow", "green"],
    7: ["yellow", "green", "blue", "red"],
    8: ["green", "yellow", "red", "blue"],
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_turns_pictures_upright_and_strips_the_rest(orientation: int) -> None:
    came = pictures.with_gps_and_orientation(orientation)
    assert b"SecretCamera" in came
    cleaned = clean(came, LIMITS)
    picture = opened(cleaned.data)
    assert corners_of(picture) == ORIENTATIONS[orientation]
    assert (
        (cleaned.width_px, cleaned.height_px) == picture.size == ((120, 80) if orientation < 5 else (80, 120))
    )
    assert dict(picture.getexif()) == {}
    assert picture.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"SecretCamera" not in cleaned.data
    assert b"taken at home" not in cleaned.data


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (pictures.encoded(pictures.corners(), "PNG"), ".png"),
        (pictures.encoded(pictures.corners(), "GIF"), ".png"),
        (pictures.encoded(pictures.corners().convert("P"), "PNG", transparency=3), ".png"),
        (pictures.encoded(pictures.corners().convert("RGBA"), "PNG"), ".png"),
        (pictures.encoded(pictures.corners(), "JPEG", quality=95), ".jpg"),
        (pictures.encoded(pictures.corners(), "JPEG", quality=95, progressive=True), ".jpg"),
        (pictures.encoded(pictures.corners().convert("CMYK"), "JPEG", quality=95), ".jpg"),
        (pictures.encoded(pictures.corners(), "WEBP", quality=90), ".jpg"),
        (
            pictures.encoded(pictures.corners(), "JPEG", icc_profile=pictures.profile_of_another_space()),
            ".jpg",
        ),
    ],
    ids=["png", "gif", "palette", "rgba", "jpeg", "progressive", "cmyk", "webp", "profile"],
)
def test_takes_every_kind_of_picture(data: bytes, suffix: str) -> None:
    cleaned = clean(data, LIMITS)
    picture = opened(cleaned.data)
    assert cleaned.suffix == suffix
    assert picture.mode == "RGB"
    assert corners_of(picture) == ORIENTATIONS[1]


def test_takes_the_first_frame_of_an_animation() -> None:
    picture = opened(clean(pictures.animated_gif(), LIMITS).data)
    assert getattr(picture, "n_frames", 1) == 1
    assert picture.convert("RGB").getpixel((40, 40)) == (255, 0, 0)


def test_keeps_the_shades_of_16_bit_grey() -> None:
    ramp = np.tile(np.linspace(0, 65_535, 256, dtype=np.uint16), (64, 1))
    cleaned = clean(pictures.encoded(Image.fromarray(ramp), "PNG"), LIMITS)
    shades = np.asarray(opened(cleaned.data))[0, :, 0]
    assert shades.tolist() == [value >> 8 for value in ramp[0].tolist()]


def test_lays_transparency_on_white() -> None:
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert opened(clean(pictures.encoded(clear, "PNG"), LIMITS).data).getpixel((5, 5)) == (255, 255, 255)
    grey = Image.new("LA", (64, 64), (0, 0))
    assert opened(clean(pictures.encoded(grey, "PNG"), LIMITS).data).getpixel((5, 5)) == (255, 255, 255)


def test_converts_from_the_profile_of_the_picture() -> None:
    profile = pictures.profile_with_red_for_blue()
    data = pictures.encoded(pictures.corners(), "PNG", icc_profile=profile)
    assert corners_of(opened(clean(data, LIMITS).data))[:3] == ["blue", "green", "red"]


def test_ignores_a_broken_profile() -> None:
    data = pictures.encoded(pictures.corners(), "PNG", icc_profile=b"not a profile at all" * 10)
    assert corners_of(opened(clean(data, LIMITS).data)) == ORIENTATIONS[1]


def test_the_same_pixels_give_the_same_bytes() -> None:
    plain = pictures.encoded(pictures.corners(), "PNG")
    chatty = pictures.encoded(pictures.corners(), "PNG", dpi=(72, 72), compress_level=1)
    assert plain != chatty
    assert clean(plain, LIMITS) == clean(chatty, LIMITS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no readable JPEG, PNG, WebP or GIF"),
        (b"<html><script>alert(1)</script></html>", "no readable"),
        (pictures.zipped(), "no readable"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no readable"),
        (pictures.encoded(pictures.corners(), "BMP"), "no readable"),
        (pictures.encoded(pictures.corners(), "TIFF"), "no readable"),
        (pictures.noisy_jpeg()[:-4000], "broken or cut off JPEG"),
        (pictures.png(1, size=(300, 200))[:-4000], "broken or cut off PNG"),
        (pictures.png_claiming(100_000, 100_000), "megapixels"),
        (pictures.png_claiming(10_000, 10_000), "megapixels"),
        (pictures.png_claiming(8_000, 6_000), "megapixels"),
        (pictures.png_claiming(1_000, 1_000), "broken or cut off PNG"),
        (pictures.png_claiming(30_000, 100), "16384 at most"),
        (pictures.png_with_text_bomb(), "no readable|broken"),
        (pictures.png(1, size=(63, 200)), "only 63 x 200 pixels"),
    ],
    ids=[
        "empty", "html", "zip", "svg", "bmp", "tiff", "cut-jpeg", "cut-png", "bomb", "bomb-small", "large",
        "short-data", "strip", "text-bomb", "tiny",
    ],
)  # fmt: skip
def test_refuses_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        clean(data, LIMITS)


def test_refuses_more_bytes_than_allowed() -> None:
    with pytest.raises(BadImage, match=r"larger than 0.001 MB"):
        clean(pictures.png(1), Limits(max_bytes=1000))


_WHOLE = {
    "PNG": pictures.png(2),
    "JPEG": pictures.encoded(pictures.corners(), "JPEG"),
    "EXIF": pictures.with_gps_and_orientation(6),
    "WEBP": pictures.encoded(pictures.corners(), "WEBP"),
    "GIF": pictures.animated_gif(),
}


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(sorted(_WHOLE)),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=12),
    keep=st.floats(0.02, 1.0),
)
def test_a_damaged_file_is_cleaned_or_refused(kind: str, edits: list[tuple[float, int]], keep: float) -> None:
    damaged = bytearray(_WHOLE[kind])
    for place, value in edits:
        damaged[int(place * len(damaged))] = value
    try:
        cleaned = clean(bytes(damaged[: max(1, int(keep * len(damaged)))]), Limits(max_pixels=1_000_000))
    except BadImage:
        return
    picture = opened(cleaned.data)
    assert picture.size == (cleaned.width_px, cleaned.height_px)


@settings(max_examples=examples(200))
@given(st.binary(max_size=400))
def test_bytes_at_random_are_refused(data: bytes) -> None:
    with pytest.raises(BadImage):
        clean(data, LIMITS)
