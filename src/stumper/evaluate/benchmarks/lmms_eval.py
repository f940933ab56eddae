"""Result files of lmms-eval: ``OUTPUT_PATH/MODEL/20260131_120000_results.json``, with ``--log_samples`` also
``..._samples_TASK.jsonl``.

``results`` holds an object a task, whose keys are "metric,filter". A question on which the judge failed is
scored 0 by mmvet (``eval_model`` is empty) and -1 by llava_in_the_wild ("Failed Request"); only the samples
tell. Of HallusionBench and MMBench nothing tells: an unreachable judge looks like an unclear answer.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from stumper.evaluate.benchmarks.reading import (
    Line,
    Reading,
    Results,
    gathered,
    half_written,
    lines_of,
    number,
    one_model,
    within,
)
from stumper.evaluate.benchmarks.ten import TEN, Asked, Benchmark, Harness

_NAMES: Final = re.compile(r"(?:\d[\dT_.-]*_results|results(?:_.*)?)\.json")
"""Other files end so too: mmbench_en_dev_results.json holds details."""

_UNANSWERED: Final = ("[LMMS_EVAL_REQUEST_FAILED", "[LMMS_EVAL_BUDGET_EXCEEDED]")


def read_lmms_eval(folder: Path) -> Results | None:
    """Returns what the folder's files say; None if it holds none. Raises BadDataset."""
    runs = [
        (path, _run(path)) for path in sorted(folder.rglob("*results*.json")) if _NAMES.fullmatch(path.name)
    ]
    if not runs:
        return None
    model = one_model(folder, (str(run.get("model_name") or "") for _, run in runs))
    newest = {
        task: (path, found)
        for path, run in sorted(runs, key=lambda one: (one[0].name, one[0].stat().st_mtime))
        for task, found in run["results"].items()
    }
    return gathered(
        Harness.LMMS_EVAL,
        model,
        ((one, *_read(one, *newest[one.metric.task])) for one in TEN if one.metric.task in newest),
    )


def _run(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise half_written(path, str(error)) from error
    results = found.get("results") if isinstance(found, dict) else None
    if not isinstance(results, dict) or not all(isinstance(one, dict) for one in results.values()):
        raise half_written(path, "it holds no results by task")
    return dict(found)


def _read(benchmark: Benchmark, path: Path, task: Line) -> tuple[Reading | None, str]:
    metric = benchmark.metric
    value = sum(_figure(task, names, path) for names in metric.names) * metric.times
    samples = path.with_name(path.name.replace("results.json", f"samples_{metric.task}.jsonl"))
    rows = lines_of(samples) if samples != path and samples.is_file() else []
    note = ""
    failed = 0
    if metric.asked is Asked.BY_CLIENT and rows:
        value, failed = _without_failures(metric.names[0][0], rows, value)
        if failed:
            note = f"the judge failed on {failed} of {len(rows)} questions; they are left out."
    elif metric.asked is not Asked.NOT:
        note = "lmms-eval does not show here where the judge failed, and scores such questions 0."
    if math.isnan(value):
        return None, note or f"{path.name} tells no number, so it is missing."
    value = within(benchmark, value, path)
    unanswered = sum(_silent(row) for row in rows)
    return Reading(value=value, dataset=metric.task, failed=failed, unanswered=unanswered), note


def _figure(task: Line, names: Sequence[str], path: Path) -> float:
    """Returns the metric under one of its names, whatever filter made it; nan for null. Raises BadDataset."""
    for key, value in task.items():
        if key.split(",")[0] in names:
            return number(value)
    raise half_written(path, f"there is no {names[0]}")


def _without_failures(metric: str, rows: Sequence[Line], value: float) -> tuple[float, int]:
    """Returns the value over the questions that the judge scored, nan of none, and how many it did not."""
    verdicts = [row[metric] for row in rows if isinstance(row.get(metric), dict)]
    scored = [one for one in verdicts if one.get("eval_model") not in ("", "Failed Request")]
    failed = len(verdicts) - len(scored)
    if not failed:
        return value, 0
    if not scored:
        return math.nan, failed
    if metric == "gpt_eval_llava_all":
        pairs = [[number(side) for side in one["scores"]] for one in scored]
        return 100 * sum(own for _, own in pairs) / sum(other for other, _ in pairs), failed
    return 100 * sum(number(one.get("score")) for one in scored) / len(scored), failed


def _silent(row: Line) -> bool:
    """Whether the model gave no answer: lmms-eval keeps an empty text, newer ones a mark of its own."""
    said: object = row.get("filtered_resps", row.get("resps"))
    while isinstance(said, list) and len(said) == 1:
        said = said[0]
    return isinstance(said, str) and (not said or said.startswith(_UNANSWERED))
