"""No secret leaves in a log line, a traceback, a page or a message, whatever goes wrong."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from stumper.cli import main
from stumper.config import SECRET_NAMES, Settings, load
from stumper.errors import BadSetting, StoreError
from stumper.redact import MASK, Redactor, redacted
from stumper.store.database import Database
from stumper.vlm.endpoint import Patience
from stumper.vlm.openai import open_endpoint
from tests.examples import examples

PLANTED = {
    "secret": "cookie-secret-Kestrel",
    "openai_key": "sk-Wagtail-0123456789",
    "telegram_token": "12345:Dunnock_abcdefghi",
    "HF_TOKEN": "hf_Siskin987654321",
}
DATABASE = "postgresql://stumper:pass-Bittern@127.0.0.1:1/none"
CACHE = "redis://:pass-Plover@127.0.0.1:1"
WORDS = ("Kestrel", "Wagtail", "Dunnock", "Siskin", "Bittern", "Plover")
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=4, max_size=20)


def planted() -> Settings:
    return Settings(**PLANTED, database=DATABASE, cache=CACHE)  # type: ignore[arg-type]


def holds(text: str) -> list[str]:
    return [word for word in WORDS if word in text]


def test_the_settings_know_all_their_secrets() -> None:
    assert planted().secrets == {*PLANTED.values(), "pass-Bittern", "pass-Plover"}
    assert Settings().secrets == frozenset()
    quoted = Settings(database="postgresql://me:a%2Fb%40c@h/d", metrics_token="tok-Knot")  # type: ignore[arg-type]
    assert quoted.secrets == {"a%2Fb%40c", "a/b@c", "tok-Knot"}
    kinds = {name for name, field in Settings.model_fields.items() if field.annotation == SecretStr | None}
    assert kinds == SECRET_NAMES, "a new secret must be known as one"
    assert holds(repr(planted()).replace(DATABASE, "").replace(CACHE, "")) == []


@settings(max_examples=examples(200))
@given(st.text(max_size=40), PLAIN, st.text(max_size=40))
def test_a_secret_is_taken_out_wherever_it_stands(before: str, secret: str, after: str) -> None:
    clean = redacted(before + secret + after, [secret])

    assert secret not in clean
    assert MASK in clean


@settings(max_examples=examples(100))
@given(st.text(st.characters(codec="ascii", exclude_characters=":@"), max_size=80))
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    if "bearer" not in text.lower() and "basic" not in text.lower():
        assert redacted(text, ["~not in here~"]) == text


@settings(max_examples=examples(100))
@given(PLAIN)
def test_a_secret_is_taken_out_however_a_library_writes_it(secret: str) -> None:
    written = (
        repr(secret)[1:-1],
        json.dumps({"said": secret}),
        json.dumps({"said": secret}, ensure_ascii=False),
        urlencode({"said": secret}),
        urlencode({"said": secret}, quote_via=quote),
        re.sub("%..", lambda escape: escape[0].lower(), quote(secret, safe="")),
    )
    for text in written:
        clean = redacted(text, [secret])
        assert clean.replace(MASK, "") in ("", '{"said": ""}', "said="), (text, clean)


class Odd:
    """Says one thing to a person and another to a programmer."""

    def __str__(self) -> str:
        return "a client"

    def __repr__(self) -> str:
        return f"Client(key={PLANTED['openai_key']!r})"


@pytest.mark.parametrize("value", [Odd(), {PLANTED["openai_key"]: 1}, {PLANTED["openai_key"]}, [Odd()]])
def test_a_field_of_any_kind_holds_no_secret(value: object) -> None:
    line = Redactor(planted().secrets)(None, "info", {"event": "x", "value": value})
    assert holds(repr(line)) == []


def test_a_field_without_a_secret_stays_what_it_was() -> None:
    value = object()
    line = Redactor(planted().secrets)(None, "info", {"value": value, "deep": {1: "one"}})
    assert line == {"value": value, "deep": {1: "one"}}


def test_a_short_word_masks_nothing_and_the_longer_secret_goes_first() -> None:
    assert redacted("a cat", ["a"]) == "a cat"
    assert redacted("key-long key", ["key-", "key-long"]) == f"{MASK} key"


@pytest.mark.parametrize(
    "line",
    [
        "GET https://api.telegram.org/bot12345:Dunnock_abcdefghi/getMe",
        "GET https://api.telegram.org/bot12345%3ADunnock_abcdefghi/getMe",
        "redis://:pass-Plover@127.0.0.1:1 is away",
        "postgresql+psycopg://stumper:pass-Bittern@127.0.0.1:1/none",
        "{'Authorization': 'Bearer sk-Wagtail-0123456789'}",
        "Authorization: Bearer sk-of-somebody-else",
        "http://me:hunter2@models.test/v1",
        "http://me:p@hunter2@models.test/v1",
    ],
)
def test_lines_that_libraries_write(line: str) -> None:
    clean = redacted(line, planted().secrets)

    assert holds(clean) == []
    assert "hunter2" not in clean
    assert "somebody-else" not in clean


@pytest.fixture
def written() -> Any:
    """A logger as an operator has one, tracebacks included; returns what it wrote."""
    stream = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            structlog.processors.format_exc_info,
            Redactor(planted().secrets),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )
    return logger, stream


@pytest.mark.parametrize("secret", [*PLANTED.values(), "pass-Bittern", "pass-Plover"])
def test_no_log_line_holds_a_secret_in_any_field_or_traceback(written: Any, secret: str) -> None:
    logger, stream = written
    nested = {"headers": [("authorization", secret)], "deep": {"url": f"http://h/{secret}"}}
    try:
        raise RuntimeError(f"the library says {secret}")
    except RuntimeError as error:
        logger.exception("failed with %s", secret, error=error, nested=nested, n=3, none=None)
        logger.warning(f"event {secret}", error=repr(error), what=type(error))

    told = stream.getvalue()
    assert holds(told) == []
    first = json.loads(told.splitlines()[0])
    assert (first["n"], first["none"]) == (3, None)
    assert "the library says ***" in first["exception"]


async def test_what_fails_does_not_tell_the_secret_it_failed_with() -> None:
    """The messages themselves, before any net: a wrong database, a dead model, a bad key, a bad file."""
    settings = planted()
    told = []
    database = Database(settings.database)
    try:
        with pytest.raises(StoreError) as failed:
            async with database.read():
                pass
        told.append(str(failed.value))
    finally:
        await database.close()
    endpoint = open_endpoint(
        "openai:http://127.0.0.1:1/v1#m", key=PLANTED["openai_key"], patience=Patience(attempts=1)
    )
    try:
        with pytest.raises(Exception) as failed:  # noqa: PT011 (whatever it is)
            await endpoint.chat({"messages": []})
        told.append(repr(failed.value))
    finally:
        await endpoint.close()
    with pytest.raises(BadSetting) as refused:
        open_endpoint("openai:http://h/v1#m", key=f"{PLANTED['openai_key']} x")
    told.append(str(refused.value))
    with pytest.raises(BadSetting) as refused:
        load(port="Kestrel-is-no-number")
    told.append(str(refused.value))

    assert [holds(one) for one in told] == [[]] * len(told), told


def test_a_command_that_fails_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUMPER_OPENAI_KEY", "sk-of-the-tests-0123")
    monkeypatch.setattr(sys, "argv", ["stumper", "release", "verify", str(tmp_path / "sk-of-the-tests-0123")])
    with pytest.raises(SystemExit):
        main()

    said = capsys.readouterr()
    assert "***" in said.err
    assert "sk-of-the-tests" not in said.err + said.out
