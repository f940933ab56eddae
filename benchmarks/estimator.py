"""python benchmarks/estimator.py --players 500 --seeds 1 2   |   python benchmarks/estimator.py --big

How good is `trust.estimator` beside what exists? Simulated crowds of known truth play, each claim gets three
votes of players who passed the E-value, and every method reads the same log: who marked what, the votes, and
the marks on controls with their truth (where a method can use them). The last row lets the estimator choose
its voters as the game does. Needs the extra `research` (crowd-kit), which the package itself never imports.

`ring`: 40 % are accounts of one person, who looks carefully on controls and elsewhere marks and confirms all.
`spam`: 70 % mark without looking.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pandas as pd

from stumper.records import Rules
from stumper.simulate.ballots import vote_fixed
from stumper.simulate.figures import auc, ece, f1
from stumper.simulate.people import MIXES, TYPES
from stumper.simulate.strategies import Sort, Strategy
from stumper.simulate.table import Played, Seats, play, seat
from stumper.trust.crowd import Array, CrowdLog, Marks
from stumper.trust.estimator import estimate

RULES = Rules()
CROWDS = {
    **MIXES,
    "ring": {"skilled": 0.35, "careless": 0.15, "fatigue": 0.10, "colluder": 0.40},
    "spam": {
        "skilled": 0.18,
        "careless": 0.08,
        "fatigue": 0.04,
        "always_wrong": 0.35,
        "random": 0.20,
        "lazy": 0.15,
    },
}


@dataclass(frozen=True)
class Case:
    """One crowd's log with its truth; ``p`` of every method is over the claims of ``log``."""

    log: CrowdLog
    controls: pd.DataFrame
    """task, worker, label, truth: one task each mark."""
    truth: Marks


def play_crowd(crowd: str, *, players: int, seed: int) -> tuple[Seats, Played]:
    rng = np.random.default_rng([seed, *crowd.encode()])
    kinds = [Strategy(name, Sort.SLY, TYPES[name]) for name in CROWDS[crowd]]
    counts = [round(share * players) for share in CROWDS[crowd].values()]
    seats = seat(kinds, counts, rng.integers(1, 6, sum(counts)), rng)
    return seats, play(seats, rules=RULES, pictures=2_000 + players, rng=rng)


def case(seats: Seats, played: Played, *, seed: int, able_only: bool) -> Case:
    rng = np.random.default_rng([seed, 7])
    log = vote_fixed(seats, played, votes=3, rules=RULES, rng=rng, able_only=able_only)
    controls = pd.DataFrame(
        {
            "task": -1 - np.arange(len(played.controls["player"])),
            "worker": played.controls["player"].astype(int),
            "label": played.controls["wrong"].astype(int),
            "truth": played.controls["poisoned"].astype(int),
        }
    )
    return Case(log, controls, played.items["truth"][log.claimed] > 0)


def ratings(case: Case) -> pd.DataFrame:
    """Askers' marks on all items, and votes: what crowd-kit calls task, worker, label."""
    log = case.log
    return pd.DataFrame(
        {
            "task": np.concatenate([np.arange(len(log.asker)), log.item]),
            "worker": np.concatenate([log.asker, log.voter]),
            "label": np.concatenate([log.claimed, log.says_wrong]).astype(int),
        }
    )


def of_claims(case: Case, proba: pd.DataFrame) -> Array:
    return np.asarray(proba[1].reindex(np.flatnonzero(case.log.claimed)).fillna(0.5).to_numpy(), dtype=float)


def by_estimator(case: Case) -> Array:
    return np.asarray(estimate(case.log).wrong[case.log.claimed])


def by_dawid_skene(case: Case) -> Array:
    from crowdkit.aggregation import DawidSkene

    return of_claims(case, DawidSkene(n_iter=100).fit(ratings(case)).probas_)


def by_dawid_skene_with_gold(case: Case) -> Array:
    from crowdkit.aggregation import DawidSkene

    rows = pd.concat([ratings(case), case.controls[["task", "worker", "label"]]])
    gold = case.controls.set_index("task")["truth"]
    return of_claims(case, DawidSkene(n_iter=100).fit(rows, true_labels=gold).probas_)


def by_mace(case: Case) -> Array:
    from crowdkit.aggregation import MACE

    return of_claims(case, MACE(n_restarts=3, random_state=0).fit_predict_proba(ratings(case)))


def by_majority(case: Case) -> Array:
    """Share of the three voters who say Wrong; the asker always does."""
    log = case.log
    n = np.bincount(log.item, minlength=len(log.asker))
    share = np.bincount(log.item, log.says_wrong, minlength=len(n)) / np.maximum(n, 1)
    return np.asarray(np.where(n > 0, share, 1.0)[log.claimed])


def by_laplace(case: Case) -> Array:
    """The asker's (hits + 1) / (hits + false alarms + 2), bent so that a claim is believed from .8 on."""
    hits, _, alarms, _ = case.log.controls.T
    gate = (hits + 1.0) / (hits + alarms + 2.0)
    p = np.where(gate >= 0.8, 0.5 + (gate - 0.8) / 0.4 * 0.5 + 1e-9, gate / 0.8 * 0.5)
    return np.asarray(p[case.log.asker[case.log.claimed]])


METHODS: dict[str, Callable[[Case], Array]] = {
    "every Wrong is right (GAP)": lambda case: np.ones(int(case.log.claimed.sum())),
    "Laplace gate >= .8": by_laplace,
    "majority of the voters": by_majority,
    "MACE": by_mace,
    "Dawid-Skene": by_dawid_skene,
    "Dawid-Skene with gold": by_dawid_skene_with_gold,
    "this estimator": by_estimator,
}


@dataclass(frozen=True)
class Result:
    p: Array
    seconds: float
    """Of one core."""
    memory_mb: float
    """Peak above what was held before."""


def measured(method: Callable[[Case], Array], case: Case) -> Result:
    """Runs a method in a process of its own, so that its memory can be seen."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(method, case, there))
    child.start()
    there.close()
    try:
        result: Result = here.recv()
    finally:
        child.join()
    return result


def _run(method: Callable[[Case], Array], case: Case, pipe: Connection) -> None:
    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0

    held, start = peak(), time.process_time()
    p = method(case)
    pipe.send(Result(p, time.process_time() - start, peak() - held))


def show(crowd: str, name: str, results: list[Result], cases: list[Case]) -> None:
    def mean(score: Callable[[Any, Any], float]) -> float:
        return float(
            np.mean([score(case.truth, result.p) for case, result in zip(cases, results, strict=True)])
        )

    seconds = np.mean([result.seconds for result in results])
    memory = np.max([result.memory_mb for result in results])
    print(
        f"{crowd:8} {name:36} {mean(lambda y, p: f1(y, p > 0.5)):6.3f} {mean(auc):6.3f} {mean(ece):6.3f} "
        f"{seconds:8.1f} {memory:8.0f}",
        flush=True,
    )


def compare(*, crowds: list[str], players: int, seeds: list[int]) -> None:
    print("crowd    method                                   F1    AUC    ECE  seconds  mem. MB")
    for crowd in crowds:
        played = [play_crowd(crowd, players=players, seed=seed) for seed in seeds]
        cases = [case(*one, seed=seed, able_only=False) for one, seed in zip(played, seeds, strict=True)]
        for name, method in METHODS.items():
            show(crowd, name, [measured(method, one) for one in cases], cases)
        chosen = [case(*one, seed=seed, able_only=True) for one, seed in zip(played, seeds, strict=True)]
        show(crowd, "this estimator, its own voters", [measured(by_estimator, one) for one in chosen], chosen)


def big(*, seed: int) -> None:
    """One million marks and 600,000 votes or more."""
    found = case(*play_crowd("mixed", players=16_500, seed=seed), seed=seed, able_only=False)
    marks = int(found.log.controls.sum()) + len(found.log.asker)
    print(f"{marks} marks, {len(found.log.item)} votes, {found.log.players} players", flush=True)
    for name in ("Dawid-Skene with gold", "this estimator"):
        show("mixed", name, [measured(METHODS[name], found)], [found])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--crowds", choices=CROWDS, nargs="+", default=list(CROWDS))
    parser.add_argument("--players", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--big", action="store_true", help="one million marks, run time and memory")
    options = parser.parse_args()
    if options.big:
        big(seed=options.seeds[0])
    else:
        compare(crowds=options.crowds, players=options.players, seeds=options.seeds)


if __name__ == "__main__":
    main()
