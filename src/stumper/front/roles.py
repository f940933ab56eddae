"""The one place where a role is checked: what a route needs stands beside it, or beside its router in `web`.

What a player may do with one claim, session or turn is a rule of the stage it belongs to; here is only who
may knock at all.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import Depends

from stumper.accounts.staff.giving import role_of
from stumper.errors import NotYours
from stumper.front.parts import Mover, Parts, signed_in
from stumper.records import Role

_REFUSED: Final = {
    Role.REFEREE: "Only trusted players judge claims. Play on: careful marks make you one.",
    Role.OPERATOR: "This page is for the people who run the game.",
    Role.OWNER: "Only an owner of the game may do this.",
}


async def _anybody() -> None:
    """Lets everybody in."""


class _Needs:
    """Lets in whoever has at least this role, and counts the try. Raises NotSignedIn, NotYours, TooMany."""

    def __init__(self, role: Role) -> None:
        self._role = role

    async def __call__(self, app: Parts, me: Mover) -> None:
        async with app.database.read() as tx:
            has = await role_of(tx, me, needed=self._role)
        if not has.covers(self._role):
            raise NotYours(_REFUSED[self._role])


_CHECKS: Final[dict[Role, Any]] = {
    Role.STRANGER: _anybody,
    Role.PLAYER: signed_in,
    **{role: _Needs(role) for role in _REFUSED},
}


def needs(role: Role) -> Any:
    """Returns the dependency of a route, or of all routes of a router, that ``role`` may use."""
    return Depends(_CHECKS[role])
