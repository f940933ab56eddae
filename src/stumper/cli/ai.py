"""Commands about models that play and help. No rule lives here."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stumper import campaigns
from stumper.app import build
from stumper.cli.rounds import Switch
from stumper.cli.shared import CampaignOption, JsonOption, current_campaign, err, out, run, settings
from stumper.records import Method

if TYPE_CHECKING:
    from stumper.challengers.run import Played

ai = typer.Typer(no_args_is_help=True, help="Models that play and help: play, ideas, examples.")


@ai.command("play")
def ai_play(
    player: Annotated[
        str | None,
        typer.Option(help="Model that plays: openai:URL#NAME, hf:DIR, onnx:DIR; else the opponent itself."),
    ] = None,
    method: Annotated[
        Method,
        typer.Option("--as", help="stronger: it knows better; unsure: the opponent, of what it is unsure."),
    ] = Method.STRONGER,
    sessions: Annotated[
        int, typer.Option(min=1, max=1000, help="So many of this round; those it has finished count.")
    ] = 1,
    questions: Annotated[int, typer.Option(min=1, max=8, help="At most so many a picture.")] = 3,
    campaign: CampaignOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lets a model play against the opponent; all that it does is marked as a model's."""
    from stumper.challengers.run import play

    def show(done: int, total: int) -> None:
        err.print(f"  {done} of {total} sessions", highlight=False)

    async def work() -> Played:
        async with build(settings(campaign)) as app:
            owner, current = await current_campaign(app)
            return await play(
                app,
                owner,
                current,
                model_ref=player,
                method=method,
                sessions=sessions,
                questions=questions,
                rng=random.SystemRandom(),
                on_progress=None if as_json else show,
            )

    found = run(work())
    if as_json:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return
    out.print(
        f"{found.model_ref} ({found.method}): {found.sessions} sessions, {found.questions} questions, "
        f"{found.wrong} marked wrong, {found.left} pictures left. {found.calls} calls, "
        f"{found.tokens} tokens, {found.seconds:.1f} s.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@ai.command("ideas")
def ai_ideas(
    switch: Annotated[Switch, typer.Argument(help="on: players may ask for ideas what to ask; off: not.")],
    campaign: CampaignOption = None,
) -> None:
    """Says whether players who are stuck may ask for ideas. Sessions under way follow at once."""
    name = _change(campaign, ideas=switch is Switch.ON)
    out.print(f"{name}: {'players may ask for ideas' if switch is Switch.ON else 'no ideas are given'}.")


@ai.command("examples")
def ai_examples(
    switch: Annotated[Switch, typer.Argument(help="on: releases hold them too; off: people's only.")],
    campaign: CampaignOption = None,
) -> None:
    """Says whether the next releases also hold what models that play found, if people confirmed it."""
    name = _change(campaign, model_examples=switch is Switch.ON)
    out.print(
        f"{name}: releases hold what people and models found, marked."
        if switch is Switch.ON
        else f"{name}: releases hold what people found."
    )


def _change(campaign: str | None, **rules: Any) -> str:
    async def work() -> str:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            async with app.database.begin() as tx:
                await campaigns.change_rules(tx, owner.id, **rules)
            return owner.name

    return run(work())
