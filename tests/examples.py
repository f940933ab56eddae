"""How many examples a property is tried on: half, a quarter with `--hypothesis-profile fast`, or `all`.

No example has a deadline: what a loaded machine does slowly is not wrong.
"""

from __future__ import annotations

from typing import Final

from hypothesis import settings

_ALL: Final = 100
settings.register_profile("all", max_examples=_ALL, deadline=None)
settings.register_profile("half", max_examples=_ALL // 2, deadline=None)
settings.register_profile("fast", max_examples=_ALL // 4, deadline=None)
settings.load_profile("half")


def examples(number: int) -> int:
    """Returns how many of ``number`` examples this run tries: 3 at least, if there are as many."""
    return max(min(number, 3), round(number * settings().max_examples / _ALL))
