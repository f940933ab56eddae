"""python benchmarks/shards.py [--rows 250000 1000000] [--engines plain local dbos ray] [--json FILE]

Rows a second of `stumper classify` on made-up questions, by engine, each in a process of its own, and the
most memory that its processes held (all together, and the largest). Rates are told beside the plain run's of
the same size. Memory must not grow with the rows. Needs psutil, and the extra "ray" for Ray.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from stumper.curate.classify.lessons import lessons

ENGINES: Final = ("plain", "local", "dbos", "ray")
LOOK_S: Final = 0.2
MB: Final = 1_000_000


@dataclass(frozen=True)
class Figure:
    engine: str
    rows: int
    seconds: float
    rows_a_second: float
    of_plain: float | None
    """Rate beside the plain run's; None if that was not asked for."""
    all_mb: float
    largest_mb: float
    """Resident memory; what processes share is counted in each."""


def write_questions(path: Path, rows: int) -> None:
    """Writes questions that are all different; a twentieth of the lines cannot be used."""
    asked = [lesson.question for lesson in lessons(per_line=20, seed=1)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            question = f"{asked[number % len(asked)]} {number}"
            bad = number % 20 == 19
            file.write("no json\n" if bad else json.dumps({"id": number, "question": question}) + "\n")


def run(source: Path, target: Path, engine: str, shard_rows: int) -> tuple[float, float, float]:
    """Returns seconds, and the most memory of all processes together and of the largest, in MB."""
    words = [sys.executable, "-m", "stumper", "classify", str(source), "--out", str(target), "--json"]
    if engine != "plain":
        words += ["--engine", engine, "--shard-rows", str(shard_rows)]
    started = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, stdout=quiet, stderr=quiet)
    together = largest = 0.0
    while process.poll() is None:
        held = _held(process.pid)
        together, largest = max(together, sum(held)), max([largest, *held])
        time.sleep(LOOK_S)
    if process.returncode:
        raise SystemExit(f"{engine} ended with {process.returncode}: run {' '.join(words)}")
    return time.perf_counter() - started, together / MB, largest / MB


def _held(pid: int) -> list[float]:
    try:
        parent = psutil.Process(pid)
        return [one.memory_info().rss for one in [parent, *parent.children(recursive=True)]]
    except psutil.NoSuchProcess:
        return []


def measure(folder: Path, rows: int, engines: Sequence[str], shard_rows: int) -> list[Figure]:
    """Runs every engine on the same file, and compares what they wrote."""
    source = folder / f"{rows}.jsonl"
    write_questions(source, rows)
    figures: list[Figure] = []
    digests = set()
    for engine in engines:
        target = folder / f"{engine}.jsonl"
        seconds, together, largest = run(source, target, engine, shard_rows)
        with target.open("rb") as file:
            digests.add(hashlib.file_digest(file, "sha256").hexdigest())
        plain = next((one for one in figures if one.engine == "plain"), None)
        rate = rows / seconds
        share = 1.0 if engine == "plain" else plain and rate / plain.rows_a_second
        figures.append(Figure(engine, rows, seconds, rate, share, together, largest))
        print(json.dumps(asdict(figures[-1])), flush=True)
        target.unlink()
    if len(digests) != 1:
        raise SystemExit("The engines wrote different files.")
    source.unlink()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 1_000_000])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--shard-rows", type=int, default=5_000)
    parser.add_argument("--json", type=Path, help="Where the figures go as well.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [
            one for rows in given.rows for one in measure(Path(folder), rows, given.engines, given.shard_rows)
        ]
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
