"""python benchmarks/release.py [--rows 10000 100000 1000000]

Seconds and peak memory of freezing a release, each in a process of its own: made-up examples in SQLite, on a
few thousand small pictures, by players who were dealt held-out pictures as the game deals them (two in a
hundred were not).
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from audit import rows as made_up
from PIL import Image

from stumper.images.files import FolderFiles
from stumper.images.reserve import held_out, place
from stumper.records import CampaignId, Category, RoundId, Rules
from stumper.release import freeze, read_manifest
from stumper.store.database import Database
from stumper.store.migrate import migrate

PICTURES, PLAYERS, SEED, STRAY = 5_000, 2_000, 1, 0.02
SHARES = (2, 8, 3, 3, 3, 2, 2, 1, 2, 3, 3)
"""Of the categories: a third of the examples count."""
CAMPAIGN, ROUND = CampaignId("bench"), RoundId("first")


async def fill(folder: Path, n: int) -> None:
    """Writes pictures and rows; only what a release reads."""
    database, files = Database(f"sqlite:///{folder}/stumper.db"), FolderFiles(folder / "files")
    await migrate(database)
    await database.close()
    pictures = {}
    for number in range(PICTURES):
        png = io.BytesIO()
        Image.new("RGB", (16, 12), (number % 256, number // 256, 90)).save(png, "PNG")
        key = await files.put(png.getvalue(), suffix=".png")
        pictures[key.split("/")[1][:20]] = key
    connection = sqlite3.connect(folder / "stumper.db")
    _insert(connection, "campaign", [{"id": CAMPAIGN, "name": CAMPAIGN, "licence": "CC BY 4.0",
            "rules": json.dumps(asdict(Rules())), "created_at": 1.0}])  # fmt: skip
    _insert(connection, "round", [{"id": ROUND, "campaign_id": CAMPAIGN, "number": 1, "model_ref": "onnx:",
            "status": "open", "opened_at": 1.0}])  # fmt: skip
    _insert(connection, "player", [{"id": f"player{number}", "nickname": "Ann", "language": "en",
            "kind": "human", "consent_at": 1.0, "licence": "CC BY 4.0", "created_at": 1.0, "e_value": 1.0}
            for number in range(PLAYERS)])  # fmt: skip
    _insert(connection, "image", [{"id": name, "campaign_id": CAMPAIGN, "file": key, "kind": "untainted",
            "width_px": 16, "height_px": 12, "source": "Made up", "licence": "CC0 1.0", "created_at": 1.0}
            for name, key in pictures.items()])  # fmt: skip
    examples = list_of(n, [*pictures])
    while chunk := [pair for _, pair in zip(range(10_000), examples, strict=False)]:
        _insert(connection, "claim", [claim for claim, _ in chunk])
        _insert(connection, "example", [example for _, example in chunk])
    connection.commit()
    connection.close()


def list_of(n: int, pictures: list[str]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yields a claim and its example, in an order that has nothing to do with their ids."""
    rng = random.Random(SEED)
    sides: dict[bool, list[str]] = {True: [], False: []}
    for name in pictures:
        sides[held_out(place(name, seed=SEED))].append(name)
    names = [name for name in Category if name is not Category.INVALID]
    for number, row in enumerate(made_up(n, seed=SEED)):
        player = f"player{rng.randrange(PLAYERS)}"
        stray = rng.random() < STRAY
        picture = rng.choice(sides[held_out(place(player, seed=SEED)) != stray])
        name = f"{rng.getrandbits(64):016x}"
        where = {"campaign_id": CAMPAIGN, "round_id": ROUND, "image_id": picture, "question": row["question"]}
        category = rng.choices(names, SHARES)[0]
        claim = {
            "id": f"c{number}", "exchange_id": f"x{number}", "player_id": player, "status": "accepted",
            "model_answer": "three", "correction": row["answer"], "created_at": 1.0,
        }  # fmt: skip
        provenance = {
            "player": player, "e_value": 150.0, "votes": {"cast": 3}, "model": "onnx:", "language": "en",
            "consent": {"licence": "CC BY 4.0", "given_at": 1.0},
        }  # fmt: skip
        example = {
            "id": name, "claim_id": f"c{number}", "answer": row["answer"], "wrong_answer": "three",
            "category": category.value, "posterior": 0.95 + rng.random() / 20,
            "provenance": json.dumps(provenance),
        }  # fmt: skip
        yield where | claim, where | example


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(rows[0])
    marks = ", ".join(f":{name}" for name in rows[0])
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


async def measure(folder: Path) -> None:
    """Freezes what is in the folder and prints seconds, megabytes and rows."""
    database = Database(f"sqlite:///{folder}/stumper.db")
    before, began, worked = _peak_mb(), time.perf_counter(), time.process_time()
    made = await freeze(database, FolderFiles(folder / "files"), campaign_id=CAMPAIGN, round_id=ROUND,
                        out=folder / "out", seed=SEED, now=2.0)  # fmt: skip
    seconds, busy = time.perf_counter() - began, time.process_time() - worked
    await database.close()
    manifest = read_manifest(Path(made.path))
    print(
        f"{made.examples:,} rows {manifest.left_out}, entropy {manifest.entropy:.2f}: {seconds:.1f} s "
        f"({busy:.1f} s of one core, {made.examples / busy:,.0f} rows/s), {_peak_mb():,.0f} MB at most "
        f"({before:,.0f} before)"
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    options.add_argument("--measure", type=Path, help="only freeze what a folder holds")
    given = options.parse_args()
    if given.measure:
        asyncio.run(measure(given.measure))
        return
    for n in given.rows:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(fill(Path(folder), n))
            subprocess.run([sys.executable, __file__, "--measure", folder], check=True)


if __name__ == "__main__":
    main()
