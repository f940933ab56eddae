"""Looks: copies of a picture look alike, other pictures do not, and groups are those of all pairs."""

from __future__ import annotations

import io
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from stumper.images.look import MOST_COLOUR, MOST_LIGHT, alike, distance, groups, look
from stumper.records import ImageId
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene

COLOUR_BITS = 160


@cache
def scene(number: int) -> Image.Image:
    return draw(sample_scene(number, style="complex" if number % 2 else "simple"), 320)


def jpeg(picture: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=40)
    return Image.open(buffer)


@pytest.mark.parametrize("number", [3, 8, 21])
def test_copies_look_like_their_original(number: int) -> None:
    picture = scene(number)
    copies = [
        picture.resize((160, 160)),
        picture.resize((640, 600)),
        jpeg(picture),
        picture.crop((5, 5, 315, 315)),
        ImageEnhance.Brightness(picture).enhance(1.1),
        ImageEnhance.Brightness(picture).enhance(0.9),
    ]

    assert all(alike(look(picture), look(copy)) for copy in copies)


def test_different_scenes_and_mirrored_ones_do_not_look_alike() -> None:
    looks = [look(scene(number)) for number in range(16)]

    assert not [pair for pair in combinations(looks, 2) if alike(*pair)]
    assert not any(alike(look(scene(n)), look(ImageOps.mirror(scene(n)))) for n in range(16))


def test_a_look_is_64_digits_and_empty_where_nothing_is_to_be_seen() -> None:
    assert len(look(scene(1))) == 64
    assert look(Image.new("RGB", (200, 100), "red")) == ""
    assert groups({ImageId("a"): "", ImageId("b"): ""}) == {"a": "a", "b": "b"}


def test_a_smooth_picture_has_too_few_waves_to_be_compared() -> None:
    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (256, 1)))

    assert look(ramp) == look(ImageOps.mirror(ramp)) == ""


def test_the_first_wave_goes_across_and_the_second_down() -> None:
    """By hand: a grain on a ramp that darkens to the right; the cosine begins at 1 on the bright side."""
    ramp = np.tile(np.arange(256)[::-1], (256, 1))
    grain = np.random.default_rng(1).integers(-20, 20, ramp.shape)
    across = np.clip(ramp + grain, 0, 255).astype(np.uint8)
    down = across.T.copy()

    def bit(picture: np.ndarray, at: int) -> int:
        return int(look(Image.fromarray(picture.copy())), 16) >> (255 - at) & 1

    assert (bit(across, 0), bit(across[:, ::-1], 0)) == (1, 0)
    assert (bit(down, 1), bit(down[::-1], 1)) == (1, 0)


def test_distance_counts_bits_and_refuses_what_is_no_look() -> None:
    one = look(scene(1))

    assert distance(one, one) == 0
    assert distance("0" * 64, "f" * 64) == 256
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        distance(one, "")


@st.composite
def looks(draw: st.DrawFn) -> str:
    """Looks in crowds: a few bits away from one of three, at the very limits too."""
    base = draw(st.sampled_from((0, (1 << 256) - 1, int("5a" * 32, 16))))
    light = draw(st.integers(0, MOST_LIGHT + 1))
    colour = draw(st.integers(0, MOST_COLOUR + 1))
    at = draw(st.integers(0, 40))
    flips = (((1 << light) - 1) << (COLOUR_BITS + at)) | (((1 << colour) - 1) << at)
    return f"{base ^ flips:064x}"


@settings(max_examples=60)
@given(st.lists(st.none() | looks(), max_size=12))
def test_groups_are_what_all_pairs_and_their_pairs_give(pool: list[str | None]) -> None:
    named = {ImageId(f"p{n}"): one for n, one in enumerate(pool)}
    leader = dict(zip(named, named, strict=True))
    changed = True
    while changed:  # naively: take on the oldest leader of whatever is alike until nothing changes
        changed = False
        for (a, one), (b, other) in combinations(named.items(), 2):
            if one and other and alike(one, other) and leader[a] != leader[b]:
                oldest = min(leader[a], leader[b], key=list(named).index)
                leader[a] = leader[b] = oldest
                changed = True

    assert groups(named) == leader
