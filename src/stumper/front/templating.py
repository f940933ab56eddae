"""The templates of every page, and what all of them know: words, light or dark, addresses of static files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined

from stumper.front import choices, i18n
from stumper.front.statics import asset

templates = Jinja2Templates(
    Path(__file__).parent / "templates",
    context_processors=[i18n.context, lambda request: {"theme": choices.theme_of(request).value}],
)
templates.env.undefined = StrictUndefined
templates.env.globals["asset"] = asset
templates.env.filters["utc"] = lambda at: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"
templates.env.trim_blocks = templates.env.lstrip_blocks = True
