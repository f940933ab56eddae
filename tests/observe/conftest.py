"""The small game of the web's tests, with its metrics open."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.contextvars import clear_contextvars

from tests.front.conftest import phone, world, worlds
from tests.observe.lines import TOKEN

__all__ = ["phone", "world", "worlds"]


@pytest.fixture
def chosen() -> dict[str, Any]:
    return {"metrics_token": TOKEN}


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    """Forgets what a test before noted outside any request."""
    clear_contextvars()
