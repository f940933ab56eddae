"""What all commands share: options, consoles, settings, and the campaign they are about."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from stumper import campaigns
from stumper.app import App
from stumper.config import Settings, load
from stumper.records import Campaign, Round

T = TypeVar("T")

out = Console()
err = Console(stderr=True)

CampaignOption = Annotated[str | None, typer.Option("--campaign", help="Name of the campaign.")]
SeedOption = Annotated[int, typer.Option(help="The same seed makes the same data.")]
JsonOption = Annotated[bool, typer.Option("--json", help="End with one JSON line on standard output.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Opponent: onnx:, openai:URL#NAME, hf:DIR, scripted:")
]


def operator() -> str:
    """Returns who runs this command, for the log of acts: the system's user."""
    try:
        import pwd

        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except (ImportError, KeyError):  # Windows; a container's user without a name
        return f"cli:{os.getuid() if hasattr(os, 'getuid') else os.getlogin()}"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs one command's work to its end."""
    return asyncio.run(work)


def settings(campaign: str | None = None, model: str | None = None, **more: Any) -> Settings:
    """Returns the settings, with what the command line says in place of the environment's."""
    return load(campaign=campaign, model=model, **more)


async def current_campaign(app: App) -> tuple[Campaign, Round]:
    """Returns the settings' campaign, opening it with the settings' model at the first use."""
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx,
            name=app.settings.campaign,
            model_ref=app.settings.model,
            now=app.clock(),
            rng=random.SystemRandom(),
        )
        return campaign, await campaigns.current_round(tx, campaign.id)
