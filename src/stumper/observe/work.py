"""Moves, model calls and jobs as they happen: counted, timed and spanned by one line where they are done."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from prometheus_client import Histogram

from stumper.errors import StumperError
from stumper.observe import metrics
from stumper.observe.logs import bound
from stumper.observe.traces import span

P = ParamSpec("P")
R = TypeVar("R")


def outcome_of(error: BaseException) -> str:
    """Returns the code of an expected refusal, else "cancelled" or "error": few values, no texts."""
    if isinstance(error, StumperError):
        return error.code
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return "error"


def move(kind: str) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Counts every call of a move, by how it ended."""

    def decorate(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        done = metrics.MOVES.labels(kind, "ok")

        @functools.wraps(function)
        async def watched(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                with span(f"move {kind}"):
                    result = await function(*args, **kwargs)
            except BaseException as error:
                metrics.MOVES.labels(kind, outcome_of(error)).inc()
                raise
            done.inc()
            return result

        return watched

    return decorate


@contextmanager
def answering(model: str) -> Iterator[None]:
    """A question to the opponent, from the player's wait to the answer or the failure."""
    asked, took = metrics.MODEL_ASKED.labels(model), metrics.MODEL_SECONDS.labels(model)
    began_s = time.perf_counter()
    asked.inc()
    try:
        with span("model", model=model):
            yield
    except BaseException as error:
        metrics.MODEL_FAILURES.labels(model, outcome_of(error)).inc()
        raise
    else:
        took.observe(time.perf_counter() - began_s)
    finally:
        asked.dec()


@contextmanager
def calling(model: str) -> Iterator[None]:
    """One call to an endpoint with its retries; whose question it is does not matter."""
    outcome = "ok"
    try:
        with span("endpoint", model=model):
            yield
    except BaseException as error:
        outcome = outcome_of(error)
        raise
    finally:
        metrics.ENDPOINT_CALLS.labels(model, outcome).inc()


@contextmanager
def working(job: str, *, job_id: str) -> Iterator[None]:
    """A durable job in this process, again after each resumption; its name and id are on its log lines."""
    running = metrics.JOBS_RUNNING.labels(job)
    running.inc()
    try:
        with bound(job=job, job_id=job_id), _timed(metrics.JOBS, job), span(f"job {job}"):
            yield
    finally:
        running.dec()


@contextmanager
def stepping(step: str) -> Iterator[None]:
    """A step of a job that really runs: one whose result is kept already is none."""
    with _timed(metrics.STEPS, step), span(f"step {step}"):
        yield


@contextmanager
def _timed(histogram: Histogram, name: str) -> Iterator[None]:
    outcome, began_s = "ok", time.perf_counter()
    histogram.labels(name, "error")  # seen at 0 before the first one, or Prometheus could see no increase
    try:
        yield
    except BaseException as error:
        outcome = "cancelled" if isinstance(error, asyncio.CancelledError) else "error"
        raise
    finally:
        histogram.labels(name, outcome).observe(time.perf_counter() - began_s)
