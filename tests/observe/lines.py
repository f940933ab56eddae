"""Log lines as a service would find them, and numbers as Prometheus would."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import structlog
from prometheus_client.parser import text_string_to_metric_families

from stumper.observe import logs

TOKEN = "a token of the tests"


class Lines(io.StringIO):
    def read_all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def requests(self) -> list[dict[str, Any]]:
        return [line for line in self.read_all() if line["event"] == "request"]


@contextmanager
def written(*, style: str = "json", level: str = "info") -> Iterator[Lines]:
    """Catches what is logged; afterwards lines look as they did before."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, threshold, lines = list(root.handlers), root.level, Lines()
    try:
        logs.configure(style=style, level=level, stream=lines)
        yield lines
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(threshold)


async def scrape(phone: httpx2.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What /metrics says: values by name and labels."""
    reply = await phone.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert reply.status_code == 200, reply.text
    return samples(reply.text)


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    """Sum of the values that have these labels; 0 without any."""
    return sum(n for (what, has), n in found.items() if what == name and has >= set(labels.items()))
