"""Every number that a process counts by itself, by name; docs/guide/observability.md says what each means.

Counting costs a microsecond. Labels have few values: never a player, a path or a text. Where they were told
to (`config.share_metrics`), the processes of one server count into files beside each other, and each can
tell the sum.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

REGISTRY: Final = CollectorRegistry()

_QUICK_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_MODEL_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 90.0)
_JOB_S: Final = (1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)

REQUESTS: Final = Histogram(
    "stumper_request_seconds",
    "Seconds until the last byte of a response.",
    ("route", "method", "status"),
    buckets=_QUICK_S,
    registry=REGISTRY,
)
MOVES: Final = Counter(
    "stumper_moves", "Moves, by kind and how they ended.", ("kind", "outcome"), registry=REGISTRY
)
ERRORS: Final = Counter("stumper_errors", "Refusals and errors told, by code.", ("code",), registry=REGISTRY)

MODEL_SECONDS: Final = Histogram(
    "stumper_model_seconds",
    "Seconds until the opponent answered, waiting included.",
    ("model",),
    buckets=_MODEL_S,
    registry=REGISTRY,
)
MODEL_FAILURES: Final = Counter(
    "stumper_model_failures",
    "Questions the opponent did not answer, by code.",
    ("model", "code"),
    registry=REGISTRY,
)
ENDPOINT_CALLS: Final = Counter(
    "stumper_endpoint_calls",
    "Calls to OpenAI-compatible endpoints, whoever asked, and how they ended.",
    ("model", "outcome"),
    registry=REGISTRY,
)
MODEL_ASKED: Final = Gauge(
    "stumper_model_asked",
    "Questions the opponent has not answered yet.",
    ("model",),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
MODEL_WAITING: Final = Gauge(
    "stumper_model_waiting",
    "Questions in a queue, before any work on them began.",
    ("queue",),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)

JOBS_RUNNING: Final = Gauge(
    "stumper_jobs_running", "Durable jobs at work.", ("job",), registry=REGISTRY, multiprocess_mode="livesum"
)
JOBS: Final = Histogram(
    "stumper_job_seconds",
    "Seconds of durable jobs, and how they ended: ok, error, cancelled.",
    ("job", "outcome"),
    buckets=_JOB_S,
    registry=REGISTRY,
)
STEPS: Final = Histogram(
    "stumper_step_seconds",
    "Seconds of steps of jobs, and how they ended: ok, error, cancelled.",
    ("step", "outcome"),
    buckets=_JOB_S,
    registry=REGISTRY,
)


def scraped(*more: Collector, shared: str | None) -> CollectorRegistry:
    """Returns what is told at one scrape: all processes' numbers where they share a folder, and ``more``."""
    registry = CollectorRegistry()
    if shared is None:
        registry.register(REGISTRY)
    else:
        MultiProcessCollector(registry, path=shared)  # type: ignore[no-untyped-call]
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    for one in more:
        registry.register(one)
    return registry


def process_ended(pid: int, *, shared: str) -> None:
    """Forgets what a process that has ended was doing; what it counted stays."""
    mark_process_dead(pid, path=shared)  # type: ignore[no-untyped-call]
