"""Labels of image tokens, against scenes worked out by hand."""

from __future__ import annotations

import numpy as np

from stumper.toytown import perception
from stumper.toytown.world import BACKGROUNDS, COLOURS, KINDS, Scene, Thing

SIDE = 6


def _cat(number: int, x: float, y: float, extent: float) -> Thing:
    return Thing(number, "cat", "red", "striped", "small", x, y, extent, extent, facing="left")


def _scene(*things: Thing) -> Scene:
    return Scene(seed=1, background="beach", things=things, relations=())


def _column(task: str) -> int:
    return tuple(perception.TASKS).index(task)


def test_a_thing_owns_the_cells_that_it_covers() -> None:
    # A third of the picture wide around (1/3, 1/3): exactly the cells of rows and columns 1 and 2.
    owners = perception.owners_of(_scene(_cat(0, 1 / 3, 1 / 3, 1 / 3)), side=SIDE).reshape(SIDE, SIDE)

    expected = np.full((SIDE, SIDE), -1)
    expected[1:3, 1:3] = 0
    assert owners.tolist() == expected.tolist()


def test_a_small_thing_keeps_the_cell_of_its_middle_against_a_large_neighbour() -> None:
    large, small = _cat(0, 0.5, 0.5, 1.0), _cat(1, 0.25, 0.25, 0.05)

    owners = perception.owners_of(_scene(large, small), side=SIDE).reshape(SIDE, SIDE)

    assert owners[1, 1] == 1
    assert (owners == 1).sum() == 1


def test_labels_say_what_the_scene_says_and_ignore_what_does_not_apply() -> None:
    labels = perception.label_cells(_scene(_cat(0, 0.25, 0.25, 0.1)), side=SIDE).reshape(SIDE, SIDE, -1)
    cat, empty = labels[1, 1], labels[5, 5]

    assert cat[_column("kind")] == KINDS.index("cat")
    assert cat[_column("colour")] == COLOURS.index("red")
    assert cat[_column("hand")] == cat[_column("hour")] == cat[_column("word")] == perception.IGNORE
    assert empty[_column("kind")] == perception.EMPTY
    assert empty[_column("colour")] == perception.IGNORE
    assert (labels[:, :, _column("background")] == BACKGROUNDS.index("beach")).all()
    assert labels[:, :, _column("centre")].sum() == 1


def test_a_scene_without_things_is_empty_everywhere() -> None:
    labels = perception.label_cells(_scene(_cat(0, 0.5, 0.5, 0.0)), side=SIDE)

    assert (labels[:, _column("kind")] != perception.EMPTY).sum() == 1  # the middle alone
