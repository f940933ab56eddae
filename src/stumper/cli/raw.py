"""`stumper export`: what a campaign's people did, as a file for research. No rule lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from stumper.app import build
from stumper.campaigns import find_campaign
from stumper.cli.shared import CampaignOption, out, run
from stumper.config import load
from stumper.release.raw.columns import Kind
from stumper.release.raw.export import export


def export_raw(
    kind: Annotated[Kind, typer.Argument(help="What to write, one a row.")],
    target: Annotated[Path, typer.Option("--out", help="FILE.jsonl, FILE.jsonl.gz or FILE.parquet.")],
    campaign: CampaignOption = None,
) -> None:
    """Writes all marks, votes, claims or players of a campaign under pseudonyms, for research."""

    async def work() -> int:
        config = load(campaign=campaign)
        async with build(config) as app:
            async with app.database.read() as tx:
                owner = await find_campaign(tx, config.campaign)
            return await export(app.database, kind, target, campaign_id=owner.id)

    rows = run(work())
    out.print(f"{rows} {kind.value} in {escape(str(target))}", soft_wrap=True)
