"""Commands about a campaign: what its model took, what it may take, and a pause. No rule lives here."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from rich.table import Table

from stumper.app import build
from stumper.campaigns import find_campaign, set_paused
from stumper.cli.shared import CampaignOption, JsonOption, current_campaign, err, operator, out, run, settings
from stumper.errors import BadInput, BadSetting
from stumper.spending import Budget, Unit, notes, read_prices
from stumper.spending.prices import NANO, Prices
from stumper.spending.queries import DAY_S, Line, budget_of, lines, set_budget, spent_by
from stumper.spending.till import counted, names_in
from stumper.store.acts import note

campaign = typer.Typer(
    no_args_is_help=True, help="What a campaign's model costs, and may cost; a pause for its players."
)


@campaign.command("spending")
def campaign_spending(name: CampaignOption = None, as_json: JsonOption = False) -> None:
    """Lists what the endpoints took by round, day and model: calls, tokens, money; and what is left."""

    async def work() -> tuple[list[Line], dict[str, Any]]:
        async with build(settings(name)) as app:
            owner, _ = await current_campaign(app)
            async with app.database.read() as tx:
                found = await lines(tx, owner.id)
                spent, budget = await spent_by(tx, owner.id), await budget_of(tx, owner.id)
                told = await notes(tx, owner, read_prices(app.settings.prices))
        kept = None if budget is None else {**asdict(budget), "left": budget.left(spent)}
        return found, {"campaign": owner.name, "spent": asdict(spent), "budget": kept, "notes": told}

    found, whole = run(work())
    if as_json:
        rows = [{**asdict(one), "day": _day(one.day)} for one in found]
        sys.stdout.write(json.dumps({**whole, "lines": rows}) + "\n")
        return
    table = Table("round", "day", "model", "calls", "kept", "read", "generated", "money")
    for one in found:
        spent = one.spent
        counts = (spent.calls, spent.kept, spent.prompt_tokens, spent.tokens)
        money = f"{spent.cost_nano / NANO:,.4f}"
        table.add_row(str(one.round), _day(one.day), one.model, *(f"{count:,}" for count in counts), money)
    out.print(table)
    for line in whole["notes"]:
        err.print(line, highlight=False, markup=False, soft_wrap=True)


@campaign.command("budget")
def campaign_budget(
    name: CampaignOption = None,
    money: Annotated[
        str | None, typer.Option(help="At most so much, in the currency of STUMPER_PRICES.")
    ] = None,
    calls: Annotated[int | None, typer.Option(min=0, help="At most so many calls.")] = None,
    tokens: Annotated[
        int | None, typer.Option(min=0, help="At most so many tokens, read and generated.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Take the budget away.")] = False,
) -> None:
    """Sets what the campaign's model may take in all, from its first day on; one of the four."""
    wanted = _wanted(money=money, calls=calls, tokens=tokens, none=none)

    async def work() -> list[str]:
        async with build(settings(name)) as app:
            prices = read_prices(app.settings.prices)
            owner, current = await current_campaign(app)
            if wanted is not None and wanted.unit is Unit.MONEY:
                _require_prices(current.model_ref, prices)
            facts: dict[str, Any] = {} if wanted is None else asdict(wanted)
            act = "budget.taken" if wanted is None else "budget.set"
            async with app.database.begin() as tx:
                await set_budget(tx, owner.id, wanted, now=app.clock())
                await note(tx, actor=operator(), act=act, about=owner.name, now=app.clock(), **facts)
            async with app.database.read() as tx:
                told = await notes(tx, owner, prices)
        return told or [f"{owner.name}: {'no budget' if wanted is None else wanted.told(wanted.most)}."]

    for line in run(work()):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


NameArgument = Annotated[str | None, typer.Argument(help="Campaign; STUMPER_CAMPAIGN if none is given.")]


@campaign.command("pause")
def campaign_pause(name: NameArgument = None) -> None:
    """Lets no session begin until `resume`; those that are open go on to their end."""
    _pause(name, paused=True)


@campaign.command("resume")
def campaign_resume(name: NameArgument = None) -> None:
    """Ends a pause: sessions begin again."""
    _pause(name, paused=False)


def _pause(name: str | None, *, paused: bool) -> None:
    async def work() -> str:
        async with build(settings(name)) as app, app.database.begin() as tx:
            owner = await find_campaign(tx, app.settings.campaign)
            changed = await set_paused(tx, owner, paused=paused, actor=operator(), now=app.clock())
        already = "" if changed else " already"
        return f"{owner.name}: {'paused' if paused else 'open'}{already}."

    out.print(run(work()), highlight=False, markup=False)


def _wanted(*, money: str | None, calls: int | None, tokens: int | None, none: bool) -> Budget | None:
    """Returns the budget that was asked for. Raises BadInput unless it is exactly one."""
    if sum((money is not None, calls is not None, tokens is not None, none)) != 1:
        raise BadInput("Give one of --money, --calls, --tokens or --none.")
    if money is not None:
        return Budget(Unit.MONEY, _nano(money))
    if calls is not None:
        return Budget(Unit.CALLS, calls)
    return None if tokens is None else Budget(Unit.TOKENS, tokens)


def _nano(money: str) -> int:
    try:
        return round(Decimal(money) * NANO)
    except (InvalidOperation, ValueError, OverflowError):
        raise BadInput(f"--money {money!r} is no number. Write it as in 20 or 12.50") from None


def _require_prices(model_ref: str, prices: Prices) -> None:
    for name in sorted(names_in(model_ref) - prices.keys() if counted(model_ref) else ()):
        raise BadSetting(
            f"No price of {name!r} is known, so no money can be counted. Set STUMPER_PRICES to what a "
            f"million tokens cost, read and generated: {name}=2.5/10"
        )


def _day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()
