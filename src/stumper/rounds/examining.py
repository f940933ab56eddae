"""Base beside tuned on a release, as a report: what ``stumper evaluate`` does."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from stumper.curate.panel.panel import Panel
from stumper.evaluate.benchmarks import Table as BenchmarkTable
from stumper.evaluate.closing import examine_fully, questions
from stumper.evaluate.curve import curve_of
from stumper.evaluate.gate import Gate
from stumper.evaluate.panel import ask_panel
from stumper.evaluate.report import ReportData, write_report
from stumper.release.manifest import read_manifest
from stumper.shards import Way, ask_ahead
from stumper.shards.run import OnProgress
from stumper.vlm.base import open_model


async def evaluate_on(
    release: Path,
    *,
    base_ref: str,
    tuned_ref: str,
    report: Path,
    seed: int,
    secrets: dict[str, str],
    panel: Panel | None = None,
    benchmarks: BenchmarkTable | None = None,
) -> dict[str, Any]:
    """Scores two models on a release's test split, writes the report and returns the figures.

    A ``panel`` is asked about the same answers; its figures stand beside those of the rules, which decide. So
    do ``benchmarks`` that another harness ran. Answers are kept in `answers_beside` the report until it is
    written: a run that was killed goes on.
    """
    kept = answers_beside(report)
    base, tuned = await open_model(base_ref, secrets=secrets), await open_model(tuned_ref, secrets=secrets)
    try:
        found = await examine_fully(base, tuned, release, seed=seed, cache=kept)
        told = await ask_panel(panel, found.score.outcomes, seed=seed) if panel else None
    finally:
        await base.close()
        await tuned.close()
    figures, gate = found.figures(), Gate()
    manifest = read_manifest(release)
    data = ReportData(
        title=f"{manifest.campaign}, round {manifest.round}",
        examination=replace(found, panel=told),
        passed=gate.passes(figures),
        verdict=gate.verdict(figures),
        manifest=manifest,
        seed=seed,
        benchmarks=benchmarks,
        curve=curve_of(tuned_ref),
    )
    write_report(report, data)
    shutil.rmtree(kept)
    return {**figures.to_json(), **({"panel": told.to_json()} if told else {})}


def ask_both_ahead(
    release: Path,
    *,
    base_ref: str,
    tuned_ref: str,
    report: Path,
    seed: int,
    secrets: dict[str, str],
    way: Way,
    on_progress: OnProgress | None = None,
) -> None:
    """Asks both models by an engine what `evaluate_on` with the same arguments will ask.

    What it leaves in `answers_beside` the report spares that the asking; its figures are the same. Raises
    what `shards.ask_ahead` raises.
    """
    kept = answers_beside(report)
    sets = questions(release, seed=seed)
    for side, ref in (("base", base_ref), ("tuned", tuned_ref)):
        files = {kept / name / f"{side}.jsonl": items for name, items in sets.items()}
        ask_ahead(
            ref, files, folder=kept / f"ahead-{side}", way=way, secrets=secrets, on_progress=on_progress
        )


def answers_beside(report: Path) -> Path:
    """The hidden folder where answers and opinions are until the report is written."""
    return report.with_name(f".{report.name}.answers")
