"""Puts what was noticed about a player into words of theirs. They say what was seen and accuse nobody."""

from __future__ import annotations

from typing import Final, NamedTuple

from stumper.front.i18n import N_, N_count, Words
from stumper.trust.signals import Kind
from stumper.trust.watch.kept import Appeal, Decision
from stumper.trust.watch.words import Notice, NoticeLine


class _Sentences(NamedTuple):
    title: str
    counted: tuple[str, str]
    """For one and for {n} things in common, of {chances}."""


_SENTENCES: Final = {
    Kind.HASTE: _Sentences(
        N_("Faster than eyes and thumbs"),
        N_count(
            "{n} of your {chances} answers was marked sooner than anybody can look, type and read.",
            "{n} of your {chances} answers were marked sooner than anybody can look, type and read.",
        ),
    ),
    Kind.COPIED: _Sentences(
        N_("The same rare questions"),
        N_count(
            "{n} of your questions is word for word that of another player, more than happens by chance.",
            "{n} of your questions are word for word those of another player, more than happens by chance.",
        ),
    ),
    Kind.ASTRAY: _Sentences(
        N_("The same slips as a referee"),
        N_count(
            "As referees, you and another player were mistaken together {n} time.",
            "As referees, you and another player were mistaken together {n} times.",
        ),
    ),
    Kind.FAVOUR: _Sentences(
        N_("A good word for each other"),
        N_count(
            "You and another player agree with each other's catches far more often than others do.",
            "You and another player agree with each other's catches far more often than others do.",
        ),
    ),
    Kind.PASTED: _Sentences(
        N_("Many pasted words"),
        N_count(
            "{n} of your {chances} texts was pasted, or reads as if a machine wrote it. "
            "We hope for your own words.",
            "{n} of your {chances} texts were pasted, or read as if a machine wrote them. "
            "We hope for your own words.",
        ),
    ),
    Kind.TOGETHER: _Sentences(
        N_("At the same moments"),
        N_count(
            "{n} time you began to play in the same minute as another player. "
            "Friends do that; alone it changes nothing.",
            "{n} times you began to play in the same minute as another player. "
            "Friends do that; alone it changes nothing.",
        ),
    ),
    Kind.NETWORK: _Sentences(
        N_("From the same network"),
        N_count(
            "Another player with whom you have something in common joined from your network. "
            "Families do that; alone it changes nothing.",
            "Another player with whom you have something in common joined from your network. "
            "Families do that; alone it changes nothing.",
        ),
    ),
}


class Told(NamedTuple):
    kind: Kind
    title: str
    text: str


def told(line: NoticeLine, words: Words) -> Told:
    """Returns what was seen, with a title."""
    sentences = _SENTENCES[line.kind]
    text = words.count(*sentences.counted, line.common, chances=line.chances)
    return Told(line.kind, words(sentences.title), text)


def follows(notice: Notice, words: Words) -> list[str]:
    """Returns what it means for the player, a sentence each; nothing if nothing was noticed."""
    if not notice.lines:
        return []
    sentences = []
    if notice.votes_percent < 100:
        sentences.append(
            words("Your votes as a referee count {percent} % for now.", percent=notice.votes_percent)
        )
    if notice.bonuses_wait:
        sentences.append(
            words("New bonuses for your catches wait until this is settled. Nothing you have is taken away.")
        )
    return [*sentences, words("You can go on playing as always.")]


def told_decision(appeal: Appeal, words: Words) -> str:
    """Returns where an appeal stands, in a sentence."""
    match appeal.decision:
        case Decision.GRANTED:
            return words("We looked at it and agree with you: it counts no more.")
        case Decision.REFUSED:
            return words("We looked at it and it stays as it is.")
    return words("We have your message and will look at it.")
