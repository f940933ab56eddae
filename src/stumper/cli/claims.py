"""Commands about claims that referees could not decide. No rule lives here."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from stumper.app import build
from stumper.campaigns import find_campaign
from stumper.cli.shared import CampaignOption, JsonOption, out, run
from stumper.config import load
from stumper.curate.desk.queries import disputes
from stumper.curate.peers import rule_by_hand
from stumper.records import ClaimId

claims = typer.Typer(no_args_is_help=True, help="Claims that referees could not decide: list, decide.")


@claims.command("list")
def claims_list(
    campaign: CampaignOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the claims on which referees disagree or that they flagged, with what they propose instead."""

    async def work() -> Any:
        settings = load(campaign=campaign)
        async with build(settings) as app, app.database.read() as tx:
            return await disputes(tx, (await find_campaign(tx, settings.campaign)).id)

    found = run(work())
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found]) + "\n")
        return
    table = Table("claim", "question", "model", "player", "referees propose", "votes", "why")
    for one in found:
        claim = one.claim
        why = ", ".join([claim.reason, *one.flags])
        cells = (claim.question, claim.model_answer, claim.correction, "; ".join(one.better), why)
        question, model_answer, correction, better, why = map(escape, cells)
        table.add_row(claim.id, question, model_answer, correction, better, str(claim.votes), why)
    out.print(table)
    out.print("Next: stumper claims decide CLAIM --accept, or --reject")


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
            return await rule_by_hand(app.database, ClaimId(claim_id), accept=accept, now=app.clock())

    out.print(f"{claim_id}: {run(work()).status.value}")
