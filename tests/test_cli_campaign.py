"""What a campaign's model takes and may take, on the command line."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from stumper.records import CampaignId, RoundId
from stumper.spending import Spent
from stumper.spending.queries import add
from stumper.store.database import Database
from stumper.store.schema import round_
from tests.commands import Ended, stumper

REF = "openai:http://127.0.0.1:9/v1#gpt"


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path) -> Path:
    (tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "data" / "stumper.db")
    return tmp_path


def campaign(home: Path, *words: str, prices: str = "gpt=2.5/10", model: str = REF) -> Ended:
    return stumper("campaign", *words, folder=home, STUMPER_PRICES=prices, STUMPER_MODEL=model)


def spend(home: Path, spent: Spent) -> None:
    async def work() -> None:
        database = Database(f"sqlite:///{home / 'data' / 'stumper.db'}")
        async with database.begin() as tx:
            row = (await tx.execute(select(round_.c.id, round_.c.campaign_id))).one()
            where = {"campaign_id": CampaignId(row.campaign_id), "round_id": RoundId(row.id)}
            await add(tx, **where, model="gpt", part=0, spent=spent, now=86_400.0)
        await database.close()

    asyncio.run(work())


def test_a_budget_is_set_told_spent_and_taken_away(home: Path) -> None:
    assert campaign(home, "budget", "--money", "12.50").stdout.split("\n")[0] == (
        "toytown: 12.5000 in money left of 12.5000 in money."
    )
    spend(home, Spent(calls=7, kept=2, prompt_tokens=4_000_000, tokens=250_000, cost_nano=12_500_000_000))

    told = campaign(home, "spending")
    line = json.loads(campaign(home, "spending", "--json").stdout)
    gone = campaign(home, "budget", "--none")

    assert "12.5000" in told.stdout
    assert "toytown rests: its budget of 12.5000 in money is spent" in told.stderr
    assert line["budget"] == {"unit": "money", "most": 12_500_000_000, "left": 0}
    assert line["lines"] == [{"round": 1, "day": "1970-01-02", "model": "gpt", "spent": line["spent"]}]
    assert gone.stdout.strip() == "toytown: no budget."


def test_who_set_a_budget_and_took_it_away_is_in_the_log_of_acts(home: Path) -> None:
    campaign(home, "budget", "--calls", "20")
    campaign(home, "budget", "--none")
    campaign(home, "budget", "--calls", "-1")

    told = json.loads(stumper("acts", "--about", "toytown", "--json", folder=home).stdout)
    assert [(one["act"], one["facts"]) for one in told] == [
        ("budget.taken", {}),
        ("budget.set", {"unit": "calls", "most": 20}),
    ]
    assert all(one["actor"].startswith("cli:") for one in told)


def test_a_pause_is_kept_told_noted_and_ended(home: Path) -> None:
    assert campaign(home, "budget", "--none").returncode == 0  # opens the campaign

    done = [campaign(home, *words).stdout.strip() for words in (["pause"], ["pause", "toytown"])]
    told = campaign(home, "spending").stderr
    done += [campaign(home, "resume").stdout.strip(), campaign(home, "resume").stdout.strip()]
    acts = json.loads(stumper("acts", "--json", folder=home).stdout)

    assert done == [
        "toytown: paused.",
        "toytown: paused already.",
        "toytown: open.",
        "toytown: open already.",
    ]
    assert "toytown is paused, no session begins. Go on: stumper campaign resume toytown" in told
    assert [(one["act"], one["about"]) for one in acts if one["act"].startswith("campaign.")] == [
        ("campaign.resumed", "toytown"),
        ("campaign.paused", "toytown"),
    ]


def test_a_campaign_that_is_not_there_cannot_pause(home: Path) -> None:
    assert "No campaign is called 'zoo'" in campaign(home, "pause", "zoo").stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Give one of --money, --calls, --tokens or --none."),
        (["--calls", "5", "--none"], "Give one of --money, --calls, --tokens or --none."),
        (["--money", "much"], "--money 'much' is no number"),
        (["--money", "nan"], "--money 'nan' is no number"),
        (
            ["--money", "-1"],
            "budget of -1.0000 in money cannot be kept. Give a number from 0 to 1,000,000,000.",
        ),
        (["--money", "2e9"], "A budget of 2,000,000,000.0000 in money cannot be kept."),
        (["--money", "1e400"], "in money cannot be kept."),
    ],
)
def test_a_budget_that_cannot_be_kept_is_refused(home: Path, words: list[str], says: str) -> None:
    refused = campaign(home, "budget", *words)

    assert refused.returncode == 1
    assert says in refused.stderr


def test_money_is_not_promised_for_a_model_without_a_price(home: Path) -> None:
    refused = campaign(home, "budget", "--money", "5", prices="")

    assert refused.returncode == 1
    assert (
        "Set STUMPER_PRICES to what a million tokens cost, read and generated: gpt=2.5/10" in refused.stderr
    )


def test_money_is_not_promised_for_a_stand_in_without_a_price(home: Path) -> None:
    refused = campaign(home, "budget", "--money", "5", model=f"{REF}|http://127.0.0.1:9/v1#mini")

    assert refused.returncode == 1
    assert "No price of 'mini' is known" in refused.stderr


def test_a_price_that_cannot_be_read_is_refused_at_once(home: Path) -> None:
    refused = campaign(home, "spending", prices="gpt:2.5")

    assert refused.returncode == 1
    assert "'gpt:2.5' in STUMPER_PRICES cannot be read" in refused.stderr
