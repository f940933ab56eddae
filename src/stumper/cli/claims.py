"""Commands about claims that referees could not decide or a gate stopped, and what models think of them."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from stumper.app import build
from stumper.campaigns import find_campaign
from stumper.cli.panel import LeastOption, figure, open_judges
from stumper.cli.shared import CampaignOption, JsonOption, err, operator, out, run
from stumper.config import load
from stumper.curate.belief import Cause
from stumper.curate.desk.queries import Dispute, disputes
from stumper.curate.gates.text import stopped
from stumper.curate.panel import queries as panel
from stumper.curate.panel.calibrate import Calibration, calibrate
from stumper.curate.panel.opinions import Asked, ask_about_claims, by_claim, pooled
from stumper.curate.panel.panel import LEAST
from stumper.curate.peers import rule_by_hand
from stumper.records import Claim, ClaimId

claims = typer.Typer(no_args_is_help=True, help="Claims that wait for your word: list, decide, ask models.")


@claims.command("list")
def claims_list(
    campaign: CampaignOption = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Those that a program refused, instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Lists the claims on which referees disagree or that they flagged, with what they propose instead, and
    those with words that may insult or personal data.
    """

    async def work() -> tuple[list[Dispute], dict[ClaimId, dict[str, float]]]:
        settings = load(campaign=campaign)
        async with build(settings) as app, app.database.read() as tx:
            owner = await find_campaign(tx, settings.campaign)
            found = await disputes(tx, owner.id, refused=refused)
            return found, by_claim(await panel.kept(tx, owner.id))

    found, backed = run(work())
    if as_json:
        lines = [
            {**asdict(one), "words": _words(one.claim), "panel": _backing(backed.get(one.claim.id, {}))}
            for one in found
        ]
        sys.stdout.write(json.dumps(lines) + "\n")
        return
    _show_disputes(found, backed)
    out.print("Next: stumper claims decide CLAIM --accept, or --reject")


def _show_disputes(found: list[Dispute], backed: dict[ClaimId, dict[str, float]]) -> None:
    table = Table("claim", "question", "model", "player", "referees propose", "votes", "panel", "why")
    for one in found:
        claim = one.claim
        why = ", ".join(filter(None, [claim.reason, _words(claim), *one.flags]))
        cells = (claim.question, claim.model_answer, claim.correction, "; ".join(one.better), why)
        question, model_answer, correction, better, why = map(escape, cells)
        told = backed.get(claim.id, {})
        back = f"{pooled(told):.2f} of {len(told)}" if told else "-"
        table.add_row(claim.id, question, model_answer, correction, better, str(claim.votes), back, why)
    out.print(table)


def _backing(told: dict[str, float]) -> dict[str, Any] | None:
    return {"backing": pooled(told), "judges": told} if told else None


@claims.command("opinions")
def claims_opinions(
    judges: Annotated[
        list[str] | None,
        typer.Option("--judge", help="A model that sees pictures, openai:URL#NAME; may be repeated."),
    ] = None,
    campaign: CampaignOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most claims to ask about.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Asks models about disputed, open and settled claims, and shows how far they back the disputed ones.

    Each is asked once; a run that was stopped goes on. Without --judge it shows what was asked before.
    """

    from stumper.front.console import StageDisplay

    async def work() -> tuple[Asked, list[Dispute], dict[ClaimId, dict[str, float]]]:
        settings = load(campaign=campaign)
        asked = open_judges(judges or ())
        try:
            async with build(settings) as app:
                async with app.database.read() as tx:
                    owner = await find_campaign(tx, settings.campaign)
                with StageDisplay({"opinions": 60.0}, console=err) as display:
                    came = await ask_about_claims(
                        app.database,
                        app.files,
                        asked,
                        owner.id,
                        clock=app.clock,
                        limit=limit,
                        on_progress=partial(display.tell, "opinions"),
                    )
                async with app.database.read() as tx:
                    return came, await disputes(tx, owner.id), by_claim(await panel.kept(tx, owner.id))
        finally:
            for judge in asked:
                await judge.close()

    came, found, backed = run(work())
    for fault in came.faults:
        err.print(fault, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        told = {one.claim.id: _backing(backed.get(one.claim.id, {})) for one in found}
        sys.stdout.write(json.dumps({**asdict(came), "disputed": told}) + "\n")
        return
    out.print(
        f"Asked about {came.claims:,} claims: {came.kept:,} opinions kept ({came.unreadable:,} unreadable), "
        f"{came.away:,} not answered, {came.without_picture:,} claims without a picture",
        highlight=False,
        soft_wrap=True,
    )
    _show_disputes(found, backed)
    out.print("Next: stumper claims calibrate says how far to believe them")


@claims.command("calibrate")
def claims_calibrate(
    campaign: CampaignOption = None, least: LeastOption = LEAST, as_json: JsonOption = False
) -> None:
    """Compares the models' opinions of claims with what people's votes decided."""

    async def work() -> Calibration:
        settings = load(campaign=campaign)
        async with build(settings) as app, app.database.read() as tx:
            owner = await find_campaign(tx, settings.campaign)
            backed = by_claim(await panel.kept(tx, owner.id))
            return calibrate(await panel.settled(tx, owner.id), backed, least=least)

    found = run(work())
    if as_json:
        sys.stdout.write(json.dumps(found.to_json()) + "\n")
        return
    table = Table(
        Column("", overflow="fold"), "claims", "accepted", "AUC", "Brier", "calibration error", box=None
    )
    for one in (found.panel, *found.judges, *found.categories):
        figures = (one.good, one.auc, one.brier, one.ece)
        table.add_row(one.name, f"{one.claims:,}", *(figure(value) for value in figures))
    out.print(table)
    held = found.held_out
    out.print(
        f"{found.settled:,} claims that votes decided, {found.missing:,} of them without enough opinions.\n"
        f"Krippendorff's alpha between the models: {figure(found.alpha)}, of backed or not "
        f"{figure(found.alpha_backed)}.\n"
        f"On {held.claims:,} claims held out: taking those backed at least {held.bar:.2f} for good agrees "
        f"with people on {figure(held.agreement)} (always the commoner: {figure(held.commonest)}); scaled, "
        f"Brier {figure(held.brier)}, calibration error {figure(held.ece)}.",
        highlight=False,
        soft_wrap=True,
    )


def _words(claim: Claim) -> str:
    """Returns what a gate found in a claim that it stopped, else nothing."""
    found = stopped(claim.question, claim.correction, category=claim.category)
    if found is not None and found.cause.value == claim.reason:
        return found.words
    return f"guessed: {claim.blind}" if claim.reason == Cause.GUESSABLE and claim.blind else ""


@claims.command("decide")
def claims_decide(
    claim_id: Annotated[str, typer.Argument(metavar="CLAIM", help="Id of the claim.")],
    accept: Annotated[
        bool, typer.Option("--accept/--reject", help="Is the model wrong and the correction right?")
    ],
) -> None:
    """Decides a claim for good."""

    async def work() -> Any:
        async with build(load()) as app:
            return await rule_by_hand(
                app.database, ClaimId(claim_id), accept=accept, now=app.clock(), actor=operator()
            )

    out.print(f"{claim_id}: {run(work()).status.value}")
