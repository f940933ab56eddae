"""What was noticed, in plain words (pure): its figures for the operator, what follows from it for the player.

The words to the player say what was seen and accuse nobody; partners are never named to them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from stumper.trust.signals import STRONG, Kind, weight
from stumper.trust.watch.kept import COUNTS, Appeal, Decision, Noticed

_REASONS: Final = {
    Kind.HASTE: "{common} of {chances} answers were marked, or questions typed, faster than people can",
    Kind.COPIED: "{common} of {chances} rare questions are word for word those of {partners}",
    Kind.ASTRAY: "voted against what was settled together with {partners} {common} times in {chances}",
    Kind.FAVOUR: "{common} of {chances} votes between them and {partners} said yes, more than usual",
    Kind.PASTED: "{common} of {chances} texts were pasted or read as if a language model wrote them",
    Kind.TOGETHER: "began to play within a minute of {partners}, {common} times",
    Kind.NETWORK: "joined from the same network as {partners}",
}

_NOTICES: Final = {
    Kind.HASTE: (
        "Faster than eyes and thumbs",
        "{common} of your {chances} answers were marked sooner than anybody can look, type and read.",
    ),
    Kind.COPIED: (
        "The same rare questions",
        "{common} of your questions are word for word those of another player, more than happens by chance.",
    ),
    Kind.ASTRAY: (
        "The same slips as a referee",
        "As referees, you and another player were mistaken together {common} times.",
    ),
    Kind.FAVOUR: (
        "A good word for each other",
        "You and another player agree with each other's catches far more often than others do.",
    ),
    Kind.PASTED: (
        "Many pasted words",
        "{common} of your {chances} texts were pasted, or read as if a machine wrote them. We hope for your "
        "own words.",
    ),
    Kind.TOGETHER: (
        "At the same moments",
        "{common} times you began to play in the same minute as another player. Friends do that; alone it "
        "changes nothing.",
    ),
    Kind.NETWORK: (
        "From the same network",
        "Another player with whom you have something in common joined from your network. Families do that; "
        "alone it changes nothing.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    kind: Kind
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a player is told: nothing at all if nothing was noticed and nothing was ever appealed."""

    lines: tuple[NoticeLine, ...]
    follows: tuple[str, ...]
    """What it means for them, one sentence each."""
    may_appeal: bool
    appeal: Appeal | None
    """The newest one."""

    @property
    def empty(self) -> bool:
        return not self.lines and self.appeal is None


def reason(one: Noticed) -> str:
    """Returns why a signal was found, with its figures, for the operator."""
    partners = one.facts.partners
    others = f" and {len(partners) - 1} more" if len(partners) > 1 else ""
    named = f"player {partners[0]}{others}" if partners else "another player"
    return _REASONS[one.kind].format(common=one.facts.common, chances=one.facts.chances, partners=named)


def notice(signals: Sequence[Noticed], appeals: Sequence[Appeal]) -> Notice:
    """Returns what to tell the player to whom these signals and appeals (oldest first) belong."""
    counting = [one for one in signals if one.state in COUNTS]
    lines = [
        NoticeLine(
            kind=one.kind,
            title=_NOTICES[one.kind][0],
            text=_NOTICES[one.kind][1].format(common=one.facts.common, chances=one.facts.chances),
        )
        for one in counting
    ]
    newest = appeals[-1] if appeals else None
    waits = newest is not None and newest.decision is None
    return Notice(
        lines=tuple(lines),
        follows=tuple(_follows(counting)) if counting else (),
        may_appeal=bool(counting) and not waits,
        appeal=newest,
    )


def weight_of(signals: Collection[Noticed]) -> float:
    """Returns the weight that these signals of one player leave."""
    return weight({one.kind: one.strength for one in signals if one.state in COUNTS})


def _follows(counting: Sequence[Noticed]) -> list[str]:
    left = weight_of(counting)
    told = []
    if left < 1.0:
        told.append(f"Your votes as a referee count {max(1, round(100 * left))} % for now.")
    if any(one.kind in STRONG for one in counting):
        told.append(
            "New bonuses for your catches wait until this is settled. Nothing you have is taken away."
        )
    return [*told, "You can go on playing as always."]


def told_decision(appeal: Appeal) -> str:
    """Returns where an appeal stands, in a sentence."""
    return {
        None: "We have your message and will look at it.",
        Decision.GRANTED: "We looked at it and agree with you: it counts no more.",
        Decision.REFUSED: "We looked at it and it stays as it is.",
    }[appeal.decision]
