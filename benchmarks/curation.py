"""python benchmarks/curation.py [--sizes 10000 30000 100000 300000 1000000] [--workers 2] [--json FILE]

Seconds and memory that curation takes for made-up claims: categories, normal forms, twins, contradictions,
and questions that nearly say the same. A picture's claims are one worker's work, as nothing else compares
them; near-duplicate wordings are looked for over all of them. CPU seconds are those of all processes: on a
machine with other work they say more than the clock.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import random
import resource
import time
from collections import Counter
from collections.abc import Hashable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from stumper.curate.answers import normal
from stumper.curate.classify import classify_many
from stumper.curate.classify.lessons import lessons, misspelt
from stumper.curate.dedup import asks, contradictions, twins
from stumper.records import CampaignId, Claim, ClaimId, ExchangeId, ImageId, PlayerId, RoundId
from stumper.release.audit.near import clusters

SIZES: Final = (10_000, 30_000, 100_000, 300_000, 1_000_000)
AN_IMAGE: Final = 8
"""Claims about a picture, on average."""
AGAIN: Final = 0.2
"""Share of the claims that ask again what was asked of their picture."""
AGREES: Final = 0.6
"""Share of these that answer the same."""
SLIPS: Final = 0.1
"""Share of the questions that are misspelt."""
AT_ONCE: Final = 2_000
THINGS: Final = (
    "cat dog bird fish car bus boat tree flower house ball cup balloon umbrella person sign clock box table"
).split()
COLOURS: Final = "red blue green yellow orange purple pink brown".split()
PLACES: Final = ("left", "on the left side", "at the bottom", "in the middle", "behind the house")
SAID: Final = ("{}", "{}.", "It is {}.", "it's {}", "I think it is {}", "the answer is {}")


@dataclass
class Work:
    """What one worker found, and what it took."""

    twins: int = 0
    contradictions: int = 0
    categories: Counter[str] = field(default_factory=Counter)
    normals: int = 0
    wordings: dict[str, tuple[Hashable, str]] = field(default_factory=dict)
    stages: Counter[str] = field(default_factory=Counter)
    """CPU seconds."""
    seconds: float = 0.0
    """By the clock."""
    memory_mb: float = 0.0


@dataclass(frozen=True)
class Figures:
    claims: int
    wordings: int
    near: int
    """Wordings that nearly say what an earlier one says."""
    twins: int
    contradictions: int
    seconds: float
    cpu_seconds: float
    memory_mb: float
    """Of all processes together, each at its most."""
    stages: dict[str, float]


@contextmanager
def timed(stages: Counter[str], name: str) -> Iterator[None]:
    began = time.process_time()
    yield
    stages[name] += time.process_time() - began  # type: ignore[assignment]


def claims(n: int, *, seed: int) -> list[Claim]:
    """Makes up claims: lessons with other numbers and places in them, slips, repeats, contradictions."""
    rng = random.Random(seed)
    bank = [one.question for one in lessons(per_line=3, seed=seed)]
    asked: dict[int, list[tuple[str, str]]] = {}
    found = []
    for number in range(n):
        image = rng.randrange(n // AN_IMAGE + 1)
        before = asked.setdefault(image, [])
        if before and rng.random() < AGAIN:
            question, truth = rng.choice(before)
            truth = truth if rng.random() < AGREES else _answer(rng)
        else:
            question, truth = _question(bank, rng), _answer(rng)
            before.append((question, truth))
        found.append(_claim(number, f"{seed}-{image}", question, rng.choice(SAID).format(truth)))
    return found


def _question(bank: list[str], rng: random.Random) -> str:
    question = rng.choice(bank)
    if rng.random() < 0.5:  # players name things: half of all wordings are nobody else's
        thing, other = f"{rng.choice(COLOURS)} {rng.choice(THINGS)}", rng.choice(THINGS)
        question = f"{question.rstrip('?')} near the {thing} and {other} {rng.randrange(99)}?"
    return misspelt(question, rng) if rng.random() < SLIPS else question


def _answer(rng: random.Random) -> str:
    thing, colour, number = rng.choice(THINGS), rng.choice(COLOURS), rng.randrange(1, 60)
    kinds = (str(number), f"{number} {thing}s", colour, f"{colour} and {rng.choice(COLOURS)}", "yes", "no")
    return rng.choice((*kinds, f"a {colour} {thing}", rng.choice(PLACES), f"{number % 12 + 1} o'clock"))


def _claim(number: int, image: str, question: str, answer: str) -> Claim:
    return Claim(
        id=ClaimId(f"c{number}"),
        exchange_id=ExchangeId(""),
        campaign_id=CampaignId(""),
        round_id=RoundId(""),
        player_id=PlayerId(""),
        image_id=ImageId(image),
        question=question,
        model_answer="",
        correction=answer,
        created_at=float(number),
    )


def work(n: int, seed: int) -> Work:
    """Makes ``n`` claims up and curates them; making them up is not counted."""
    done, made = Work(), claims(n, seed=seed)
    began = time.perf_counter()
    with timed(done.stages, "classify"):
        rows = iter(made)
        while some := list(islice(rows, AT_ONCE)):
            labels = classify_many([one.question for one in some], [one.correction for one in some])
            done.categories.update(one.category.value for one in labels)
    with timed(done.stages, "normalise"):
        done.normals = len({normal(one.correction) for one in made})
    with timed(done.stages, "twins"):
        done.twins = len(twins(made))
    with timed(done.stages, "contradictions"):
        done.contradictions = len(contradictions(made))
    with timed(done.stages, "wordings"):
        done.wordings = {one: asks(one) for one in dict.fromkeys(claim.question for claim in made)}
    done.seconds = time.perf_counter() - began
    done.memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return done


def near_wordings(parts: list[Work], stages: Counter[str]) -> tuple[int, int]:
    """Returns the number of wordings and of those that nearly repeat another."""
    with timed(stages, "near wordings"):
        wordings = {question: key for part in parts for question, key in part.wordings.items()}
        numbers: dict[Hashable, int] = {}
        stiff = [numbers.setdefault(key, len(numbers)) for key, _ in wordings.values()]
        first = clusters(stiff, [content for _, content in wordings.values()])
    return len(wordings), sum(at != place for place, at in enumerate(first.tolist()))


def measure(n: int, *, workers: int, seed: int = 1) -> Figures:
    """Curates ``n`` claims; making them up and starting the processes is not counted."""
    stages: Counter[str] = Counter()
    # Spawned: each process' memory is its own, and none of it what an earlier size left behind.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = list(pool.map(work, [n // workers] * workers, range(seed, seed + workers)))
    for part in parts:
        stages.update(part.stages)
    began = time.perf_counter()
    wordings, near = near_wordings(parts, stages)
    near_seconds = time.perf_counter() - began
    own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(
        claims=n,
        wordings=wordings,
        near=near,
        twins=sum(part.twins for part in parts),
        contradictions=sum(part.contradictions for part in parts),
        seconds=max(part.seconds for part in parts) + near_seconds,
        cpu_seconds=sum(stages.values()),
        memory_mb=own_mb + sum(part.memory_mb for part in parts),
        stages={name: round(seconds, 2) for name, seconds in stages.items()},
    )


def exponent(found: list[Figures]) -> float:
    """Returns the slope of log seconds over log claims, fitted by least squares; 1 is linear."""
    points = [(math.log(one.claims), math.log(one.cpu_seconds)) for one in found]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((a - x) ** 2 for a, _ in points)
    return sum((a - x) * (b - y) for a, b in points) / spread if spread else math.nan


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    print("   claims  wordings     near    twins  contrary   clock s   CPU s  memory MB")
    found = []
    for n in given.sizes:
        one = measure(n, workers=given.workers)
        found.append(one)
        print(
            f"{one.claims:9,} {one.wordings:9,} {one.near:8,} {one.twins:8,} {one.contradictions:9,} "
            f"{one.seconds:9.1f} {one.cpu_seconds:7.1f} {one.memory_mb:10,.0f}  {one.stages}",
            flush=True,
        )
    if len(found) > 1:
        print(f"CPU seconds grow as claims to the power of {exponent(found):.2f}")
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in found], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
