"""The nouns of Toytown: things, relations and scenes, and what is true of every kind.

A scene says everything that is true of its picture; `draw` adds nothing to ask about. Backgrounds
hold no thing of any kind, on purpose: a painted house in the street would make "how many houses" wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final

GRID: Final = 96
"""Positions and extents are multiples of 1/96: a picture of 96 px has the same edges as a large one."""

SHAPES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "cat": (100, 92),
        "dog": (100, 88),
        "bird": (94, 88),
        "fish": (100, 68),
        "car": (100, 62),
        "bus": (100, 70),
        "boat": (92, 100),
        "tree": (80, 100),
        "flower": (66, 100),
        "house": (94, 100),
        "ball": (90, 90),
        "cup": (94, 80),
        "balloon": (62, 100),
        "umbrella": (100, 98),
        "person": (74, 100),
        "sign": (100, 76),
        "clock": (88, 100),
        "box": (96, 88),
        "table": (100, 58),
        "robot": (78, 100),
        "kite": (78, 100),
        "drum": (92, 84),
        "owl": (76, 100),
        "snail": (100, 74),
        "rocket": (66, 100),
    }
)
"""Width and height of each kind; the longer side is (about) 100. Sprites are drawn in these units."""

KINDS: Final = tuple(SHAPES)
UNNAMED_KINDS: Final = ("robot", "kite", "drum", "owl", "snail", "rocket")
"""Kinds that pictures show but that no taught question ever names."""
NAMED_KINDS: Final = tuple(kind for kind in KINDS if kind not in UNNAMED_KINDS)
PLAIN_KINDS: Final = tuple(kind for kind in NAMED_KINDS if kind not in ("sign", "clock", "box", "table"))
"""The kinds of simple scenes: named, and without a word, an hour, a lid or something on top."""

COLOURS: Final = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown")
PATTERNS: Final = ("plain", "striped", "dotted", "checked")
SIZES: Final = ("small", "medium", "big")
LONGER_SIDE: Final[Mapping[str, int]] = MappingProxyType({"small": 16, "medium": 23, "big": 30})
"""The longer side of a thing in 1/96 of the picture."""
BACKGROUNDS: Final = ("meadow", "beach", "street", "snow", "night", "room")
SIGN_WORDS: Final = (
    "STOP", "CAFE", "ZOO", "TAXI", "BANK", "EXIT", "PARK", "OPEN", "SHOP", "BUS", "TOYS", "HOTEL",
)  # fmt: skip

PATTERNED_KINDS: Final = frozenset(
    """cat dog fish car bus boat ball cup balloon umbrella person box kite drum rocket snail""".split()
)
SIDEWAYS_KINDS: Final = frozenset(("cat", "dog", "bird", "fish", "car", "bus", "snail"))
"""Kinds that are drawn from the side and look to the left or to the right."""
ANIMALS: Final = frozenset(("cat", "dog", "bird", "fish", "owl", "snail"))
VEHICLES: Final = frozenset(("car", "bus"))
FLYING_KINDS: Final = frozenset(("balloon", "kite"))
"""Kinds that hang in the air and throw no shadow right below them."""
LEGS: Final[Mapping[str, int]] = MappingProxyType({"cat": 4, "dog": 4, "bird": 2, "person": 2, "table": 4})

_IRREGULAR: Final = {"bus": "buses", "fish": "fish", "person": "people", "box": "boxes"}


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of a scene: what it is, how it looks and where it stands."""

    id: int
    kind: str
    colour: str
    pattern: str
    size: str
    x: float
    """Centre, 0 (left edge) to 1."""
    y: float
    """Centre, 0 (top edge) to 1."""
    w: float
    """Width as a share of the picture."""
    h: float
    """Height as a share of the picture."""
    facing: str = "front"
    """left, right, front or back."""
    hand: str = "none"
    """The raised hand of a person, the person's own: none, left, right or both."""
    open: bool | None = None
    """For boxes; None for all that has no lid."""
    word: str = ""
    """On signs and number plates."""
    hour: int = 0
    """1 to 12 on clocks, 0 elsewhere."""

    @property
    def bottom(self) -> float:
        """Where it touches the ground, 0 to 1."""
        return self.y + self.h / 2


@dataclass(frozen=True, slots=True)
class Relation:
    """Subject is `name` object; `name` is one of: on, under, left of, behind."""

    subject: int
    name: str
    object: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture's truth. `things[i].id == i`."""

    seed: int
    background: str
    things: tuple[Thing, ...]
    relations: tuple[Relation, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the scene as plain dicts and lists."""
        return {
            "seed": self.seed,
            "background": self.background,
            "things": [asdict(thing) for thing in self.things],
            "relations": [asdict(relation) for relation in self.relations],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Scene:
        """Returns the scene that `to_json` wrote.

        Raises KeyError or TypeError if a field is missing or unknown.
        """
        return cls(
            seed=data["seed"],
            background=data["background"],
            things=tuple(Thing(**thing) for thing in data["things"]),
            relations=tuple(Relation(**relation) for relation in data["relations"]),
        )


def plural(kind: str) -> str:
    """Returns the plural of a kind."""
    return _IRREGULAR.get(kind, kind + "s")
