"""An update of Telegram in our words: who, where, and what they said or tapped."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stumper.play.texts import clean

if TYPE_CHECKING:
    from aiogram.types import Message, Update


class Kind(StrEnum):
    TEXT = "text"
    TAP = "tap"
    EDIT = "edit"
    """A text that was sent before is another one now."""
    THING = "thing"
    """A sticker, a voice, a picture: nothing to read."""
    BLOCK = "block"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One update."""

    id: int
    kind: Kind
    chat_id: int
    private: bool
    """False in groups and channels."""
    user_id: int
    name: str = ""
    """The first name that the user has in Telegram."""
    language: str = "en"
    text: str = ""
    """What was said, or what the tapped button carries."""
    message_id: int | None = None
    """The message, or the one under which the tapped button is."""
    tap_id: str = ""

    @property
    def command(self) -> tuple[str, str]:
        """Returns the command in lower case and what follows it; ("", "") for a text that is none."""
        if self.kind is not Kind.TEXT or not self.text.startswith("/"):
            return "", ""
        first, _, rest = self.text.partition(" ")
        return first[1:].partition("@")[0].lower(), rest.strip()


def read(update: Update) -> Incoming | None:
    """Returns the update, or None if it is of a kind that says nothing to us."""
    if update.message is not None:
        kind = Kind.THING if update.message.text is None else Kind.TEXT
        return _of_message(update.update_id, update.message, kind)
    if update.edited_message is not None:
        return _of_message(update.update_id, update.edited_message, Kind.EDIT)
    if update.callback_query is not None:
        return _of_tap(update)
    change = update.my_chat_member
    if change is None:
        return None
    return Incoming(
        id=update.update_id,
        kind=Kind.BLOCK if change.new_chat_member.status in {"kicked", "left"} else Kind.UNBLOCK,
        chat_id=change.chat.id,
        private=change.chat.type == "private",
        user_id=change.from_user.id,
    )


def _of_message(update_id: int, message: Message, kind: Kind) -> Incoming | None:
    user = message.from_user
    if user is None:  # a channel's own post
        return None
    return Incoming(
        id=update_id,
        kind=kind,
        chat_id=message.chat.id,
        private=message.chat.type == "private",
        user_id=user.id,
        name=clean(user.first_name),
        language=_language(user.language_code),
        text=message.text or "",
        message_id=message.message_id,
    )


def _of_tap(update: Update) -> Incoming | None:
    tap = update.callback_query
    if tap is None or tap.message is None:
        return None
    return Incoming(
        id=update.update_id,
        kind=Kind.TAP,
        chat_id=tap.message.chat.id,
        private=tap.message.chat.type == "private",
        user_id=tap.from_user.id,
        name=clean(tap.from_user.first_name),
        language=_language(tap.from_user.language_code),
        text=tap.data or "",
        message_id=tap.message.message_id,
        tap_id=tap.id,
    )


def _language(code: str | None) -> str:
    return (code or "en").partition("-")[0].lower()
