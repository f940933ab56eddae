"""Scenes: the same from the same seed, whole, in the frame, and as busy as their style says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.toytown.sample import MAX_THINGS, STYLES, sample_scene
from stumper.toytown.world import (
    BACKGROUNDS,
    COLOURS,
    GRID,
    KINDS,
    NAMED_KINDS,
    PATTERNED_KINDS,
    PLAIN_KINDS,
    UNNAMED_KINDS,
    Scene,
    Thing,
)

scenes = st.builds(
    lambda seed, style: sample_scene(seed, style=style), st.integers(0, 10**9), st.sampled_from(STYLES)
)


@given(scenes)
def test_a_scene_survives_json(scene: Scene) -> None:
    assert Scene.from_json(json.loads(json.dumps(scene.to_json()))) == scene


def test_a_seed_gives_the_same_scene_whatever_the_hash_seed() -> None:
    program = (
        "import json\nfrom stumper.toytown.sample import STYLES, sample_scene\n"
        "print(json.dumps([sample_scene(s, style=y).to_json() for y in STYLES for s in range(20)]))"
    )

    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(runs) == 1


@given(scenes)
def test_things_are_numbered_whole_and_inside_the_picture(scene: Scene) -> None:
    assert [thing.id for thing in scene.things] == list(range(len(scene.things)))
    assert 1 <= len(scene.things) <= MAX_THINGS
    assert scene.background in BACKGROUNDS
    for thing in scene.things:
        assert thing.kind in KINDS
        assert thing.colour in COLOURS
        assert thing.x - thing.w / 2 >= -1e-9
        assert thing.x + thing.w / 2 <= 1 + 1e-9
        assert thing.y - thing.h / 2 >= -1e-9
        assert thing.bottom <= 1 + 1e-9
        assert thing.pattern == "plain" or thing.kind in PATTERNED_KINDS
        left = (thing.x - thing.w / 2) * GRID
        assert left == pytest.approx(round(left)), "edges lie on the grid of the small picture"


@given(scenes)
def test_only_grouped_things_overlap(scene: Scene) -> None:
    grouped = {frozenset((r.subject, r.object)) for r in scene.relations if r.name != "left of"}

    for one, other in combinations(scene.things, 2):
        if frozenset((one.id, other.id)) not in grouped:
            # One pixel of a tall group may stand out above its row.
            assert _overlap(one, other) <= 1.01 / GRID * min(one.w, other.w), (one, other)


def test_most_of_what_is_behind_something_stays_visible() -> None:
    for seed in range(300):
        scene = sample_scene(seed, style="complex")
        for relation in scene.relations:
            if relation.name == "behind":
                front, back = scene.things[relation.object], scene.things[relation.subject]
                assert 0 < _overlap(front, back) < 0.55 * back.w * back.h


@given(st.integers(0, 10**9))
def test_simple_scenes_are_quiet(seed: int) -> None:
    scene = sample_scene(seed, style="simple")

    assert len(scene.things) <= 4
    assert max(Counter(thing.kind for thing in scene.things).values()) <= 3
    for thing in scene.things:
        assert thing.kind in PLAIN_KINDS
        assert (thing.pattern, thing.hand, thing.word, thing.hour, thing.open) == (
            "plain",
            "none",
            "",
            0,
            None,
        )
        assert thing.facing != "back"


def test_complex_scenes_show_everything() -> None:
    things = [thing for seed in range(400) for thing in sample_scene(seed, style="complex").things]
    relations = [r.name for seed in range(400) for r in sample_scene(seed, style="complex").relations]

    assert {thing.kind for thing in things} == set(KINDS)
    assert {thing.hand for thing in things} == {"none", "left", "right", "both"}
    assert {thing.facing for thing in things} == {"left", "right", "front", "back"}
    assert {thing.hour for thing in things} == set(range(13))
    assert {thing.open for thing in things} == {True, False, None}
    assert set(relations) == {"on", "under", "left of", "behind"}


def test_complex_scenes_often_hold_four_or_more_of_a_kind() -> None:
    crowds = [
        max(Counter(t.kind for t in sample_scene(seed, style="complex").things).values())
        for seed in range(500)
    ]

    assert sum(crowd >= 4 for crowd in crowds) > 125


@given(scenes)
def test_left_of_is_true(scene: Scene) -> None:
    for relation in scene.relations:
        if relation.name == "left of":
            assert scene.things[relation.subject].x < scene.things[relation.object].x


def test_kinds_are_named_or_unnamed_and_never_both() -> None:
    assert set(NAMED_KINDS) | set(UNNAMED_KINDS) == set(KINDS)
    assert not set(NAMED_KINDS) & set(UNNAMED_KINDS)


def test_an_unknown_style_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="simple, complex, mixed"):
        sample_scene(1, style="wild")


def _overlap(one: Thing, other: Thing) -> float:
    wide = min(one.x + one.w / 2, other.x + other.w / 2) - max(one.x - one.w / 2, other.x - other.w / 2)
    high = min(one.bottom, other.bottom) - max(one.y - one.h / 2, other.y - other.h / 2)
    return max(0.0, wide) * max(0.0, high)
