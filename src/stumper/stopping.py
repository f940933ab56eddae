"""Waiting for the word to stop: SIGTERM or Ctrl+C. What is to be done then is the caller's matter."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def asked_to_stop(tell: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Calls ``tell`` in the running loop for each SIGTERM and SIGINT, in place of what they do else.

    Only the main thread can listen to signals; in another one nobody is told.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    # asyncio leaves the default in place of what was there: a test runner's handler, or asyncio.run's.
    before = {one: signal.getsignal(one) for one in _SIGNALS}
    for one in _SIGNALS:
        loop.add_signal_handler(one, tell, one)
    try:
        yield
    finally:
        for one, handler in before.items():
            loop.remove_signal_handler(one)
            signal.signal(one, handler)


async def until_stopped() -> None:
    """Returns at the first SIGTERM or SIGINT."""
    asked = asyncio.Event()
    with asked_to_stop(lambda _: asked.set()):
        await asked.wait()
