"""The matrix on releases written by hand: its cells, its tests without trained pictures, what is missing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from stumper.errors import BadRelease
from stumper.experiment.matrix import Matrix, plan_matrix, read_played, run_matrix
from stumper.experiment.page import render_matrix, write_matrix
from stumper.records import Category, ImageId
from stumper.release.formats import Row, jsonl
from stumper.release.manifest import Manifest
from tests.experiment.fakes import PICTURE, FakeTuner, Models, bench


def release(folder: Path, name: str, model: str, *, test: str = "") -> Path:
    """A release of round 1 with four training rows and four test rows, the last about picture ``test``."""
    (folder / "images").mkdir(parents=True)
    rows = {
        split: [_row(name, split, at, test if split == "test" and at == 3 else "") for at in range(4)]
        for split in ("train", "val", "test")
    }
    every = [row for some in rows.values() for row in some]
    for row in every:
        (folder / row.image).write_bytes(PICTURE)
    for split, some in rows.items():
        (folder / f"{split}.jsonl").write_text("".join(jsonl(row) + "\n" for row in some))
    known = [{"id": row.id, "model": model} for row in every]
    (folder / "provenance.jsonl").write_text("".join(json.dumps(one) + "\n" for one in known))
    manifest = Manifest(
        format=2, id=name, digest="", campaign="town", round=1, seed=1, licence="CC0", images=1, splits={},
        categories={}, files={},
    )  # fmt: skip
    (folder / "release.json").write_text(json.dumps(asdict(manifest)))
    return folder


def _row(name: str, split: str, at: int, image: str) -> Row:
    image_id = ImageId(image or f"{name}-{split}-{at}")
    return Row(
        id=f"{name}{split}{at}", image_id=image_id, image=f"images/{image_id}.png",
        question=f"Is there a {name} {split} {at}?", answer="yes", wrong_answer="no",
        category=Category.EXISTENCE, round=1, image_licence="CC0",
    )  # fmt: skip


def made(tmp_path: Path, *, fails: str = "") -> Matrix:
    folders = [
        release(tmp_path / "a", "a", "onnx:"),
        release(tmp_path / "b", "b", "hf:other", test="a-train-1"),
    ]
    played = read_played(folders)
    runs = plan_matrix(played, ["onnx:", "hf:other"], seeds=[1, 2], pairs=3)
    names = {at: run.name for at, run in runs.items()}
    learned = {
        name: [f"Is there a {at.release} test {place}?" for place in range(2)] for at, name in names.items()
    }
    failing = frozenset(name for at, name in names.items() if f"{at.release} {at.model}" == fails)
    one = bench(
        tmp_path / "out",
        {one.id: list(one.test) for one in played},
        FakeTuner(fails=failing),
        Models(learned),
    )
    return asyncio.run(run_matrix(one, played, runs, seed=1, on_progress=lambda *_: None))


def test_every_model_is_tuned_on_every_release_and_asked_every_test(tmp_path: Path) -> None:
    found = made(tmp_path)

    assert len(found.cells) == 2 * 2 * 2
    for cell in found.cells:
        assert cell.figures is not None
        assert (cell.pairs, cell.seeds) == (3, (1, 2))
        assert cell.figures.before == 0.0
        learned = 2 / cell.figures.items if cell.played == cell.test else 0.0
        assert cell.figures.gain.mean == pytest.approx(learned)


def test_a_picture_that_is_trained_on_is_asked_in_no_test(tmp_path: Path) -> None:
    first, second = made(tmp_path).releases

    assert (first.models, second.models) == (("onnx:",), ("hf:other",))
    assert (len(first.test), first.dropped) == (4, 0)
    assert (len(second.test), second.dropped) == (3, 1)


def test_what_failed_is_missing_and_not_nought(tmp_path: Path) -> None:
    found = made(tmp_path, fails="a hf:other")

    assert found.at(played="a", tuned="hf:other", test="b").figures is None
    assert found.at(played="b", tuned="hf:other", test="b").figures is not None
    assert len(found.missing) == 2
    assert "missing" in render_matrix(found, {})
    assert found.to_json()["cells"][2]["figures"] is None


def test_the_page_frames_what_a_model_was_played_for(tmp_path: Path) -> None:
    page = write_matrix(tmp_path / "page", made(tmp_path), {"onnx:": "tiny"}).read_text(encoding="utf-8")

    assert page.count(' own">') == 4  # two releases, each with its model, two tests
    assert page.count('"cell up-5') == 4
    assert json.loads((tmp_path / "page" / "experiment.json").read_text())["recipes"] == {"onnx:": "tiny"}


def test_the_same_release_twice_and_no_release_are_refused(tmp_path: Path) -> None:
    one = release(tmp_path / "a", "a", "onnx:")

    with pytest.raises(BadRelease, match="twice"):
        read_played([one, release(tmp_path / "copy", "a", "onnx:")])
    with pytest.raises(BadRelease, match="holds no release"):
        read_played([tmp_path])
