"""What was noticed (pure): in words with its figures for the operator, and what of it a player is told.

The player's own words, in their language, are in `front.noticed`; partners are never named to them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from stumper.trust.signals import STRONG, Kind, weight
from stumper.trust.watch.kept import COUNTS, Appeal, Noticed

_REASONS: Final = {
    Kind.HASTE: "{common} of {chances} answers were marked, or questions typed, faster than people can",
    Kind.COPIED: "{common} of {chances} rare questions are word for word those of {partners}",
    Kind.ASTRAY: "voted against what was settled together with {partners} {common} times in {chances}",
    Kind.FAVOUR: "{common} of {chances} votes between them and {partners} said yes, more than usual",
    Kind.PASTED: "{common} of {chances} texts were pasted or read as if a language model wrote them",
    Kind.TOGETHER: "began to play within a minute of {partners}, {common} times",
    Kind.NETWORK: "joined from the same network as {partners}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    kind: Kind
    common: int
    chances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a player is told: nothing at all if nothing was noticed and nothing was ever appealed."""

    lines: tuple[NoticeLine, ...]
    votes_percent: int
    """What their votes as a referee count now, 1..100."""
    bonuses_wait: bool
    """New bonuses are held back until it is settled."""
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
        NoticeLine(kind=one.kind, common=one.facts.common, chances=one.facts.chances) for one in counting
    ]
    newest = appeals[-1] if appeals else None
    waits = newest is not None and newest.decision is None
    return Notice(
        lines=tuple(lines),
        votes_percent=max(1, round(100 * weight_of(counting))),
        bonuses_wait=any(one.kind in STRONG for one in counting),
        may_appeal=bool(counting) and not waits,
        appeal=newest,
    )


def weight_of(signals: Collection[Noticed]) -> float:
    """Returns the weight that these signals of one player leave."""
    return weight({one.kind: one.strength for one in signals if one.state in COUNTS})
