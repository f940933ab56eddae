"""Who was played x who was tuned: does what stumped one model help another?

Every model is tuned on every release and asked the test of every release. A picture that any release trains
on is asked in none, so all figures of a test are about the same questions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stumper.errors import BadRelease
from stumper.evaluate.items import release_items
from stumper.evaluate.run import Item, scores
from stumper.experiment.arms import Arm, Example, Sources, draw
from stumper.experiment.bench import Bench, Made, Run, Texts, make_all
from stumper.experiment.figures import Tested, tested
from stumper.records import Split
from stumper.release.formats import Row, read_rows
from stumper.release.manifest import read_manifest

OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A release, as far as its own round goes."""

    id: str
    campaign: str
    round: int
    models: tuple[str, ...]
    """What was played in it, without folders of the machine it was played on."""
    folder: Path
    rows: tuple[Row, ...]
    """Its training split."""
    test: tuple[Item, ...]
    dropped: int
    """Test questions whose picture some release trains on."""

    @property
    def name(self) -> str:
        """What the matrix calls it."""
        return f"{', '.join(self.models)} ({self.campaign}, round {self.round})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One model tuned on one release and asked the test of one."""

    played: str
    """Id of the release it was tuned on."""
    tuned: str
    """Reference of the model."""
    test: str
    """Id of the release whose test was asked."""
    pairs: int
    seeds: tuple[int, ...]
    figures: Tested | None
    """None if no run was made."""

    def to_json(self) -> dict[str, Any]:
        return {
            "played": self.played,
            "tuned": self.tuned,
            "test": self.test,
            "pairs": self.pairs,
            "seeds": list(self.seeds),
            "figures": self.figures and self.figures.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All cells, in order of release, model and test."""

    releases: tuple[Played, ...]
    models: tuple[str, ...]
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    missing: dict[str, str]
    """Runs that failed, and why."""

    def at(self, *, played: str, tuned: str, test: str) -> Cell:
        """Returns a cell. Raises KeyError for a release or model that is not in the matrix."""
        return {(one.played, one.tuned, one.test): one for one in self.cells}[played, tuned, test]

    def to_json(self) -> dict[str, Any]:
        """Returns plain values; what is missing is None."""
        return {
            "releases": [
                {
                    "id": one.id,
                    "campaign": one.campaign,
                    "round": one.round,
                    "played": list(one.models),
                    "train": len(one.rows),
                    "test": len(one.test),
                    "dropped": one.dropped,
                }
                for one in self.releases
            ],
            "models": list(self.models),
            "seeds": list(self.seeds),
            "cells": [cell.to_json() for cell in self.cells],
            "missing": self.missing,
        }


def read_played(folders: Sequence[Path]) -> list[Played]:
    """Reads releases. Raises BadRelease for one that is none, is given twice, or leaves no test question."""
    manifests = {folder: read_manifest(folder) for folder in folders}
    if len({one.id for one in manifests.values()}) < len(folders):
        raise BadRelease("A release is given twice. Name each once.")
    rows = {folder: _own(read_rows(folder, Split.TRAIN), manifests[folder].round) for folder in folders}
    trained = {row.image_id for some in rows.values() for row in some}
    return [
        _played(folder, manifest.id, manifest.campaign, manifest.round, rows[folder], trained)
        for folder, manifest in manifests.items()
    ]


def _own(rows: list[Row], number: int) -> list[Row]:
    """Those of the release's own round, in which one model was played; all, if it has none of its own."""
    return [row for row in rows if row.round == number] or rows


def _played(folder: Path, id: str, campaign: str, number: int, rows: list[Row], trained: set[Any]) -> Played:
    asked = release_items(folder, round_number=number) or release_items(folder)
    test = tuple(item for item in asked if item.image_id not in trained)
    if not test or not rows:
        raise BadRelease(
            f"{folder} has {len(rows)} training pairs and {len(test)} test questions about pictures that no "
            "release trains on; both are needed. Collect more, or leave a release out."
        )
    return Played(
        id=id,
        campaign=campaign,
        round=number,
        models=_models(folder, {row.id for row in rows}),
        folder=folder,
        rows=tuple(rows),
        test=test,
        dropped=len(asked) - len(test),
    )


def _models(folder: Path, ids: set[str]) -> tuple[str, ...]:
    """Which models these examples stumped, by the release's provenance."""
    try:
        lines = (folder / "provenance.jsonl").read_text(encoding="utf-8").split("\n")
        found = [json.loads(line) for line in lines if line]
        return tuple(sorted({one["model"] for one in found if one["id"] in ids})) or ("unknown",)
    except (OSError, ValueError, KeyError) as error:
        raise BadRelease(f"{folder / 'provenance.jsonl'} cannot be read: {error}. Restore it.") from error


class At(NamedTuple):
    """Which run: id of the release it is tuned on, reference of the model, seed."""

    release: str
    model: str
    seed: int


Runs = dict[At, Run]


def plan_matrix(
    releases: Sequence[Played], models: Sequence[str], *, seeds: Sequence[int], pairs: int | None
) -> Runs:
    """Returns the runs: each model on all training pairs of each release, or on ``pairs`` drawn at random."""
    return {
        At(release.id, model, seed): Run(
            name=f"{release.id}-{_short(model)}-{seed}",
            base=model,
            seed=seed,
            pairs=_pairs(release, pairs, seed=seed),
        )
        for seed in seeds
        for model in models
        for release in releases
    }


def _short(model: str) -> str:
    """A folder's name for a reference, the same wherever it stands in the list."""
    return hashlib.sha256(model.encode()).hexdigest()[:8]


def _pairs(release: Played, pairs: int | None, *, seed: int) -> list[Example]:
    examples = tuple(
        Example(image_id=row.image_id, question=row.question, answer=row.answer) for row in release.rows
    )
    sources = Sources(accepted=(), claimed=(), released=examples, ask=lambda *_: None, ordinary="")
    return draw(Arm.RANDOM, sources, n=pairs or len(examples), seed=seed)


async def run_matrix(
    bench: Bench, releases: Sequence[Played], runs: Runs, *, seed: int, on_progress: OnProgress
) -> Matrix:
    """Makes what is not made yet, and scores it; ``seed`` is that of the bootstrap.

    Raises ModelError if a model answers nothing before tuning, and the last error if every run fails.
    """
    models = list(dict.fromkeys(where.model for where in runs))
    before = {
        model: await bench.base_answers(model, partial(on_progress, f"base {place + 1}"))
        for place, model in enumerate(models)
    }
    made = await make_all(bench, list(runs.values()), on_progress)
    cells = (
        _cell(one, model, asked, runs, made, before[model], seed=seed)
        for one in releases
        for model in models
        for asked in releases
    )
    return Matrix(
        releases=tuple(releases),
        models=tuple(models),
        cells=tuple(cells),
        seeds=tuple(dict.fromkeys(where.seed for where in runs)),
        missing=made.missing,
    )


def _cell(
    played: Played, model: str, asked: Played, runs: Runs, made: Made, before: Texts, *, seed: int
) -> Cell:
    some = {at: run for at, run in runs.items() if (at.release, at.model) == (played.id, model)}
    there = {at.seed: made.texts[run.name] for at, run in some.items() if run.name in made.texts}
    pairs = min(len(run.pairs) for run in some.values())
    after = np.array([scores(asked.test, texts[asked.id]) for texts in there.values()])
    known = scores(asked.test, before[asked.id])
    return Cell(
        played=played.id,
        tuned=model,
        test=asked.id,
        pairs=pairs,
        seeds=tuple(there),
        figures=tested(asked.test, known, after, pairs=pairs, seed=seed) if there else None,
    )
