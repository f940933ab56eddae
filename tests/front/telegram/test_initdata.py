"""What Telegram signs for the Mini App, forged, old, and in another order."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import NotSignedIn
from stumper.front.telegram.initdata import verify
from tests.fake_telegram import TOKEN
from tests.front.telegram.signing import NOW, sign

texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)


def test_what_telegram_signed_tells_who_it_is() -> None:
    visitor = verify(sign(start_param="t_abc"), token=TOKEN, now=NOW)

    assert (visitor.user_id, visitor.name, visitor.language, visitor.payload) == (7, "Ada", "pt", "t_abc")


@pytest.mark.slow  # aiogram takes longer to import than a file of tests to run
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), texts, max_size=5), st.randoms())
def test_a_second_implementation_agrees_in_any_order(more: dict[str, str], rng: random.Random) -> None:
    from aiogram.utils.web_app import check_webapp_signature

    given_fields = {key: value for key, value in more.items() if key not in {"hash", "user", "auth_date"}}
    pairs = parse_qsl(sign(**given_fields), keep_blank_values=True)
    rng.shuffle(pairs)
    shuffled = urlencode(pairs)

    assert check_webapp_signature(TOKEN, shuffled)
    assert verify(shuffled, token=TOKEN, now=NOW).user_id == 7


@given(st.integers(0, 10**6), st.characters(exclude_categories=("Cs",)))
def test_one_changed_character_is_a_forgery(place: int, other: str) -> None:
    pairs = dict(parse_qsl(sign(start_param="t_abc")))
    name = sorted(pairs)[place % len(pairs)]
    at = place % len(pairs[name])
    changed = pairs[name][:at] + other + pairs[name][at + 1 :]
    if changed == pairs[name]:
        return

    with pytest.raises(NotSignedIn):
        verify(urlencode({**pairs, name: changed}), token=TOKEN, now=NOW)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "hash=",
        "hash=é",
        "no pairs",
        "user=%ff&hash=1",
        sign() + "&auth_date=1700000000",
        sign() + "&extra=1",
        sign(token="123456:another"),
        sign().replace("auth_date", "auth_dat"),
        urlencode([pair for pair in parse_qsl(sign()) if pair[0] != "hash"]),
        "x=" + "y" * 10_000,
    ],
)
def test_what_telegram_did_not_sign_is_refused(forged: str) -> None:
    with pytest.raises(NotSignedIn, match="Open the game from the bot again"):
        verify(forged, token=TOKEN, now=NOW)


@pytest.mark.parametrize(
    ("age_s", "good"), [(0, True), (3600, True), (3601, False), (-20, True), (-31, False)]
)
def test_it_is_good_for_an_hour_and_not_before(age_s: int, good: bool) -> None:
    data = sign(auth_date=str(int(NOW) - age_s))

    if good:
        verify(data, token=TOKEN, now=NOW)
        return
    with pytest.raises(NotSignedIn, match="too long ago"):
        verify(data, token=TOKEN, now=NOW)


@pytest.mark.parametrize("user", ["", "null", "[]", "{}", '{"id": "7"}', '{"id": null}', '{"id": true}', "7"])
def test_signed_data_without_a_user_is_refused(user: str) -> None:
    with pytest.raises(NotSignedIn, match="who you are"):
        verify(sign(user=user), token=TOKEN, now=NOW)


def test_the_signature_is_the_one_of_the_documentation() -> None:
    """By hand, from the words of the documentation."""
    user = json.dumps({"id": 7})
    lines = f"auth_date={int(NOW)}\nuser={user}"
    key = hmac.new(b"WebAppData", TOKEN.encode(), hashlib.sha256).digest()
    digest = hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()
    data = urlencode({"user": user, "auth_date": str(int(NOW)), "hash": digest})

    assert verify(data, token=TOKEN, now=NOW).user_id == 7
