"""The one place that says how log lines look: words on a terminal, one JSON object a line anywhere else.

Lines of libraries (uvicorn, DBOS, SQLAlchemy) take the same way. What is bound to the context (request,
player, job) is on every line, also in tasks that were begun meanwhile. Never logged: queries, bodies,
addresses, ids of players.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

import structlog
from structlog.contextvars import bind_contextvars, get_contextvars, merge_contextvars, reset_contextvars
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, Processor

_TIME: Final = structlog.processors.TimeStamper(fmt="iso", utc=True)
CLEANERS: Final[list[Processor]] = []
"""Run over every line last, libraries' too, tracebacks as text: what takes secrets out is hung in here."""

_TOLD_ALREADY: Final = "Exception in ASGI application"
"""Uvicorn's traceback of what a request's own line has told."""


def configure(*, style: str = "", level: str = "info", stream: TextIO | None = None) -> None:
    """Sets how lines look from now on, in the whole process; they go to standard error without a ``stream``.

    ``style`` is "text", "json", or "": text on a terminal. ``level`` is a small-lettered name of ``logging``.
    """
    colours = (stream or sys.stderr).isatty()
    end = _end(as_text=style == "text" or (style == "" and colours), colours=colours)
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[merge_contextvars, structlog.processors.add_log_level, _TIME, *end],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: structlog.WriteLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,  # a cached one would write to a stream that may be closed by then
    )
    _adopt_libraries(end, threshold, stream)


def _end(*, as_text: bool, colours: bool) -> list[Processor]:
    """The last steps of every line; both looks write a traceback as text, so that cleaners can read it."""
    look: Processor = (
        structlog.dev.ConsoleRenderer(colors=colours)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    return [structlog.processors.format_exc_info, _cleaned, look]


def _cleaned(logger: Any, method: str, line: EventDict) -> EventDict:
    for cleaner in CLEANERS:
        line = cleaner(logger, method, line)  # type: ignore[assignment]  # cleaners return lines, not texts
    return line


class _Adopted(logging.StreamHandler[TextIO]):
    """Writes the lines of libraries."""


def _adopt_libraries(end: list[Processor], threshold: int, stream: TextIO | None) -> None:
    """Sends lines of ``logging`` the same way; below a warning libraries say nothing an operator needs."""
    handler = _Adopted(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[merge_contextvars, structlog.stdlib.add_log_level, _TIME],
            processors=[ProcessorFormatter.remove_processors_meta, *end],
        )
    )
    # Not the message with its arguments: where these do not fit, a filter's error would be the library's.
    handler.addFilter(lambda record: not str(record.msg).startswith(_TOLD_ALREADY))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Adopted)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(threshold, logging.WARNING))


@contextmanager
def bound(**facts: Any) -> Iterator[None]:
    """Puts facts on every line that is written within, and takes them off again."""
    tokens = bind_contextvars(**facts)
    try:
        yield
    finally:
        reset_contextvars(**tokens)


def note(**facts: Any) -> None:
    """Puts facts on every line of this request or job from now on."""
    bind_contextvars(**facts)


def noted() -> dict[str, Any]:
    """What is on every line now."""
    return dict(get_contextvars())
