"""The command of the Telegram bot. No rule lives here."""

from __future__ import annotations

from stumper.cli.shared import CampaignOption, ModelOption, err, settings


def telegram(campaign: CampaignOption = None, model: ModelOption = None) -> None:
    """Plays in Telegram: asks for messages by itself, so no public address is needed."""
    from stumper.front.telegram.polling import run_bot

    run_bot(settings(campaign, model), say=lambda text: err.print(text, highlight=False))
