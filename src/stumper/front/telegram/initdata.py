"""Who opens the Mini App: Telegram's signed ``initData``, checked as its documentation says.

https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from stumper.errors import NotSignedIn
from stumper.play.texts import clean

MAX_AGE_S: Final = 3600.0
_AHEAD_S: Final = 30.0
"""Telegram's clock may be so much ahead of ours."""
_CHARS: Final = 8192
_AGAIN: Final = "Open the game from the bot again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A user of Telegram, as Telegram vouches for them."""

    user_id: int
    name: str
    language: str
    payload: str
    """What the link that they came by carried."""


def verify(init_data: str, *, token: str, now: float) -> Visitor:
    """Returns who opened the app. Raises NotSignedIn if that was forged, changed, or is too old.

    HMAC-SHA-256 with the key HMAC-SHA-256("WebAppData", token) over all fields but ``hash``, sorted, one a
    line as ``name=value``.
    """
    fields = _fields(init_data)
    given = fields.pop("hash", "")
    lines = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    expected = hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise NotSignedIn(f"Telegram does not vouch for this. {_AGAIN}")
    _check_age(fields.get("auth_date", ""), now=now)
    return _visitor(fields)


def _fields(init_data: str) -> dict[str, str]:
    refusal = NotSignedIn(f"What Telegram sent cannot be read. {_AGAIN}")
    if len(init_data) > _CHARS:
        raise refusal
    try:
        pairs = parse_qsl(init_data, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise refusal from error
    if len({name for name, _ in pairs}) < len(pairs):  # which of the two was signed?
        raise refusal
    return dict(pairs)


def _check_age(auth_date: str, *, now: float) -> None:
    age_s = now - int(auth_date) if auth_date.isdecimal() else float("inf")
    if not -_AHEAD_S <= age_s <= MAX_AGE_S:
        raise NotSignedIn(f"This was opened too long ago. {_AGAIN}")


def _visitor(fields: dict[str, str]) -> Visitor:
    try:
        user = json.loads(fields.get("user", ""))
        user_id = user["id"]
    except (ValueError, TypeError, KeyError) as error:
        raise NotSignedIn(f"Telegram does not say who you are. {_AGAIN}") from error
    if type(user_id) is not int:  # true is an int too
        raise NotSignedIn(f"Telegram does not say who you are. {_AGAIN}")
    return Visitor(
        user_id=user_id,
        name=clean(str(user.get("first_name") or "")),
        language=str(user.get("language_code") or "en").partition("-")[0].lower(),
        payload=fields.get("start_param", ""),
    )
