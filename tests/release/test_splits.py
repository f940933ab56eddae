"""Splits by image: disjoint, all three there, stable when examples come in."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import BadRelease
from stumper.records import ImageId, Split
from stumper.release.splits import place, split_images

_IMAGES = st.sets(st.text(alphabet="0123456789abcdef", min_size=4, max_size=8).map(ImageId), min_size=3)


@given(_IMAGES, st.integers(0, 2**32))
def test_every_image_has_one_split_and_no_split_is_empty(images: set[ImageId], seed: int) -> None:
    found = split_images(images, seed=seed)

    assert found.keys() == images
    assert set(found.values()) == set(Split)


@given(_IMAGES, st.integers(0, 99))
def test_order_and_repetition_change_nothing(images: set[ImageId], seed: int) -> None:
    backwards = sorted(images, reverse=True)

    assert split_images(backwards + backwards, seed=seed) == split_images(sorted(images), seed=seed)


def test_new_images_move_no_old_ones() -> None:
    images = [ImageId(f"{n:04x}") for n in range(400)]

    before, after = split_images(images[:100], seed=7), split_images(images, seed=7)

    assert all(after[image] is split for image, split in before.items())


def test_shares_are_as_promised() -> None:
    counts = Counter(split_images((ImageId(str(n)) for n in range(10_000)), seed=1).values())

    # 4.5 standard deviations of a binomial of 10,000
    assert abs(counts[Split.TRAIN] - 7000) < 210
    assert abs(counts[Split.VAL] - 1000) < 140
    assert abs(counts[Split.TEST] - 2000) < 180


def test_another_seed_is_another_split() -> None:
    images = [ImageId(str(n)) for n in range(50)]

    assert split_images(images, seed=1) != split_images(images, seed=2)


def test_place_is_the_same_on_every_machine() -> None:
    assert place(ImageId("abc"), seed=1) == pytest.approx(0.9795660, abs=1e-7)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_fewer_than_three_images_are_refused_with_the_number_and_the_way_out(number: int) -> None:
    with pytest.raises(BadRelease, match=rf"{number} image\(s\).*Play more sessions"):
        split_images([ImageId(str(n)) for n in range(number)], seed=1)
