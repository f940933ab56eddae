"""What players choose about themselves: name, language, time zone, messages; and who brought them."""

from __future__ import annotations

from zoneinfo import available_timezones

from stumper.accounts import queries
from stumper.errors import BadInput
from stumper.play.texts import check_language, check_nickname
from stumper.records import PlayerId
from stumper.store.database import Database


def time_zones() -> list[str]:
    """Returns the zones that may be chosen, such as ``Asia/Kolkata``, by name."""
    return sorted(zone for zone in available_timezones() if zone == "UTC" or "/" in zone)


async def choose(
    database: Database,
    player_id: PlayerId,
    *,
    nickname: str,
    language: str,
    time_zone: str,
    notices: bool,
) -> None:
    """Keeps the player's choices. Raises BadInput for a name, language or zone that cannot be kept."""
    if time_zone not in available_timezones():
        raise BadInput(f"{time_zone[:40]!r} is no time zone. Choose one from the list, such as Asia/Kolkata.")
    values: dict[str, str | bool] = {
        "nickname": check_nickname(nickname),
        "language": check_language(language),
        "time_zone": time_zone,
        "notices": notices,
    }
    async with database.begin() as tx:
        await queries.change(tx, player_id, **values)


async def thank(database: Database, player_id: PlayerId, *, invite: PlayerId | None) -> None:
    """Notes who invited a new player; somebody who does not exist, or themselves, is nobody."""
    if invite is None or invite == player_id:
        return
    async with database.begin() as tx:
        if await queries.find(tx, invite) is not None:
            await queries.change(tx, player_id, invited_by=invite)
