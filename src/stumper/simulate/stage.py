"""Where a crowd plays one round: its clock, its pictures, and generators named after their place.

What is drawn depends on the seed, the round and the place alone, and what a person remembers is read from the
database: a run that was killed goes on with the same numbers and the same people.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from stumper.app import App
from stumper.campaigns import list_rounds
from stumper.errors import NotFound
from stumper.play.game import Game
from stumper.play.learned import Vocabularies
from stumper.records import Campaign, PlayerId, Round
from stumper.simulate import queries
from stumper.simulate.memory import NO_MEMORY, Tried, hopes
from stumper.simulate.world import TruthBook, truth_book
from stumper.toytown.questions import Skill

_START = 1_760_000_000.0
_BETWEEN_S = 86_400.0  # from the last move of a round to the first of the next


class SimClock:
    """Time that moves only when a simulated player spends it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Stage:
    """What a crowd needs to play one round."""

    app: App
    clock: SimClock
    began: float
    """When the round's first session begins, on the crowd's clock."""
    campaign: Campaign
    round: Round
    seed: int
    pictures: dict[str, queries.Picture]
    truths: TruthBook
    vocabularies: Vocabularies

    def game(self, *place: object) -> Game:
        """The game with the random generator of one move; the same place draws the same numbers."""
        rng = random.Random(f"game {self._seed} {place}")
        return Game(
            database=self.app.database,
            files=self.app.files,
            open_model=self.app.open_model,
            clock=self.clock,
            rng=rng,
            vocabularies=self.vocabularies,
        )

    def mind(self, *place: object) -> random.Random:
        return random.Random(f"mind {self._seed} {place}")

    @property
    def _seed(self) -> str:
        """Another in every round: the same person at the same place draws other numbers then."""
        number = self.round.number
        return str(self.seed) if number == 1 else f"{self.seed} round {number}"

    async def hopes(self, player_id: PlayerId, before: int) -> Mapping[Skill, float]:
        """What a player hopes of each kind of question at picture ``before`` (0-based) of a session.

        Read from the database, so a killed run goes on with the same hopes. In a campaign's first round
        curiosity stands for it.
        """
        if self.round.number == 1:
            return NO_MEMORY
        async with self.app.database.read() as tx:
            rows = await queries.remembered(tx, player_id, campaign_id=self.campaign.id, before=before)
        return hopes(
            Tried(
                self.truths.find(row.image_id, row.question).kind,
                row.stumped,
                self.round.number - row.round_number,
            )
            for row in rows
        )


async def open_stage(app: App, campaign: Campaign, current: Round, seed: int) -> Stage:
    """Raises NotFound without drawn pictures."""
    async with app.database.read() as tx:
        pictures = await queries.pictures(tx, campaign_id=campaign.id)
        rounds = [one for name, one in await list_rounds(tx) if name == campaign.name]
        began = await queries.first_move(tx, round_id=current.id)
        before = await queries.last_move(tx, campaign_id=campaign.id, before=current.number)
    if not pictures:
        raise NotFound(
            f"Campaign {campaign.name!r} has no Toytown pictures. Run: stumper images toytown -n 600"
        )
    if before is None:  # the first round
        began = _START
    elif began is None:
        began = before + _BETWEEN_S
    played = [one.id for one in rounds if one.number <= current.number]
    return Stage(
        app=app,
        clock=SimClock(began),
        began=began,
        campaign=campaign,
        round=current,
        seed=seed,
        pictures=pictures,
        truths=truth_book(app.settings.data, played),
        vocabularies=Vocabularies(),
    )
