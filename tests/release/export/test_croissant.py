"""Croissant: MLCommons' own reader finds no error in it and loads the records it tells of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stumper.cli import cli
from stumper.errors import BadInput
from stumper.records import Split
from stumper.release.export import croissant, export, open_release, rows

pytestmark = pytest.mark.filterwarnings("ignore")  # rdflib and pandas warn about each other's future
run = CliRunner()


@pytest.fixture(scope="module")
def exported(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("croissant") / "out"
    export(release, folder, name="parquet")
    return folder


@pytest.fixture
def dataset(exported: Path) -> Any:
    import mlcroissant

    return mlcroissant.Dataset(jsonld=exported / "croissant.json")


def test_mlcroissant_finds_no_error(dataset: Any) -> None:
    issues = dataset.metadata.ctx.issues

    assert not issues.errors
    # a release knows no day: the same examples are the same bytes on any
    assert all("datePublished" in warning for warning in issues.warnings)


@pytest.mark.parametrize("split", Split)
def test_mlcroissant_loads_every_record(dataset: Any, release: Path, split: Split) -> None:
    name = {"val": "validation"}.get(split, str(split))
    found = list(dataset.records(name))

    wanted = list(rows(release, split))
    assert [one[f"{name}/id"].decode() for one in found] == [row.id for row in wanted]
    assert [one[f"{name}/prompt"][0].decode() for one in found] == [row.question for row in wanted]
    assert [one[f"{name}/wrong_answer"].decode() for one in found] == [row.wrong_answer for row in wanted]
    assert {one[f"{name}/images"][0].size for one in found} == {(12, 8)}


def test_it_tells_how_the_data_came_to_be(release: Path) -> None:
    told = croissant(open_release(release))

    assert told["conformsTo"] == [
        "http://mlcommons.org/croissant/1.0",
        "http://mlcommons.org/croissant/RAI/1.0",
    ]
    for name in (
        "dataCollection",
        "dataAnnotationProtocol",
        "annotatorDemographics",
        "personalSensitiveInformation",
        "dataBiases",
        "dataSocialImpact",
    ):
        assert told[f"rai:{name}"], name
    assert told["license"] == "https://creativecommons.org/licenses/by/4.0/"
    hashes = {one["contentUrl"]: one["sha256"] for one in told["distribution"]}
    assert hashes == {
        name: digest for name, digest in open_release(release).manifest.files.items() if name in hashes
    }
    assert len(hashes) == 3


def test_the_command_prints_it_and_never_writes_into_a_release(release: Path, tmp_path: Path) -> None:
    printed = run.invoke(cli, ["release", "croissant", str(release)])
    written = run.invoke(
        cli, ["release", "croissant", str(release), "--out", str(tmp_path / "croissant.json")]
    )
    inside = run.invoke(cli, ["release", "croissant", str(release), "--out", str(release / "croissant.json")])

    assert written.exit_code == 0
    assert json.loads(printed.stdout) == json.loads((tmp_path / "croissant.json").read_text("utf-8"))
    assert isinstance(inside.exception, BadInput)
    open_release(release)
