"""python -m benchmarks.hostile api|pages|pictures [--examples 2000] [--http]

The long run of ``tests/security``: so many hostile requests to every operation of the API or every route, or
hostile files. Prints what was sent and each response that is wrong; ends with status 1 if there is one.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from stumper.front import stream
from stumper.images.clean import Limits, clean
from stumper.images.sandbox import Sandbox
from stumper.store.database import Database
from stumper.store.migrate import migrate
from tests.images.pictures import png
from tests.security import openapi, pictures, routes
from tests.security.stand import Stand, stand


async def _migrated(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    await migrate(database)
    await database.close()


def api(opened: Stand, examples: int) -> int:
    """Attacks every operation; returns how many gave a wrong response."""
    return sum(
        _told(opened, operation.label, partial(openapi.attack, opened, operation, examples=examples))
        for operation in openapi.operations(opened)
    )


def pages(opened: Stand, examples: int) -> int:
    """Attacks every route, pages and forms too; returns how many gave a wrong response."""
    return sum(
        _told(
            opened, f"{route.method} {route.path}", partial(routes.attack, opened, route, examples=examples)
        )
        for route in routes.routes()
    )


def files(count: int) -> None:
    """Cleans hostile files, then good ones with and without a process of its own. Raises AssertionError."""
    with Sandbox() as sandbox:
        found, longest = pictures.attack(sandbox, range(count))
        good = png(1, size=(1_024, 768))
        apart, here = _seconds(sandbox.clean, good), _seconds(clean, good)
    for reason, times in found.most_common():
        print(f"{times:>7,}  {reason}")
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"longest {longest:.2f} s, peak of a decoding process {peak_mb:.0f} MB")
    print(f"a good picture: {apart * 1e3:.1f} ms apart, {here * 1e3:.1f} ms here, {apart / here:.2f} times")


def _seconds(cleaning: Callable[[bytes, Limits], object], data: bytes) -> float:
    began = time.perf_counter()
    for _ in range(20):
        cleaning(data, Limits())
    return (time.perf_counter() - began) / 20


def _told(opened: Stand, name: str, attack: Callable[[], None]) -> bool:
    wrong, began, before = False, time.perf_counter(), opened.sent
    try:
        attack()
        told = "as documented"
    except Exception as error:
        wrong = True
        told = f"WRONG\n{error}\n{getattr(error, 'exceptions', '')}"
    sent, took = opened.sent - before, time.perf_counter() - began
    print(f"{name:50} {sent:>7,} requests {took:6.1f} s  {told}", flush=True)
    return wrong


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=("api", "pages", "pictures"))
    options.add_argument("--examples", type=int, default=2_000, help="of each kind")
    options.add_argument("--http", action="store_true", help="over a real server on loopback")
    given = options.parse_args()
    if given.what == "pictures":
        files(given.examples)
        return
    stream.GRID_S, stream.WORD_S = 0.001, 0.0  # answers come on a grid of time; the figures need none
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        asyncio.run(_migrated(template))
        with stand(Path(folder) / "world", template=template, http=given.http) as opened:
            opened.renew()
            attack = {"api": api, "pages": pages}[given.what]
            sys.exit(1 if attack(opened, given.examples) else 0)


if __name__ == "__main__":
    main()
