"""The controls: the same number of pairs from five sources, and what each taught the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from stumper.errors import BadInput
from stumper.evaluate.metrics import Scores
from stumper.evaluate.run import scores
from stumper.experiment.arms import CONTROL, CURVE, Arm, Sources, draw
from stumper.experiment.bench import Bench, Made, Run, make_all
from stumper.experiment.figures import Difference, Tested, plain, sentence, tested
from stumper.experiment.stats import crossed_interval

MOST_PAIRS: Final = 400
"""Of an arm where no size is given: the whole experiment then takes under an hour on two cores."""
_HALVINGS: Final = 3
LEAST_PAIRS: Final = 8

OnProgress = Callable[[str, int, int], None]


class Place(NamedTuple):
    """Which run: its arm, number of pairs, and seed."""

    arm: Arm
    pairs: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.arm}-{self.pairs}-{self.seed}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs to make, the largest first, and why an arm has none."""

    runs: dict[Place, Run]
    left_out: dict[Arm, str]
    sizes: tuple[int, ...]
    """Ascending; all arms are compared at the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One arm at one size, over its seeds."""

    arm: Arm
    pairs: int
    seeds: tuple[int, ...]
    """Those whose run was made."""
    tests: dict[str, Tested]


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What came of the experiment."""

    base: str
    sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    cells: tuple[Cell, ...]
    """In order of arm and size."""
    differences: tuple[Difference, ...]
    """Of every arm to ordinary questions, at the largest size."""
    left_out: dict[Arm, str]
    missing: dict[str, str]
    """Runs that failed, and why."""

    @property
    def verdicts(self) -> list[str]:
        """What the balanced data are worth beside ordinary ones, a sentence a test."""
        found = [sentence(one) for one in self.differences if one.arm is Arm.BALANCED]
        return found or [
            "Balanced adversarial data cannot be compared with ordinary data: an arm is missing."
        ]

    def at(self, arm: Arm, pairs: int) -> Cell | None:
        """Returns the figures of an arm at a size; None if there are none."""
        return next((one for one in self.cells if (one.arm, one.pairs) == (arm, pairs)), None)

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; what is missing is None."""
        return {
            "base": self.base,
            "sizes": list(self.sizes),
            "seeds": list(self.seeds),
            "arms": [
                {
                    "arm": str(one.arm),
                    "pairs": one.pairs,
                    "seeds": list(one.seeds),
                    "tests": {name: test.to_json() for name, test in one.tests.items()},
                }
                for one in self.cells
            ],
            "beside_ordinary": [
                {
                    "arm": str(one.arm),
                    "test": one.test,
                    "pairs": one.pairs,
                    "difference": plain(one.difference),
                    "told": sentence(one),
                }
                for one in self.differences
            ],
            "verdicts": self.verdicts,
            "left_out": {str(arm): why for arm, why in self.left_out.items()},
            "missing": self.missing,
        }


def plan_runs(
    sources: Sources, *, base: str, arms: Sequence[Arm], seeds: Sequence[int], sizes: Sequence[int] | None
) -> Plan:
    """Plans all arms at the largest size and two at the others; an arm with too few pairs is left out.

    Without ``sizes`` the largest is what the scarcest arm has, up to MOST_PAIRS (ordinary questions do not
    count for that: where they are scarce, that arm is left out), and then its half, quarter and eighth.
    Raises BadInput for a size below LEAST_PAIRS, or if there are no pairs.
    """
    steps = sorted(set(sizes)) if sizes else _steps(sources, arms, seeds[0])
    if not steps or steps[0] < LEAST_PAIRS:
        raise BadInput(
            f"An arm of {steps[0] if steps else 0} pairs teaches nothing: {LEAST_PAIRS} are the least. "
            "Collect more examples, or choose larger --sizes."
        )
    top, runs, left_out = steps[-1], {}, {}
    for arm in arms:
        have = min(len(draw(arm, sources, n=top, seed=seed)) for seed in seeds)
        if have < top:
            left_out[arm] = f"it has {have} pairs, and {top} are compared"
    for size in reversed(steps):
        chosen = [arm for arm in arms if arm not in left_out and (size == top or arm in CURVE)]
        for place in (Place(arm, size, seed) for seed in seeds for arm in chosen):
            pairs = draw(place.arm, sources, n=size, seed=place.seed)
            runs[place] = Run(name=place.name, base=base, seed=place.seed, pairs=pairs)
    return Plan(runs, left_out, tuple(steps))


def _steps(sources: Sources, arms: Sequence[Arm], seed: int) -> list[int]:
    found = [len(draw(arm, sources, n=MOST_PAIRS, seed=seed)) for arm in arms if arm is not CONTROL]
    top = min(found, default=MOST_PAIRS)
    return sorted({top >> step for step in range(_HALVINGS + 1) if top >> step >= LEAST_PAIRS})


async def run_controls(
    bench: Bench, plan: Plan, *, base: str, seed: int, on_progress: OnProgress
) -> Controls:
    """Makes what is not made yet, and scores it. ``seed`` is that of the bootstrap.

    Raises ModelError if the base model answers nothing, and the last error if every run fails.
    """
    before = await bench.base_answers(base, lambda done, total: on_progress("base", done, total))
    made = await make_all(bench, list(plan.runs.values()), on_progress)
    return _Figures(bench, plan, made, before, seed=seed).all(base)


class _Figures:
    """Scores answers, and compares arms."""

    def __init__(
        self, bench: Bench, plan: Plan, made: Made, before: dict[str, list[str | None]], *, seed: int
    ):
        self._tests, self._plan, self._made, self._seed = bench.tests, plan, made, seed
        self._before = {name: scores(items, before[name]) for name, items in bench.tests.items()}
        self._images = {name: [one.picture for one in items] for name, items in bench.tests.items()}
        self._after = {
            (place, test): scores(items, made.texts[place.name][test])
            for place in plan.runs
            if place.name in made.texts
            for test, items in bench.tests.items()
        }

    def all(self, base: str) -> Controls:
        places = dict.fromkeys((place.arm, place.pairs) for place in self._plan.runs)
        order = sorted(places, key=lambda one: (list(Arm).index(one[0]), one[1]))
        cells = (self._cell(arm, pairs) for arm, pairs in order)
        return Controls(
            base=base,
            sizes=self._plan.sizes,
            seeds=tuple(dict.fromkeys(place.seed for place in self._plan.runs)),
            cells=tuple(cell for cell in cells if cell.seeds),
            differences=tuple(self._differences(self._plan.sizes[-1])),
            left_out=self._plan.left_out,
            missing=self._made.missing,
        )

    def _cell(self, arm: Arm, pairs: int) -> Cell:
        seeds = self._seeds(arm, pairs)
        tests = {
            test: tested(
                items, self._before[test], self._rows(arm, pairs, seeds, test), pairs=pairs, seed=self._seed
            )
            for test, items in self._tests.items()
        }
        return Cell(arm=arm, pairs=pairs, seeds=seeds, tests=tests)

    def _differences(self, pairs: int) -> list[Difference]:
        found = []
        arms = [arm for arm in Arm if arm is not CONTROL and self._seeds(arm, pairs)]
        for arm, test in ((arm, test) for arm in arms for test in self._tests):
            seeds = tuple(one for one in self._seeds(arm, pairs) if one in self._seeds(CONTROL, pairs))
            if not seeds:
                continue
            apart = self._rows(arm, pairs, seeds, test) - self._rows(CONTROL, pairs, seeds, test)
            interval = crossed_interval(apart, self._images[test], seed=self._seed)
            found.append(Difference(arm=arm, test=test, pairs=pairs, difference=interval))
        return found

    def _seeds(self, arm: Arm, pairs: int) -> tuple[int, ...]:
        return tuple(
            one.seed for one in self._plan.runs if one[:2] == (arm, pairs) and one.name in self._made.texts
        )

    def _rows(self, arm: Arm, pairs: int, seeds: Sequence[int], test: str) -> Scores:
        """(seeds, items)."""
        rows = [self._after[Place(arm, pairs, seed), test] for seed in seeds]
        return np.array(rows).reshape(len(seeds), len(self._images[test]))
