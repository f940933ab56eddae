"""Pictures: the same for a scene, alike at every size, and with what questions ask about in sight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageStat

from stumper.toytown.art.pen import PAINTS
from stumper.toytown.art.people import raised_sides
from stumper.toytown.draw import draw, far_to_near
from stumper.toytown.sample import sample_scene
from stumper.toytown.world import (
    BACKGROUNDS,
    COLOURS,
    KINDS,
    LONGER_SIDE,
    PATTERNED_KINDS,
    PATTERNS,
    SHAPES,
    Relation,
    Scene,
    Thing,
)


def _thing(kind: str, **look: object) -> Thing:
    longer = LONGER_SIDE["big"] / 96
    wide, high = (side / max(SHAPES[kind]) * longer for side in SHAPES[kind])
    start = Thing(0, kind, "red", "plain", "big", 0.5, 0.7, round(wide * 96) / 96, round(high * 96) / 96)
    return replace(start, **look)  # type: ignore[arg-type]


def _scene(*things: Thing, background: str = "meadow") -> Scene:
    return Scene(0, background, things, ())


def _array(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, dtype=np.float32)


def _difference(one: Scene, other: Scene) -> float:
    """Returns the summed difference of two pictures in units of one fully changed pixel."""
    return float(np.abs(_array(draw(one, 96)) - _array(draw(other, 96))).sum() / 765)


def test_a_scene_is_always_drawn_the_same() -> None:
    scene = sample_scene(5, style="complex")

    assert draw(scene, 96).tobytes() == draw(scene, 96).tobytes()
    assert draw(scene, 200).size == (200, 200)
    assert draw(scene, 96).mode == "RGB"


@pytest.mark.slow
def test_the_small_picture_looks_like_the_large_one_made_small() -> None:
    for seed in range(12):
        scene = sample_scene(seed, style="complex")
        reduced = draw(scene, 576).reduce(6)

        assert np.abs(_array(reduced) - _array(draw(scene, 96))).mean() < 3.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", COLOURS)
def test_the_colour_of_a_thing_is_its_commonest_paint(kind: str, colour: str) -> None:
    empty, full = _scene(), _scene(_thing(kind, colour=colour, hour=3 if kind == "clock" else 0))
    before, after = _array(draw(empty, 192)), _array(draw(full, 192))
    changed = after[np.abs(after - before).sum(axis=2) > 60]
    paints = np.array([PAINTS[each] for each in COLOURS], dtype=np.float32)
    distance = np.abs(changed[:, None, :] - paints[None]).sum(axis=2)

    close = distance.min(axis=1) < 40
    votes = np.bincount(distance[close].argmin(axis=1), minlength=len(COLOURS))

    assert COLOURS[int(votes.argmax())] == colour


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_backgrounds_are_pale_or_dim_so_that_things_stand_out(background: str) -> None:
    picture = draw(_scene(background=background), 96).convert("HSV")

    assert ImageStat.Stat(picture).mean[1] < 115


@pytest.mark.parametrize("kind", sorted(PATTERNED_KINDS))
def test_patterns_can_be_told_apart_in_the_small_picture(kind: str) -> None:
    looks = [_scene(_thing(kind, pattern=pattern)) for pattern in PATTERNS]

    for number, one in enumerate(looks):
        for other in looks[:number]:
            assert _difference(one, other) > 6


def test_hands_lids_words_hours_and_backs_show_in_the_small_picture() -> None:
    person, box = _thing("person", hand="left"), _thing("box", open=True)
    sign, clock = _thing("sign", word="STOP"), _thing("clock", hour=4)
    pairs = [
        (person, replace(person, hand="right")),
        (person, replace(person, hand="both")),
        (person, replace(person, facing="back", hand="right")),
        (box, replace(box, open=False)),
        (sign, replace(sign, word="CAFE")),
        (clock, replace(clock, hour=5)),
        (_thing("cat", facing="left"), _thing("cat", facing="right")),
    ]

    for one, other in pairs:
        assert _difference(_scene(one), _scene(other)) > 4, (one, other)


def test_a_raised_left_hand_is_at_the_right_from_the_front_and_at_the_left_from_the_back() -> None:
    front, back = _thing("person", hand="left", facing="front"), _thing("person", hand="left", facing="back")

    assert raised_sides(front) == (False, True)
    assert raised_sides(back) == (True, False)
    lowered = _array(draw(_scene(replace(front, hand="none")), 96))
    raised = _array(draw(_scene(front), 96))
    columns = np.abs(raised - lowered).sum(axis=(0, 2))
    assert columns[48:].sum() > 5 * columns[:48].sum()


def test_things_are_painted_far_to_near_and_on_the_table_after_the_table() -> None:
    table = _thing("table")
    cup = replace(_thing("cup", y=0.5), id=1)
    behind = replace(_thing("tree", y=0.6), id=2)
    scene = Scene(0, "room", (table, cup, behind), (Relation(1, "on", 0),))

    assert [thing.id for thing in far_to_near(scene)] == [2, 0, 1]


def test_a_picture_too_small_to_see_is_refused() -> None:
    with pytest.raises(ValueError, match="32 or more"):
        draw(_scene(), 16)
