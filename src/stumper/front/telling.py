"""Puts a message (`progress.news`) into words, for the page and for the bot."""

from __future__ import annotations

from stumper.front.i18n import Words
from stumper.progress.news.post import Message, MessageKind


def told(message: Message, words: Words) -> str:
    """Returns the message in one or two sentences of plain text."""
    facts = message.facts
    if message.kind is MessageKind.LEARNED:
        return words.count(
            "The model learned {n} of your catches. Now stump the new one!",
            "The model learned {n} of your catches. Now stump the new one!",
            int(facts["learned"]),
        )
    if message.kind is MessageKind.LEAGUE:
        return words(
            "The week is over: you came {rank} of {size} in your league.",
            rank=facts["rank"],
            size=facts["size"],
        )
    return words.count(
        "Your streak of {n} day ends tonight. Three pictures keep it.",
        "Your streak of {n} days ends tonight. Three pictures keep it.",
        int(facts["days"]),
    )
