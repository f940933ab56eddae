"""`stumper explain`: the whole chain of one example, from picture to model. No rule lives here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from stumper.app import build
from stumper.cli.shared import JsonOption, out, run
from stumper.config import load
from stumper.errors import NotFound
from stumper.release.explain.assemble import explain as assemble
from stumper.release.explain.assemble import find
from stumper.release.explain.chain import Chain
from stumper.release.explain.page import when, write_page

SUGGESTED: Final = {
    "opening": "an opening that stands in the game",
    "need": "an idea that was asked for: a kind that the data lack",
    "model": "an idea that was asked for: what a model would ask",
}
Lines = Iterator[tuple[str, str]]


def explain(
    id_: Annotated[
        str, typer.Argument(metavar="EXAMPLE", help="Id of an example, of a row of a release, or of a claim.")
    ],
    html: Annotated[Path | None, typer.Option(help="Also write a page that opens anywhere.")] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Also estimate it from the whole campaign, now.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Prints where an example comes from: picture, question, votes, belief, releases, models."""

    async def work() -> tuple[Chain, bytes | None]:
        async with build(load()) as app:
            chain = await assemble(app.database, await find(app.database, id_), everybody=estimate)
            try:
                picture = await app.files.get(chain.picture.file) if chain.picture else None
            except NotFound:
                picture = None
            return chain, picture

    chain, picture = run(work())
    if html is not None:
        write_page(html, chain, picture)
    if as_json:
        sys.stdout.write(json.dumps(_plain(chain)) + "\n")
        return
    for title, lines in _sections(chain):
        table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in lines:
            table.add_row(name, escape(value))
        out.print(table, highlight=False)
        out.print()
    if html is not None:
        out.print(f"Page: {escape(str(html))}", soft_wrap=True)


def _plain(chain: Chain) -> dict[str, Any]:
    steps = [{**asdict(step), "belief": step.belief._asdict()} for step in chain.steps]
    return {**asdict(chain), "steps": steps}


def _sections(chain: Chain) -> Iterator[tuple[str, Lines]]:
    yield "Picture", _picture(chain)
    yield "Question", _question(chain)
    yield "Answer and verdict", _answer(chain)
    yield "Belief", _belief(chain)
    yield "Decision", _decision(chain)
    yield "Data and models", _afterwards(chain)


def _picture(chain: Chain) -> Lines:
    if chain.picture is None:
        yield "picture", "not kept any more"
        return
    one = chain.picture
    yield "picture", f"{one.id}, {one.width_px} x {one.height_px}, {one.kind}"
    yield "file", one.file
    yield "source", one.source
    yield "licence", one.licence


def _question(chain: Chain) -> Lines:
    who, asked = chain.asker, chain.asked
    plays = f": {who.model}, {who.method}" if who.model else ""
    yield "who", f"{who.pseudonym} ({who.kind}{plays}), language {who.language or 'unknown'}"
    yield "consent", f"{who.consent_licence}, {when(who.consent_at)}"
    yield "trust then", f"E = {who.e_value_then:.4g} (now {who.e_value:.4g})"
    seconds = "" if asked.seconds is None else f", {asked.seconds:.0f} s after the picture"
    control = "a control" if asked.control else "no control"
    yield "session", f"{asked.session_id}, picture {asked.turn} of {asked.turns}, {control}"
    yield "asked", f"{when(asked.asked_at)}{seconds}"
    yield "question", asked.question
    if asked.suggested:
        yield "suggested", SUGGESTED[asked.suggested]


def _answer(chain: Chain) -> Lines:
    asked, claimed = chain.asked, chain.claimed
    took = "" if asked.latency_ms is None else f", {asked.latency_ms:.0f} ms"
    yield "model", f"{asked.model}, round {asked.round}{took}"
    if asked.answered_by:
        yield "answered by", asked.answered_by
    yield "it said", asked.model_answer
    yield "shown", asked.shown_answer
    yield "verdict", f"{asked.verdict}, {when(asked.judged_at)}"
    yield "correction", asked.correction
    yield "claim", claimed.id
    yield "category", f"{claimed.category} (the classifier is {claimed.confidence:.0%} sure)"
    if claimed.blind:
        yield "without picture", claimed.blind
    if claimed.same_as:
        yield "merged with", claimed.same_as
    for twin in claimed.twins:
        yield "said too by", f"{twin.pseudonym}: {twin.question} {twin.correction} ({twin.claim_id})"


def _belief(chain: Chain) -> Lines:
    for step in chain.steps:
        tested = " (tested the voter, not counted)" if step.gold else ""
        counts = f", counts {step.weight:.0%}, {step.told:+.2f} logits" if step.voter and not tested else ""
        yield f"{step.belief.good:.3f}", f"{step.voter or 'start'}: {step.says}{tested}{counts}"
    for opinion in chain.opinions:
        yield opinion.judge, "missing" if opinion.score is None else f"{opinion.score:.3f}"


def _decision(chain: Chain) -> Lines:
    decided = chain.decided
    yield "status", f"{decided.status}{', ' + decided.reason if decided.reason else ''}"
    yield "when", when(decided.at)
    written = (("as written", decided.posterior), ("in the example", decided.posterior_in_example))
    for name, value in (*written, ("by everybody", decided.posterior_of_all)):
        if value is not None:
            yield name, f"{value:.3f}"
    yield "bounds", f"accepted above {decided.accept:g}, rejected below {decided.reject:g}"


def _afterwards(chain: Chain) -> Lines:
    yield "example", chain.example_id or "none"
    for one in chain.releases:
        weight = "" if one.weight is None else f", weight {one.weight:.3g}"
        state = ", withdrawn" if one.withdrawn_at else ""
        where = one.split or "not on this machine"
        yield "release", f"version {one.version} {one.id}, row {one.row_id}, {where}{weight}{state}"
    for model in chain.models:
        yield "tuned", f"{model.tuned_ref} on {model.release_id}, {when(model.at)}"
    for lesson in chain.lessons:
        score = "missing" if lesson.score is None else f"{lesson.score:.2f}"
        yield "it says now", f"{lesson.tuned_ref}: {lesson.answer or 'nothing'} (score {score})"
