"""Simulated players: real sessions by people whose skill and truth are known."""

from stumper.simulate.people import MIXES, TYPES, Person, Type, people
from stumper.simulate.quality import Quality, TypeStanding, measure, standings
from stumper.simulate.run import simulate

__all__ = [
    "MIXES",
    "TYPES",
    "Person",
    "Quality",
    "Type",
    "TypeStanding",
    "measure",
    "people",
    "simulate",
    "standings",
]
