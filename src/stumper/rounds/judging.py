"""The panel's word on a round that is closed already: a judge was away then, or none was named.

The gate has decided by rules; nothing here changes who plays.
"""

from __future__ import annotations

from typing import Final

from stumper import campaigns
from stumper.app import App
from stumper.errors import BadSetting, NotFound
from stumper.evaluate.panel import PanelScores, Unheard
from stumper.records import Campaign, Round
from stumper.release import queries as release_queries
from stumper.rounds import queries
from stumper.rounds.closing import Closing, OnProgress, quiet
from stumper.rounds.queries import Candidate

_NOBODY: Final = "No models judge here. Name two or more in STUMPER_JUDGES: openai:URL#NAME"


async def judge_again(
    app: App, campaign: Campaign, *, number: int | None = None, on_progress: OnProgress = quiet
) -> PanelScores | Unheard:
    """Asks the judges about the model that a round was closed with; keeps their figures beside the rules'.

    ``number`` is the round's; without one the last that was closed with a model. What was answered and judged
    by then is not asked again. Raises BadSetting where no judges are named, NotFound for a round without a
    tuned model, and what opening a model raises.
    """
    if not app.settings.judge_refs:
        raise BadSetting(_NOBODY)
    current, one = await _closed(app, campaign, number)
    async with app.database.read() as tx:
        made = await release_queries.get(tx, one.release_id)
        seed = await queries.seed_of(tx, one)
    found = await Closing(app, campaign, current, seed=seed, on_progress=on_progress).evaluate(
        made, one.tuned_ref
    )
    if found.panel is None:
        raise BadSetting(_NOBODY)
    async with app.database.begin() as tx:
        await queries.keep_panel(tx, one, found.panel.to_json())
    return found.panel


async def _closed(app: App, campaign: Campaign, number: int | None) -> tuple[Round, Candidate]:
    async with app.database.read() as tx:
        rounds = [one for name, one in await campaigns.list_rounds(tx) if name == campaign.name]
        ends = await queries.candidates_by_round(tx)
    for one in reversed(rounds):
        if one.id in ends and number in (None, one.number):
            return one, ends[one.id]
    which = "No round" if number is None else f"Round {number}"
    told = "was" if number is None else "was not"
    raise NotFound(f"{which} of {campaign.name!r} {told} closed with a tuned model. See: stumper round list")
