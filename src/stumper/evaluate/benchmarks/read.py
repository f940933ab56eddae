"""Folders of results, of either harness."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from stumper.errors import BadDataset, NotFound
from stumper.evaluate.benchmarks.lmms_eval import read_lmms_eval
from stumper.evaluate.benchmarks.reading import Results
from stumper.evaluate.benchmarks.vlmevalkit import read_vlmevalkit


class Pair(NamedTuple):
    before: Results | None
    after: Results | None


def read_results(folder: Path) -> Results:
    """Returns what a folder says about one model.

    Raises NotFound if there is no such folder, BadDataset for files that are not whole, of several models, of
    both harnesses, or of neither.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}. Give the harness's folder of results.")
    kit, lmms = read_vlmevalkit(folder), read_lmms_eval(folder)
    if kit and lmms:
        raise BadDataset(f"{folder} holds results of VLMEvalKit and of lmms-eval. Give the folder of one.")
    if found := kit or lmms:
        return found
    names = sorted(path.name for path in folder.rglob("*") if path.is_file())[:5]
    raise BadDataset(
        f"{folder} holds no results of the ten benchmarks ({', '.join(names) or 'it is empty'}). VLMEvalKit "
        "writes MODEL_DATASET_acc.csv or _score.csv, lmms-eval writes DATE_results.json."
    )


def read_pair(folder: Path, *, before: Path | None = None, after: Path | None = None) -> Pair:
    """Returns before and after: of the folders given, else of ``before`` and ``after`` in the plan's folder.

    A folder without either is read as one model's results, as ``after``. Raises as `read_results`.
    """
    if before is None and after is None:
        inside = {name: folder / name for name in ("before", "after") if (folder / name).is_dir()}
        if not inside:
            return Pair(None, read_results(folder))
        before, after = inside.get("before"), inside.get("after")
    return Pair(read_results(before) if before else None, read_results(after) if after else None)
