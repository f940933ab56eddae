"""How votes are weighed (pure): a player's weight, and groups of players who act as one.

A vote's log-likelihood is multiplied by its voter's share: a power likelihood (Bissiri and others 2016,
https://doi.org/10.1111/rssb.12158), in which a vote of share w tells as much as w votes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from stumper.records import PlayerId


def groups(ties: Iterable[tuple[PlayerId, PlayerId]]) -> dict[PlayerId, int]:
    """Returns the number of the group of each player who is tied to another, directly or over others."""
    leader: dict[PlayerId, PlayerId] = {}

    def root(player: PlayerId) -> PlayerId:
        leader.setdefault(player, player)
        while leader[player] != player:
            leader[player] = leader[leader[player]]  # halves the way for the next one
            player = leader[player]
        return player

    for one, other in ties:
        leader[root(one)] = root(other)
    number = {head: n for n, head in enumerate(sorted({root(player) for player in list(leader)}))}
    return {player: number[root(player)] for player in list(leader)}


@dataclass(frozen=True, slots=True)
class Jury:
    """How much each voter's word counts; whoever is not named counts fully."""

    weights: Mapping[PlayerId, float] = field(default_factory=dict)
    group: Mapping[PlayerId, int] = field(default_factory=dict)
    """Players who act as one; a number for each group."""

    def shares(self, claimant: PlayerId, voters: Sequence[PlayerId]) -> list[float]:
        """Returns by what the log-likelihood of each vote on a claim is multiplied, 0..1.

        A group has one voice together, and none on its own members' claims: the claim was its voice.
        """
        cast = Counter(self.group[voter] for voter in voters if voter in self.group)
        own = self.group.get(claimant)
        return [self._share(voter, cast, own) for voter in voters]

    def _share(self, voter: PlayerId, cast: Counter[int], own: int | None) -> float:
        group, full = self.group.get(voter), self.weights.get(voter, 1.0)
        if group is None:
            return full
        return 0.0 if group == own else full / cast[group]


EVERYBODY: Final = Jury()
