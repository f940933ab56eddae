"""What a process that runs for long does first: its log lines, its traces, and a worker's own metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from stumper.config import Settings, shared_metrics
from stumper.errors import BadSetting
from stumper.observe import logs, traces
from stumper.observe.metrics import scraped
from stumper.redact import Redactor


@contextmanager
def watching(settings: Settings, *, service: str) -> Iterator[None]:
    """Sets log lines and traces for as long as ``service`` runs. Raises BadSetting."""
    logs.CLEANERS[:] = [Redactor(settings.secrets)]
    logs.configure(style=settings.log, level=settings.log_level)
    stop = traces.start(settings.traces, service=service) if settings.traces else lambda: None
    try:
        yield
    finally:
        stop()


@contextmanager
def telling(port: int) -> Iterator[None]:
    """Answers scrapes at 127.0.0.1, from a thread of its own; 0 answers none. Raises BadSetting."""
    if port == 0:
        yield
        return
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=scraped(shared=shared_metrics()))
    except OSError as error:
        raise BadSetting(
            f"No metrics can be told at 127.0.0.1:{port}: {error.strerror}. Choose another port with "
            "STUMPER_METRICS_PORT."
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
