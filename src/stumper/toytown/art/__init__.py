"""How every kind of thing and every place looks; `draw` puts them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from stumper.toytown.art import animals, objects, people, vehicles
from stumper.toytown.art.pen import Pen
from stumper.toytown.world import Thing

SPRITES: Final[Mapping[str, Callable[[Pen, Thing], None]]] = MappingProxyType(
    {
        "cat": animals.cat,
        "dog": animals.dog,
        "bird": animals.bird,
        "fish": animals.fish,
        "owl": animals.owl,
        "snail": animals.snail,
        "person": people.person,
        "robot": people.robot,
        "car": vehicles.car,
        "bus": vehicles.bus,
        "boat": vehicles.boat,
        "rocket": vehicles.rocket,
        "tree": objects.tree,
        "flower": objects.flower,
        "house": objects.house,
        "ball": objects.ball,
        "cup": objects.cup,
        "balloon": objects.balloon,
        "umbrella": objects.umbrella,
        "sign": objects.sign,
        "clock": objects.clock,
        "box": objects.carton,
        "table": objects.table,
        "kite": objects.kite,
        "drum": objects.drum,
    }
)
