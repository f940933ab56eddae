"""Commands about rounds: list, close, and who plays next. No rule lives here."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from stumper import campaigns
from stumper.app import build
from stumper.cli.forget import WithdrawnOption
from stumper.cli.shared import (
    CampaignOption,
    JsonOption,
    SeedOption,
    current_campaign,
    err,
    operator,
    out,
    run,
    settings,
)
from stumper.errors import NotFound
from stumper.records import Round
from stumper.store.acts import note

if TYPE_CHECKING:
    from stumper.evaluate.chronicle import Chronicle

rounds = typer.Typer(
    no_args_is_help=True, help="Rounds: list, report, close, judge, approval, approve, refuse, rollback."
)


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


@rounds.command("list")
def round_list(as_json: JsonOption = False) -> None:
    """Lists every campaign's rounds: who played and why, and how the model tuned in each was judged."""
    from stumper.rounds import Chapter, lineage

    async def work() -> list[Chapter]:
        async with build(settings()) as app:
            return await lineage(app)

    chapters = run(work())
    if as_json:
        sys.stdout.write(json.dumps([one.to_json() for one in chapters]) + "\n")
        return
    table = Table("campaign", "round", "opponent", "status", "because", "its tuned model", "gain", "lost")
    for one in chapters:
        end = one.ending
        table.add_row(
            one.campaign,
            str(one.round.number),
            one.round.model_ref,
            one.round.status.value,
            one.round.reason,
            end.verdict if end else "",
            f"{end.gain:+.3f}" if end else "",
            ", ".join(f"{name} {loss:.3f}" for name, loss in end.lost) if end else "",
        )
    out.print(table)


@rounds.command("report")
def round_report(
    campaign: CampaignOption = None,
    path: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path("rounds.html"),
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Writes the rounds side by side: what was caught, where players moved, every model on every test."""
    from stumper.evaluate.chronicle_page import write_chronicle
    from stumper.rounds import chronicle

    async def work() -> Chronicle:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            return await chronicle(app, owner, seed=seed)

    found = run(work())
    if not found.rounds:
        raise NotFound(f"Nothing was asked in {found.campaign!r} yet. Play a session first.")
    write_chronicle(path, found)
    if as_json:
        sys.stdout.write(json.dumps(found.to_json()) + "\n")
    else:
        out.print(f"{path}: {len(found.rounds)} rounds, {len(found.models)} models", highlight=False)


@rounds.command("close")
def round_close(
    campaign: CampaignOption = None,
    seed: SeedOption = 1,
    withdrawn: WithdrawnOption = False,
    as_json: JsonOption = False,
) -> None:
    """Curates, releases, tunes, evaluates; the tuned model plays the next round if it passes the gate."""
    from stumper.front.console import StageDisplay
    from stumper.rounds import CLOSING_PLAN, close_round

    plan = CLOSING_PLAN

    async def work() -> dict[str, Any]:
        async with build(settings(campaign)) as app:
            owner, current = await current_campaign(app)
            with StageDisplay(plan, console=err) as display:
                return await close_round(
                    app, owner, current, seed=seed, withdrawn=withdrawn, on_progress=display.tell
                )

    result = run(work())
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        out.print_json(data=result)


@rounds.command("judge")
def round_judge(
    campaign: CampaignOption = None,
    number: Annotated[int | None, typer.Option("--round", min=1, help="Unset: the last closed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Asks the models of STUMPER_JUDGES about a closed round's tuned model; the gate has decided by rules."""
    from stumper.front.console import StageDisplay
    from stumper.rounds import judge_again

    async def work() -> Any:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            with StageDisplay({"evaluate": 45.0}, console=err) as display:
                return await judge_again(app, owner, number=number, on_progress=display.tell)

    told = run(work())
    if as_json:
        sys.stdout.write(json.dumps(told.to_json()) + "\n")
    else:
        out.print(str(told), highlight=False, markup=False, soft_wrap=True)


@rounds.command("approval")
def round_approval(
    switch: Annotated[Switch, typer.Argument(help="on: a tuned model waits for you; off: the gate decides.")],
    campaign: CampaignOption = None,
) -> None:
    """Says whether a tuned model that passed the gate waits until a person approves it."""

    async def work() -> str:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            async with app.database.begin() as tx:
                await campaigns.set_approval(tx, owner.id, needed=switch is Switch.ON)
                act = f"approval.{switch.value}"
                await note(tx, actor=operator(), act=act, about=owner.name, now=app.clock())
            return owner.name

    name = run(work())
    out.print(
        f"{name}: tuned models wait for stumper round approve."
        if switch is Switch.ON
        else f"{name}: a tuned model that passes the gate plays at once."
    )


@rounds.command("approve")
def round_approve(campaign: CampaignOption = None, withdrawn: WithdrawnOption = False) -> None:
    """Lets the tuned model that waits play: a new round opens, sessions under way end as they began."""
    from stumper.rounds import approve

    async def work() -> Round:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            return await approve(app, owner, withdrawn=withdrawn, actor=operator())

    _tell(run(work()))


@rounds.command("refuse")
def round_refuse(campaign: CampaignOption = None) -> None:
    """Keeps the opponent: the tuned model that waits never plays."""
    from stumper.rounds import refuse

    async def work() -> str:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            return (await refuse(app, owner, actor=operator())).tuned_ref

    out.print(f"{run(work())} does not play. The opponent stays.", highlight=False, soft_wrap=True)


@rounds.command("rollback")
def round_rollback(
    to: Annotated[
        int | None, typer.Option(min=1, help="A round whose opponent plays again; else the one before.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; kept with the round.")] = "",
    campaign: CampaignOption = None,
) -> None:
    """Puts an earlier opponent in again, as a new round; sessions under way end as they began."""
    from stumper.rounds import rollback

    async def work() -> Round:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            return await rollback(app, owner, to=to, reason=reason, actor=operator())

    _tell(run(work()))


def _tell(current: Round) -> None:
    out.print(
        f"Round {current.number} is {current.status} against {current.model_ref} ({current.reason}).",
        highlight=False,
        soft_wrap=True,
    )
