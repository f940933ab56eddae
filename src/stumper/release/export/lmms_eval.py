"""lmms-eval: a task folder for `--include_path`, with its data beside it.

Scored by exact match of short answers, without a judge. A model that said nothing (a failed call) is missing,
not wrong: it is left out of the mean and counted. For better scores, `stumper judge` reads the answers.
https://github.com/EvolvingLMMs-Lab/lmms-eval/blob/main/docs/task_guide.md
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any, Final

from stumper.records import Split
from stumper.release.export import plain
from stumper.release.export.fit import unusable
from stumper.release.export.source import HUB_NAMES
from stumper.release.export.tables import Record, write_table
from stumper.release.export.writing import Task

PICTURES: Final = 64
"""Rows held at once, with their pictures."""
TASK: Final = """\
task: stumper_{name}
dataset_path: parquet
dataset_kwargs:
  data_files:
    {name}: data/{name}.parquet
test_split: {name}
output_type: generate_until
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: answer
process_results: !function utils.process_results
generation_kwargs:
  max_new_tokens: 64
  temperature: 0
  do_sample: false
metric_list:
  - metric: exact_match
    aggregation: !function utils.mean_of_known
    higher_is_better: true
  - metric: missing
    aggregation: !function utils.count
    higher_is_better: false
lmms_eval_specific_kwargs:
  default:
    pre_prompt: ""
    post_prompt: "\\nAnswer with a single word or a short phrase."
metadata:
  - version: 1.0
"""


def write(task: Task) -> None:
    """Writes `stumper_SPLIT.yaml`, `utils.py` and `data/SPLIT.parquet`."""
    for split in task.splits:
        name = HUB_NAMES[split]
        path = task.folder / "data" / f"{name}.parquet"
        write_table(path, _types, _records(task, split), group=PICTURES, pictures=["image"])
        text = TASK.format(name=name)
        (task.folder / f"stumper_{name}.yaml").write_text(text, encoding="utf-8", newline="\n")
    code = resources.files("stumper.release.export").joinpath("lmms_eval_utils.txt").read_text("utf-8")
    (task.folder / "utils.py").write_text(code, encoding="utf-8", newline="\n")


def _records(task: Task, split: Split) -> Iterator[Record]:
    for row in task.tally.fit(task.source.rows(split), unusable, part=HUB_NAMES[split]):
        picture = task.source.picture(row)
        yield {"image": {"bytes": picture.read_bytes(), "path": picture.name}} | plain.record(row)


def _types(arrow: Any) -> list[tuple[str, Any]]:
    picture = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    return [("image", picture), *plain.types(arrow)]
