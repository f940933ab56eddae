"""Shades of the basic colours: navy is a blue, and nearly says the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SHADES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        shade: frozenset(basics.split())
        for shade, basics in {
            "navy": "blue", "indigo": "blue purple", "azure": "blue", "aqua": "blue green cyan",
            "turquoise": "blue green cyan", "teal": "blue green", "cyan": "blue",
            "crimson": "red", "scarlet": "red", "maroon": "red brown",
            "burgundy": "red purple", "ruby": "red",
            "magenta": "pink purple", "fuchsia": "pink purple", "coral": "pink orange",
            "lilac": "purple", "lavender": "purple", "mauve": "purple", "plum": "purple",
            "khaki": "green brown", "lime": "green", "emerald": "green", "olive": "green", "mint": "green",
            "gold": "yellow", "mustard": "yellow", "amber": "orange yellow",
            "bronze": "brown", "copper": "brown orange", "tan": "brown beige", "beige": "brown white",
            "cream": "white beige yellow", "ivory": "white beige",
            "silver": "gray", "charcoal": "gray black",
        }.items()
    }
)  # fmt: skip
"""What each shade is a shade of. A shade of two is near to both."""


def near(one: str, other: str) -> bool:
    """Tells whether two colours share a basic one: navy and blue, crimson and scarlet; red and red too."""
    return bool(({one} | SHADES.get(one, frozenset())) & ({other} | SHADES.get(other, frozenset())))
