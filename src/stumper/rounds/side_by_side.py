"""Gathers a campaign's chronicle: what was played, and every model asked every round's held-out questions."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from stumper import campaigns
from stumper.app import App
from stumper.curate.classify import classify_many
from stumper.curate.judges import score
from stumper.errors import StumperError
from stumper.evaluate import queries as played
from stumper.evaluate.chronicle import Chronicle, Model, Told
from stumper.evaluate.closing import Figures
from stumper.evaluate.items import release_items
from stumper.evaluate.metrics import Interval, mean_interval
from stumper.evaluate.run import Item, answers
from stumper.records import Campaign, Release, Round, Verdict
from stumper.release import queries as release_queries
from stumper.rounds import queries
from stumper.rounds.closing import OnProgress, quiet
from stumper.rounds.lineage import Ending, lineage
from stumper.rounds.queries import Candidate

_MISSING: Final = Interval(math.nan, math.nan, math.nan, 0)


async def chronicle(
    app: App,
    campaign: Campaign,
    *,
    seed: int,
    up_to: int | None = None,
    wrong: Mapping[int, float] | None = None,
    on_progress: OnProgress = quiet,
) -> Chronicle:
    """Returns the campaign's rounds, up to a number, in which something was asked, and all models of theirs.

    Each model is asked each round's held-out questions; answers are kept, so that a second call asks nothing.
    A model or a release that is gone is missing, not zero. ``seed`` is that of the bootstrap; ``wrong`` says
    by round what share of the answers was really wrong, where that is known.
    """
    async with app.database.read() as tx:
        every = [one for name, one in await campaigns.list_rounds(tx) if name == campaign.name]
        ends = await queries.candidates_by_round(tx)
    rounds = [one for one in every if up_to is None or one.number <= up_to]
    verdicts = {one.round.id: one.ending for one in await lineage(app) if one.ending}
    told = [
        await _told(app, one, ends.get(one.id), verdicts.get(one.id), (wrong or {}).get(one.number))
        for one in rounds
    ]
    closed = [(one, ends[one.id]) for one in rounds if one.id in ends]
    return Chronicle(
        campaign=campaign.name,
        rounds=tuple(one for one in told if one.questions),
        models=tuple(await _models(app, rounds, closed, seed=seed, on_progress=on_progress)),
        tests=tuple(one.number for one, _ in closed),
    )


async def _told(
    app: App, one: Round, end: Candidate | None, ending: Ending | None, wrong: float | None
) -> Told:
    async with app.database.read() as tx:
        rows = [row for row in await played.judged_answers(tx, round_id=one.id) if not row.control]
        examples = await queries.examples_of(tx, one.id)
    categories = [found.category for found in classify_many([row.question for row in rows])]
    marked = [row.verdict == Verdict.WRONG.value for row in rows]
    figures = Figures.from_json(end.figures) if end else None
    return Told(
        number=one.number,
        opponent=one.model_ref,
        questions=len(rows),
        examples=examples,
        asked=Counter(categories),
        claimed=Counter(category for category, claim in zip(categories, marked, strict=True) if claim),
        verdict=ending.verdict if ending else "",
        score=(figures.score_base, figures.score_tuned) if figures else None,
        guess=figures.score_guess if figures else None,
        wrong=wrong,
    )


async def _models(
    app: App,
    rounds: Sequence[Round],
    closed: Sequence[tuple[Round, Candidate]],
    *,
    seed: int,
    on_progress: OnProgress,
) -> list[Model]:
    """The first opponent and what was tuned in every round, in that order."""
    refs = {rounds[0].model_ref: "the first opponent"} if rounds else {}
    for one, end in closed:
        refs.setdefault(end.tuned_ref, f"tuned in round {one.number}")
    tests = [await _test(app, end) for _, end in closed]
    found = []
    for place, (ref, name) in enumerate(refs.items()):
        on_progress("compare", place, len(refs))
        scores = [await _asked(app, ref, *test, seed=seed) if test else _MISSING for test in tests]
        withheld, known = _fixed(ref, [end for _, end in closed])
        found.append(
            Model(
                name=name,
                ref=ref,
                played=tuple(one.number for one in rounds if one.model_ref == ref),
                tests=tuple(scores),
                withheld=withheld,
                known=known,
            )
        )
    return found


async def _test(app: App, end: Candidate) -> tuple[list[Item], Path] | None:
    """The held-out questions that a round added, as its closing asked them, and the folder of the answers."""
    async with app.database.read() as tx:
        release = await release_queries.get(tx, end.release_id)
    try:
        items = await asyncio.to_thread(_items, release, end.round_number)
    except StumperError:  # its folder is gone
        return None
    return items, app.settings.data / "evaluations" / "rounds" / release.digest[:16]


def _items(release: Release, number: int) -> list[Item]:
    folder = Path(release.path)
    return release_items(folder, round_number=number) or release_items(folder)


async def _asked(app: App, ref: str, items: Sequence[Item], kept: Path, *, seed: int) -> Interval:
    cache = kept / f"{hashlib.sha256(ref.encode()).hexdigest()[:16]}.jsonl"
    try:
        said = await answers(await app.open_model(ref), items, cache=cache)
    except StumperError:  # its folder is gone, or it answers nothing any more
        return _MISSING
    marks = [
        score(item.question, item.reference, text, category=item.category)
        for item, text in zip(items, said, strict=True)
    ]
    scores = np.array([math.nan if mark is None else mark for mark in marks], dtype=np.float64)
    return mean_interval(scores, [item.picture for item in items], seed=seed)


def _fixed(ref: str, ends: Sequence[Candidate]) -> tuple[Interval, Interval]:
    """What a model scored on the two sets that never change, from the first evaluation that asked it."""
    for end in ends:
        side = {end.tuned_ref: "tuned", end.base_ref: "base"}.get(ref)
        if side is not None:
            withheld, known = (
                end.figures["details"][name]["overall"][side] for name in ("withheld", "known")
            )
            return _interval(withheld), _interval(known)
    return _MISSING, _MISSING


def _interval(plain: Mapping[str, Any]) -> Interval:
    return _MISSING if plain["mean"] is None else Interval(**plain)
