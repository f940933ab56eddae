"""Scenes from seeds: what is in a picture and where it stands. Draws nothing and asks nothing.

A scene is filled row by row, far to near. A slot of a row holds one thing or a little group (something on a
table, under an umbrella, behind something else); slots never overlap, so all stays clearly visible at 96 px.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Final

from stumper.toytown.world import (
    BACKGROUNDS,
    COLOURS,
    GRID,
    KINDS,
    LONGER_SIDE,
    NAMED_KINDS,
    PATTERNED_KINDS,
    PATTERNS,
    PLAIN_KINDS,
    SHAPES,
    SIDEWAYS_KINDS,
    SIGN_WORDS,
    SIZES,
    VEHICLES,
    Relation,
    Scene,
    Thing,
)

STYLES: Final = ("simple", "complex", "mixed")
MAX_THINGS: Final = 9
_ROW_HEIGHT: Final = 31
_MARGIN: Final = 1
_MOST_COPIES_SIMPLE: Final = 3  # the model is taught to count to three
_LAID_DOWN: Final = ("ball", "cup", "cat", "bird", "flower", "fish", "box", "drum", "owl", "snail")
_SHELTERED: Final = ("cat", "dog", "bird", "ball", "cup", "fish", "flower", "snail", "owl")
_SCREENS: Final = ("car", "box", "cup", "ball", "cat", "dog", "fish", "drum", "snail", "bus")
_HIDDEN: Final = ("tree", "house", "boat", "flower", "robot", "rocket")
_TELLING: Final = ("person", "person", "person", "sign", "clock", "box", "car", "bus")
"""Kinds with something to tell (a hand, a word, an hour, a lid, a plate): busy scenes hold more of them."""
_DETAILED: Final = frozenset(("person", "sign", "clock"))
"""Kinds whose detail (a hand, a word, an hour) needs more than the small size."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One or two things with their places inside a slot of the given width (1/96)."""

    width: int
    things: tuple[Thing, ...]
    """x and y here: left edge inside the slot and height of the bottom above the slot's ground, in 1/96."""
    relation: str = ""
    """How the second thing stands to the first; empty for one thing."""


def sample_scene(seed: int, *, style: str) -> Scene:
    """Returns the scene of a seed, the same on every machine.

    `style` is simple (1 to 4 plain things of taught kinds, for controls), complex (4 to 9 things of any sort)
    or mixed (1 to 9 things, for pretraining). Raises ValueError for another style.
    """
    if style not in STYLES:
        raise ValueError(f"no style of scene named {style!r}: choose one of {', '.join(STYLES)}")
    rng = random.Random(f"toytown:{style}:{seed}")
    wanted = _how_many(rng, style)
    slots = _slots(rng, wanted, style)
    rows = _rows(rng, slots)
    things, relations = _place(rng, rows)
    return Scene(seed, rng.choice(BACKGROUNDS), things, relations + _neighbours(things, relations))


def _how_many(rng: random.Random, style: str) -> int:
    if style == "simple":
        return rng.choice((1, 2, 2, 3, 3, 3, 4, 4))
    if style == "complex":
        return rng.choice((4, 5, 5, 6, 6, 7, 7, 8, 8, 9))
    return rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7, 8, 9))


def _kinds(rng: random.Random, count: int, style: str) -> list[str]:
    """Returns the kinds of a scene; often several are of one kind, so that there is something to count."""
    if style == "simple":
        pool, most = PLAIN_KINDS, _MOST_COPIES_SIMPLE
    else:
        pool, most = KINDS, count
    kinds: list[str] = []
    if count > 1 and rng.random() < 0.6:
        copies = min(max(rng.randint(2, count), rng.randint(2, count)), most)
        kinds = [rng.choice(tuple(kind for kind in pool if kind in NAMED_KINDS))] * copies
    while len(kinds) < count:
        kind = rng.choice(_TELLING if style == "complex" and rng.random() < 0.4 else pool)
        if kinds.count(kind) < most:
            kinds.append(kind)
    rng.shuffle(kinds)
    return kinds


def _slots(rng: random.Random, count: int, style: str) -> list[_Slot]:
    """Returns slots that hold `count` things together."""
    slots: list[_Slot] = []
    if style != "simple":
        groups = rng.choice((0, 1, 1, 2)) if style == "complex" else rng.choice((0, 0, 1))
        makers = rng.sample((_on_a_table, _under_an_umbrella, _one_behind, _one_behind), groups)
        slots = [maker(rng) for maker in makers[: count // 2]]
    room = count - 2 * len(slots)
    crowd_size = rng.choice(SIZES)
    for kind in _kinds(rng, room, style):
        size = crowd_size if rng.random() < 0.3 else rng.choice(SIZES)
        slots.append(_alone(_thing(rng, kind, size, style)))
    rng.shuffle(slots)
    return slots


def _alone(thing: Thing) -> _Slot:
    return _Slot(_width(thing), (replace(thing, x=0, y=0),))


def _on_a_table(rng: random.Random) -> _Slot:
    table = _thing(rng, "table", "big", "complex")
    top = _thing(rng, rng.choice(_LAID_DOWN), "small", "complex")
    left = rng.randint(2, _width(table) - _width(top) - 2)
    # The table top is a slab seen a little from above: things stand in its middle.
    return _Slot(_width(table), (table, replace(top, x=left, y=_height(table) - 3)), "on")


def _under_an_umbrella(rng: random.Random) -> _Slot:
    umbrella = _thing(rng, "umbrella", "big", "complex")
    guest = _thing(rng, rng.choice(_SHELTERED), "small", "complex")
    left = rng.choice((1, _width(umbrella) - _width(guest) - 1, (_width(umbrella) - _width(guest)) // 2))
    return _Slot(_width(umbrella), (umbrella, replace(guest, x=left, y=-1)), "under")


def _one_behind(rng: random.Random) -> _Slot:
    front = _thing(rng, rng.choice(_SCREENS), "small", "complex")
    back = _thing(rng, rng.choice(_HIDDEN), "big" if rng.random() < 0.5 else "medium", "complex")
    back = replace(back, hand="none")
    shift = round(_width(back) * 0.5)
    wide = shift + max(_width(front), _width(back) - shift)
    back_left, front_left = (0, shift) if rng.random() < 0.5 else (max(0, _width(front) - shift), 0)
    wide = max(wide, back_left + _width(back))
    return _Slot(wide, (replace(front, x=front_left, y=-1), replace(back, x=back_left, y=1)), "behind")


def _thing(rng: random.Random, kind: str, size: str, style: str) -> Thing:
    """Returns a thing of this kind and size with a random look; its place is set later."""
    busy = style != "simple"
    if kind in _DETAILED and size == "small":
        size = "medium"
    if kind == "sign":
        size = "big"
    scale = LONGER_SIDE[size] / max(SHAPES[kind])
    width, height = (max(6, round(side * scale)) for side in SHAPES[kind])
    thing = Thing(
        id=0,
        kind=kind,
        colour=rng.choice(COLOURS),
        pattern=rng.choice(PATTERNS) if busy and kind in PATTERNED_KINDS else "plain",
        size=size,
        x=0,
        y=0,
        w=width / GRID,
        h=height / GRID,
        facing=rng.choice(("left", "right")) if kind in SIDEWAYS_KINDS else "front",
    )
    return _detailed(rng, thing) if busy else thing


def _detailed(rng: random.Random, thing: Thing) -> Thing:
    """Adds what only busy scenes show: raised hands, backs, lids, words, hours."""
    if thing.kind == "person":
        hand = rng.choice(("none", "left", "right", "left", "right", "both"))
        return replace(thing, hand=hand, facing=rng.choice(("front", "front", "back")))
    if thing.kind == "box":
        return replace(thing, open=rng.random() < 0.5)
    if thing.kind == "sign":
        return replace(thing, word=rng.choice(SIGN_WORDS))
    if thing.kind == "clock":
        return replace(thing, hour=rng.randint(1, 12))
    if thing.kind in VEHICLES and thing.size != "small" and rng.random() < 0.6:
        return replace(thing, word=_plate(rng))
    return thing


def _plate(rng: random.Random) -> str:
    # No I, O and Z: on a plate they read as 1, 0 and 2.
    return rng.choice("ABCDEFGHKLMPRSTX") + "".join(rng.choices("2345678", k=rng.randint(1, 2)))


def _rows(rng: random.Random, slots: list[_Slot]) -> list[list[_Slot]]:
    """Deals slots to one to three rows so that every row has room for its slots."""
    room = GRID - 2 * _MARGIN
    fewest = max(1, -(-len(slots) // 3))
    for count in range(rng.randint(min(fewest, 3), min(3, len(slots))), 4):
        rows: list[list[_Slot]] = [[] for _ in range(count)]
        for slot in sorted(slots, key=lambda slot: -slot.width):
            free = [
                row for row in rows if sum(each.width for each in row) + slot.width <= room and len(row) < 3
            ]
            if not free:
                break
            fewest_here = min(len(row) for row in free)
            rng.choice([row for row in free if len(row) == fewest_here]).append(slot)
        else:
            for row in rows:
                rng.shuffle(row)
            rng.shuffle(rows)
            return rows
    raise AssertionError("nine slots of at most 30/96 fit into three rows of three")


def _place(rng: random.Random, rows: list[list[_Slot]]) -> tuple[tuple[Thing, ...], tuple[Relation, ...]]:
    things: list[Thing] = []
    relations: list[Relation] = []
    for row, ground in zip(rows, _grounds(rng, len(rows)), strict=True):
        gaps = _gaps(rng, GRID - 2 * _MARGIN - sum(slot.width for slot in row), len(row))
        left = _MARGIN
        for slot, gap in zip(row, gaps, strict=True):
            left += gap
            tallest = max(_height(thing) + round(thing.y) for thing in slot.things)
            base = ground - rng.randint(0, max(0, min(2, _ROW_HEIGHT - tallest)))
            first = len(things)
            things.extend(
                _settle(thing, first + offset, left, base) for offset, thing in enumerate(slot.things)
            )
            if slot.relation:
                relations.append(Relation(first + 1, slot.relation, first))
            left += slot.width
    return tuple(things), tuple(relations)


def _settle(thing: Thing, number: int, left: int, ground: int) -> Thing:
    """Puts a thing whose x and y are offsets inside its slot at its place in the picture."""
    x = (left + thing.x + _width(thing) / 2) / GRID
    y = (ground - thing.y - _height(thing) / 2) / GRID
    return replace(thing, id=number, x=x, y=y)


def _grounds(rng: random.Random, rows: int) -> list[int]:
    """Returns the ground line of each row, far to near, at least one row height apart."""
    lines: list[int] = []
    lowest = _ROW_HEIGHT
    for left in range(rows - 1, -1, -1):
        line = rng.randint(lowest, GRID - 1 - left * _ROW_HEIGHT)
        lines.append(line)
        lowest = line + _ROW_HEIGHT
    return lines


def _gaps(rng: random.Random, free: int, count: int) -> list[int]:
    """Returns the space before each of `count` slots; what is left over stays behind the last."""
    cuts = sorted(rng.randint(0, free) for _ in range(count))
    return [after - before for before, after in zip([0, *cuts], cuts, strict=False)]


def _neighbours(things: tuple[Thing, ...], grouped: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Returns "left of" for things that stand side by side on one line with nothing in between."""
    tied = {frozenset((relation.subject, relation.object)) for relation in grouped}
    found = []
    for thing in things:
        right = [
            other
            for other in things
            if other.x - other.w / 2 >= thing.x + thing.w / 2 and abs(other.bottom - thing.bottom) < 0.1
        ]
        if right:
            nearest = min(right, key=lambda other: other.x)
            if frozenset((thing.id, nearest.id)) not in tied:
                found.append(Relation(thing.id, "left of", nearest.id))
    return tuple(found)


def _width(thing: Thing) -> int:
    return round(thing.w * GRID)


def _height(thing: Thing) -> int:
    return round(thing.h * GRID)
