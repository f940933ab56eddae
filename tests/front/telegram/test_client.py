"""The client against a Bot API that refuses, floods, breaks off; and the token, which nobody may read."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.config import Settings
from stumper.errors import BadSetting, Blocked, ServiceAway, ServiceRefused
from stumper.front.telegram.client import Button, Telegram, _cut
from stumper.front.telegram.polling import open_telegram
from tests.fake_telegram import DROP, TOKEN, FakeTelegram

WRONG = "123456:AA-another_token"


async def test_a_flood_limit_is_waited_out(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.fail("sendMessage", (429, 1))

    await telegram.text(5, "hello")

    first, second = (at for at, (name, _) in zip(fake.at, fake.calls, strict=True) if name == "sendmessage")
    assert second - first >= 1.0
    assert [shown.text for shown in fake.chats[5]] == ["hello"]


async def test_a_flood_limit_of_an_hour_is_told_and_not_waited_out(
    fake: FakeTelegram, telegram: Telegram
) -> None:
    fake.fail("sendMessage", (429, 3600))

    with pytest.raises(ServiceAway, match="3600"):
        await telegram.text(5, "hello")


@pytest.mark.parametrize("fault", [(500, "Internal"), (502, "Bad Gateway"), DROP])
async def test_what_may_go_better_is_tried_again(
    fake: FakeTelegram, telegram: Telegram, fault: object
) -> None:
    fake.fail("sendPhoto", fault, fault)

    await telegram.photo(5, b"a picture", caption="see", buttons=[[Button("Play", "play")]])

    (shown,) = fake.chats[5]
    assert (shown.photo, shown.text, shown.button("play")) == (b"a picture", "see", "play")


async def test_who_blocked_the_bot_is_not_written_to_again_and_again(
    fake: FakeTelegram, telegram: Telegram
) -> None:
    fake.fail("sendMessage", (403, "Forbidden: bot was blocked by the user"))

    with pytest.raises(Blocked):
        await telegram.text(5, "hello")

    assert len(fake.calls) == 1


async def test_an_edit_of_a_message_that_is_gone_is_no_fault(fake: FakeTelegram, telegram: Telegram) -> None:
    await telegram.edit(5, 17, "nothing there")

    fake.fail("sendMessage", (400, "Bad Request: chat is mute"))
    with pytest.raises(ServiceRefused, match="chat is mute"):
        await telegram.text(5, "hello")


async def test_a_long_text_is_cut_at_telegrams_limit(fake: FakeTelegram, telegram: Telegram) -> None:
    await telegram.text(5, "🤖" * 4096)

    assert fake.chats[5][0].text.endswith("…")


@given(st.text(max_size=60), st.integers(2, 50))
def test_a_cut_text_is_its_beginning_and_within_the_limit(text: str, limit: int) -> None:
    cut = _cut(text, limit)

    assert len(cut.encode("utf-16-le")) <= 2 * limit
    assert cut == text or text.startswith(cut.removesuffix("…"))


def _everything_told(error: BaseException) -> str:
    """What a log with a traceback would show, causes included."""
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize(
    "fault", [(401, "Unauthorized"), (404, "Not Found"), DROP, (500, f"at /bot{TOKEN}/")]
)
async def test_no_error_holds_the_token(
    fake: FakeTelegram, telegram: Telegram, fault: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.fail("getMe", *[fault] * 4)

    with pytest.raises((BadSetting, ServiceAway)) as raised:
        await telegram.name()

    assert TOKEN not in _everything_told(raised.value)
    assert TOKEN.partition(":")[2] not in _everything_told(raised.value)
    assert TOKEN not in caplog.text


async def test_no_error_holds_the_token_when_nobody_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    telegram = Telegram(TOKEN, api="http://127.0.0.1:9", attempts=2, first_wait_s=0.01)

    with pytest.raises(ServiceAway, match=r"127\.0\.0\.1:9") as raised:
        await telegram.name()
    await telegram.close()

    assert TOKEN not in _everything_told(raised.value) + caplog.text


async def test_a_wrong_token_is_told_with_the_way_out(fake: FakeTelegram) -> None:
    telegram = Telegram(WRONG, api=fake.url)

    with pytest.raises(BadSetting, match="@BotFather"):
        await telegram.name()
    await telegram.close()


def test_a_token_that_is_none_is_told_without_showing_it() -> None:
    with pytest.raises(BadSetting, match="does not look like a token") as raised:
        Telegram("no " + "token at all", api="https://api.telegram.org")

    assert "no token at all" not in _everything_told(raised.value)


def test_a_missing_token_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="STUMPER_TELEGRAM_TOKEN"):
        open_telegram(Settings(data=tmp_path))


@pytest.mark.slow
def test_the_command_ends_with_one_line_for_a_wrong_token(fake: FakeTelegram, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STUMPER_")}
    environment |= {"STUMPER_TELEGRAM_TOKEN": WRONG, "STUMPER_TELEGRAM_API": fake.url}

    ended = subprocess.run(
        [sys.executable, "-m", "stumper", "telegram"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ended.returncode == 1
    assert "@BotFather" in ended.stderr
    assert WRONG not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_token_in_the_settings_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stumper.toml").write_text(f'telegram_token = "{TOKEN}"\n')

    with pytest.raises(BadSetting, match="STUMPER_TELEGRAM_TOKEN") as raised:
        Settings()

    assert TOKEN not in str(raised.value)
