"""python benchmarks/audit.py [--rows 1000000]

Seconds and memory that `stumper audit` takes for made-up questions, nearly all of them different.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stumper.release.audit import audit

THINGS = (
    "car dog cat bus person bicycle tree house sign clock bird boat plane chair table cup phone book bag shoe"
).split()
COLOURS = "red blue green yellow black white".split()
LOOKS = "big small old wooden shiny dirty open broken tall striped round".split()


def rows(n: int, *, seed: int) -> Iterator[dict[str, str]]:
    """Yields questions of four kinds about a third as many pictures."""
    rng = random.Random(seed)
    for place in range(n):
        one, other, colour = rng.choice(THINGS), rng.choice(THINGS), rng.choice(COLOURS)
        look, kind = rng.choice(LOOKS), rng.choice(LOOKS)
        asked, answer = rng.choice(
            (
                (
                    f"How many {look} {colour} {one}s are beside the {kind} {other} {place}?",
                    rng.randrange(30),
                ),
                (f"What colour is the {look} {one} near the {kind} {other}?", f"It is {colour}."),
                (
                    f"Is there a {colour} {one} on the {kind} {other} {rng.randrange(99)}?",
                    "No, there is not.",
                ),
                (
                    f"What is written on {one} number {rng.randrange(9999)} behind the {other}?",
                    f"{one} {place}",
                ),
            )
        )
        image = f"{rng.randrange(n // 3 + 1):012d}.jpg"
        yield {"id": str(place), "image": image, "question": asked, "answer": str(answer)}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "questions.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows(given.rows, seed=given.seed))
        began, worked = time.perf_counter(), time.process_time()
        found = audit(path)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{found.rows:,} rows, {found.wordings:,} wordings, {found.images:,} pictures: "
        f"{time.perf_counter() - began:.1f} s ({time.process_time() - worked:.1f} s of one core), "
        f"{memory_mb:,.0f} MB at most"
    )


if __name__ == "__main__":
    main()
