"""Starts the web server on a built App. It answers before Toytown's first pictures are drawn.

One process, or several on one listening socket (``front.processes``). Asked to stop, a process says so at
/readyz, goes on taking requests for ``drain_s``, then takes no more, finishes those in flight (streamed
answers too) within ``stop_s``, and ends with status 0. A second Ctrl+C ends it at once.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from stumper import checks
from stumper.app import App, build
from stumper.config import Settings
from stumper.errors import BadSetting, StumperError
from stumper.front.opening import grow, make_playable, open_campaign
from stumper.front.ready import LastAnswers, Readiness
from stumper.front.telegram.webhook import listening
from stumper.front.web import create_web
from stumper.monitoring.watch import watching
from stumper.records import Campaign
from stumper.spending import notes, read_prices
from stumper.stopping import asked_to_stop

Say = Callable[[str], None]
_BACKLOG = 2048
"""Connections that wait while no process takes any: a crowd that comes within a restart."""


def run_server(settings: Settings, *, say: Say, fd: int | None = None) -> None:
    """Serves until it is stopped, on the open socket ``fd`` if one is given.

    Raises BadSetting when the address cannot be used or the settings cannot be served with.
    """
    if settings.processes == 1:
        with nullcontext() if fd is None else _taken_over(fd) as listener:
            run(serve(settings, say=say, listener=listener))
        return
    if settings.telegram_webhook:
        raise BadSetting(
            "Telegram's updates can be taken by one web process only. Unset STUMPER_TELEGRAM_WEBHOOK and run "
            "stumper telegram beside, or serve with --processes 1."
        )
    from stumper.front.processes import run_processes

    with listen(settings) if fd is None else _taken_over(fd) as listener:
        run_processes(settings, listener, say=say)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs as ``asyncio.run`` does, on uvloop where there is one: it waits for sockets in C."""
    if sys.platform == "win32":
        asyncio.run(work)
    else:
        import uvloop

        uvloop.run(work)


def listen(settings: Settings) -> socket.socket:
    """Opens the settings' address. Raises BadSetting when it is taken or no address of this machine."""
    host, port = settings.host, settings.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise BadSetting(
            f"Cannot listen on {host}:{port} ({error.strerror}). Is it taken? Choose another: --port 8001"
        ) from error


def _taken_over(fd: int) -> socket.socket:
    try:
        return socket.socket(fileno=fd)
    except OSError as error:
        raise BadSetting(
            f"--fd {fd} is no open socket ({error.strerror}). Leave it out, or start it by systemd's socket."
        ) from error


def address_of(listener: socket.socket) -> str:
    """Returns what players type in."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    settings: Settings,
    *,
    say: Say,
    listener: socket.socket | None = None,
    on_ready: Callable[[Callable[[], None]], None] | None = None,
) -> None:
    """Serves in this process until it is asked to stop; ``on_ready`` gets a way to ask, once it listens."""
    with watching(settings, service="stumper-web"):
        await _serve(settings, say, listener, on_ready)


async def _serve(
    settings: Settings,
    say: Say,
    listener: socket.socket | None,
    on_ready: Callable[[Callable[[], None]], None] | None,
) -> None:
    async with build(settings, role="web") as app:
        for line in await checks.start(app, role="web"):
            say(line)
        campaign, playable = await open_campaign(app), asyncio.Event()
        web = create_web(app, playable=playable)
        await _tell_budget(app, campaign, say)
        own = listen(settings) if listener is None else listener
        server = _Server(tuned(LastAnswers(web, web.state.readiness), settings))
        _keep_what_is_there()
        stop = _Stopping(server, web.state.readiness, drain_s=settings.drain_s)
        pictures = asyncio.create_task(_supply(app, campaign, playable, server))
        say(f"Stumper is at {address_of(own)}  (stop with Ctrl+C)")
        if on_ready is not None:
            asyncio.get_running_loop().call_soon(on_ready, stop)
        try:
            with asked_to_stop(stop.because):
                async with app.lapsing(), listening(app, web):
                    await server.serve(sockets=[own])
        finally:
            own.close()
            pictures.cancel()
            (ended,) = await asyncio.gather(pictures, return_exceptions=True)
        if isinstance(ended, StumperError):
            raise ended


def _keep_what_is_there() -> None:
    """Leaves code, routes and statements out of every collection of garbage from now on: they stay."""
    gc.collect()
    gc.freeze()


async def _tell_budget(app: App, campaign: Campaign, say: Say) -> None:
    async with app.database.read() as tx:
        told = await notes(tx, campaign, read_prices(app.settings.prices))
    for line in told:
        say(line)


def tuned(web: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Returns how the game is served: no line is written a request, and the server does not name itself."""
    return uvicorn.Config(
        web,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=settings.stop_s,
        backlog=_BACKLOG,
    )


class _Server(uvicorn.Server):
    """Uvicorn's, which leaves signals to us: its own way ends the process before the App is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Stopping:
    """The way a server stops; asking again changes nothing, a second Ctrl+C leaves requests unfinished."""

    def __init__(self, server: uvicorn.Server, readiness: Readiness, *, drain_s: float) -> None:
        self._server = server
        self._readiness = readiness
        self._drain_s = drain_s
        self._interrupted = False

    def __call__(self) -> None:
        if not self._readiness.draining:
            self._readiness.draining = True
            asyncio.get_running_loop().call_later(self._drain_s, self._end)

    def because(self, received: signal.Signals) -> None:
        if received is signal.SIGINT and self._interrupted:
            self._server.should_exit = self._server.force_exit = True
        self._interrupted |= received is signal.SIGINT
        self()

    def _end(self) -> None:
        self._server.should_exit = True


async def _supply(app: App, campaign: Campaign, playable: asyncio.Event, server: uvicorn.Server) -> None:
    """Draws for the first session, then for all; without the first the server stops and says why."""
    try:
        await make_playable(app, campaign)
    except StumperError:
        server.should_exit = True
        raise
    finally:
        playable.set()
    await grow(app, campaign)
