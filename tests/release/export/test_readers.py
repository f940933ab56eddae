"""Each export read back by the program it is for: datasets, webdataset, and what the others do to read."""

from __future__ import annotations

import base64
import gc
import importlib.util
import io
import json
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import datasets
import pandas
import pytest
import webdataset
import yaml
from PIL import Image

from stumper.records import Split
from stumper.release import Row
from stumper.release.export import export, rows
from stumper.release.export.fit import unpaired
from stumper.release.export.source import HUB_NAMES
from stumper.release.export.vlmevalkit import cell

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No bars, and no cache beyond the test."""
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    yield
    datasets.enable_progress_bars()


def expected(release: Path, split: Split) -> list[Row]:
    return list(rows(release, split))


def same_picture(found: Image.Image, release: Path, row: Row) -> bool:
    with Image.open(release / row.image) as wanted:
        return found.size == wanted.size and found.tobytes() == wanted.convert(found.mode).tobytes()


@pytest.fixture(scope="module")
def loaded(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, datasets.DatasetDict]:
    """Every export that `load_dataset(FOLDER)` reads, by format."""
    root = tmp_path_factory.mktemp("loaded")
    found = {}
    for name in ("trl-sft", "trl-dpo", "trl-kto", "parquet", "imagefolder"):
        export(release, root / name, name=name)
        found[name] = datasets.load_dataset(str(root / name), cache_dir=str(root / "cache"))
    return found


@pytest.mark.parametrize("split", Split)
def test_trl_sft_through_datasets(loaded: Any, release: Path, split: Split) -> None:
    found = list(loaded["trl-sft"][HUB_NAMES[split]])

    wanted = expected(release, split)
    assert [one["prompt"] for one in found] == [[{"role": "user", "content": row.question}] for row in wanted]
    assert [one["completion"][0]["content"] for one in found] == [row.answer for row in wanted]
    assert all(same_picture(one["images"][0], release, row) for one, row in zip(found, wanted, strict=True))
    assert {one["weight"] for one in found} >= {getattr(wanted[0], "weight", 1.0)}


def test_trl_dpo_prefers_the_correction_to_what_the_model_said(loaded: Any, release: Path) -> None:
    found = list(loaded["trl-dpo"]["train"])

    wanted = [row for row in expected(release, Split.TRAIN) if unpaired(row) is None]
    assert [one["chosen"][0]["content"] for one in found] == [row.answer for row in wanted]
    assert [one["rejected"][0]["content"] for one in found] == [row.wrong_answer for row in wanted]
    assert {one["rejected"][0]["role"] for one in found} == {"assistant"}


def test_trl_kto_labels_both_answers(loaded: Any, release: Path) -> None:
    found = list(loaded["trl-kto"]["train"])

    wanted = [row for row in expected(release, Split.TRAIN) if unpaired(row) is None]
    said = [(one["completion"][0]["content"], one["label"]) for one in found]
    assert said[::2] == [(row.answer, True) for row in wanted]
    assert said[1::2] == [(row.wrong_answer, False) for row in wanted]


@pytest.mark.parametrize("split", Split)
def test_imagefolder_through_datasets(loaded: Any, release: Path, split: Split) -> None:
    found = list(loaded["imagefolder"][HUB_NAMES[split]])

    wanted = expected(release, split)
    assert [(one["id"], one["question"], one["answer"], one["wrong_answer"]) for one in found] == [
        (row.id, row.question, row.answer, row.wrong_answer) for row in wanted
    ]
    assert all(same_picture(one["image"], release, row) for one, row in zip(found, wanted, strict=True))


@pytest.mark.parametrize("split", Split)
def test_parquet_through_datasets(loaded: Any, release: Path, split: Split) -> None:
    found = list(loaded["parquet"][HUB_NAMES[split]])

    wanted = expected(release, split)
    assert [one["completion"][0]["content"] for one in found] == [row.answer for row in wanted]
    assert all(same_picture(one["images"][0], release, row) for one, row in zip(found, wanted, strict=True))


def test_one_split_alone_is_all_that_the_card_promises(release: Path, tmp_path: Path) -> None:
    for name in ("parquet", "trl-sft"):
        export(release, tmp_path / name, name=name, splits=[Split.VAL])
        found = datasets.load_dataset(str(tmp_path / name), cache_dir=str(tmp_path / "cache"))
        assert list(found) == ["validation"]


@pytest.mark.parametrize("split", Split)
def test_webdataset_through_webdataset(
    release: Path, tmp_path: Path, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stumper.release.export.webdataset.SHARD_ROWS", 4)
    export(release, tmp_path / "out", name="webdataset", splits=[split])

    shards = sorted(str(path) for path in (tmp_path / "out").glob("*.tar"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its files to the collector
        found = list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil"))
        gc.collect()

    wanted = expected(release, split)
    assert len(shards) == math.ceil(len(wanted) / 4)
    assert [one["__key__"] for one in found] == [row.id for row in wanted]
    assert [one["json"]["question"] for one in found] == [row.question for row in wanted]
    for one, row in zip(found, wanted, strict=True):
        assert same_picture(one[Path(row.image).suffix[1:]], release, row)


@pytest.mark.parametrize("split", Split)
def test_llava_as_its_dataset_reads_it(release: Path, tmp_path: Path, split: Split) -> None:
    export(release, tmp_path / "out", name="llava")

    # LazySupervisedDataset: json.load, then Image.open(image_folder / image), then one <image> a picture
    found = json.loads((tmp_path / "out" / f"{HUB_NAMES[split]}.json").read_text("utf-8"))

    for one, row in zip(found, expected(release, split), strict=True):
        human, said = one["conversations"]
        assert human == {"from": "human", "value": f"<image>\n{row.question}"}
        assert said == {"from": "gpt", "value": row.answer}
        assert sum(turn["value"].count("<image>") for turn in one["conversations"]) == 1
        with Image.open(tmp_path / "out" / one["image"]) as picture:
            assert same_picture(picture, release, row)


@pytest.mark.parametrize("split", Split)
def test_vlmevalkit_as_its_dataset_reads_it(release: Path, tmp_path: Path, split: Split) -> None:
    export(release, tmp_path / "out", name="vlmevalkit", splits=[split])
    (path,) = (tmp_path / "out").glob("*.tsv")

    # ImageBaseDataset.__init__: read_csv, indices and pictures as text, short pictures are indices
    data = pandas.read_csv(path, sep="\t")
    pictures = dict(zip(map(str, data["index"]), map(str, data["image"]), strict=True))
    pictures = {key: pictures[cell] if len(cell) <= 64 else cell for key, cell in pictures.items()}

    wanted = expected(release, split)
    assert "openended" in path.name
    assert not data.isna().to_numpy().any()
    assert list(data["id"]) == [row.id for row in wanted]
    assert [str(text) for text in data["question"]] == [cell(row.question) for row in wanted]
    assert list(data["category"]) == [str(row.category) for row in wanted]
    for row, picture in zip(wanted, pictures.values(), strict=True):
        assert same_picture(Image.open(io.BytesIO(base64.b64decode(picture))), release, row)


@pytest.mark.parametrize(
    "text", ["None", "nan", "N/A", "null", "NA", "", '"', "a\tb\nc\rd", "\x00x", "=1+1", "007"]
)
def test_no_text_is_missing_or_breaks_a_line_for_pandas(text: str) -> None:
    found = pandas.read_csv(
        io.StringIO(f"a\tb\n{cell('x' + text)}\t{cell(text) or 'empty'}\n"), sep="\t", quoting=3
    )

    assert found.shape == (1, 2)
    assert not found.isna().to_numpy().any()


def task_of(folder: Path, split: str) -> dict[str, Any]:
    """Reads a task as lmms-eval does: `!function FILE.NAME` is a function of FILE.py beside the YAML, and
    relative data_files of a local builder are beside it too."""

    class Loader(yaml.SafeLoader): ...

    def function(_: Any, node: Any) -> Any:
        module, name = node.value.split(".")
        return getattr(module_of(folder / f"{module}.py"), name)

    Loader.add_constructor("!function", function)
    task = yaml.load((folder / f"stumper_{split}.yaml").read_text("utf-8"), Loader)
    files = task["dataset_kwargs"]["data_files"]
    task["dataset_kwargs"]["data_files"] = {name: str(folder / file) for name, file in files.items()}
    return task


def module_of(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("task_utils", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lmms_eval_as_its_task_reads_it(release: Path, tmp_path: Path) -> None:
    export(release, tmp_path / "out", name="lmms-eval")
    task = task_of(tmp_path / "out", "test")
    cache = str(tmp_path / "cache")
    data = datasets.load_dataset(task["dataset_path"], cache_dir=cache, **task["dataset_kwargs"])
    found = list(data[task["test_split"]])

    wanted = expected(release, Split.TEST)
    around = task["lmms_eval_specific_kwargs"]["default"]
    for doc, row in zip(found, wanted, strict=True):
        assert same_picture(task["doc_to_visual"](doc)[0], release, row)
        assert task["doc_to_text"](doc, around) == row.question + around["post_prompt"]
        assert doc[task["doc_to_target"]] == row.answer
        assert task["process_results"](doc, [f" The {row.answer}. "])["exact_match"] == 1
        assert task["process_results"](doc, ["something else"]) == {"exact_match": 0, "missing": 0}
        assert task["process_results"](doc, [""]) == {"exact_match": None, "missing": 1}


def test_lmms_eval_counts_what_is_missing_apart(release: Path, tmp_path: Path) -> None:
    export(release, tmp_path / "out", name="lmms-eval")
    mean, count = (one["aggregation"] for one in task_of(tmp_path / "out", "test")["metric_list"])

    assert mean([1.0, None, 0.0, None]) == 0.5
    assert math.isnan(mean([None]))
    assert count([0, 1, 1]) == 2
