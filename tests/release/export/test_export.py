"""What every format keeps: whole or not at all, equal bytes, no row lost in silence, no path that leaves."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from stumper.cli import cli
from stumper.errors import BadInput, BadRelease
from stumper.records import Split
from stumper.release import read_rows
from stumper.release.export import FORMATS, Images, export, open_release, rows
from stumper.release.export import writing as writing_module
from stumper.release.export.fit import unpaired, unusable
from stumper.release.export.formats import Format
from stumper.release.export.source import HUB_NAMES
from stumper.release.export.writing import one_line
from stumper.release.manifest import digest_over, hash_folder, read_manifest, write_manifest
from tests.release.export.conftest import SAME

run = CliRunner()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def edited(release: Path, target: Path, old: str, new: str) -> Path:
    """A copy whose lines say something else, with a manifest that fits: anybody can make one."""
    shutil.copytree(release, target)
    for split in Split:
        path = target / f"{split}.jsonl"
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    files = hash_folder(target)
    digest = digest_over(files)
    write_manifest(target, replace(read_manifest(target), files=files, digest=digest, id=digest[:16]))
    return target


@pytest.mark.parametrize("name", FORMATS)
def test_equal_releases_give_equal_bytes_and_the_release_stays_as_it_was(
    release: Path, tmp_path: Path, name: str
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    export(release, one, name=name)
    export(shutil.copytree(release, tmp_path / "elsewhere"), two, name=name)

    assert contents(one) == contents(two)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "one", "two"]
    assert str(tmp_path) not in json.dumps([data.decode("latin-1") for data in contents(one).values()])
    open_release(release)


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_is_written_or_counted_with_its_reason(release: Path, tmp_path: Path, name: str) -> None:
    tally = export(release, tmp_path / "out", name=name, splits=list(Split))

    examples = {HUB_NAMES[split]: len(list(read_rows(release, split))) for split in Split}
    for part, count in tally.written.items():
        lost = sum(n for (where, _), n in tally.left_out.items() if where == part)
        assert count + lost == examples[part.removeprefix("sft_").removeprefix("dpo_")]
    pairs = name in {"trl-dpo", "trl-kto", "llama-factory", "ms-swift"}
    assert sum(tally.left_out.values()) == pairs, "SAME makes no pair, all else does"


def test_rows_come_one_at_a_time_and_are_those_of_the_release(release: Path) -> None:
    for split in Split:
        assert list(rows(release, split)) == list(read_rows(release, split))


def test_a_folder_that_is_there_is_not_touched(release: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    for name in ("out", "link"):
        with pytest.raises(BadInput, match="is there already"):
            export(release, tmp_path / name, name="llava")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_export_that_fails_half_way_leaves_nothing(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = shutil.copyfile, []

    def full(source: Path, target: Path) -> object:
        calls.append(target)
        if len(calls) == 5:
            raise OSError(28, "No space left on device", str(target))
        return real(source, target)

    monkeypatch.setattr(writing_module.shutil, "copyfile", full)
    with pytest.raises(BadInput, match=r"No space left on device.*was not written"):
        export(release, tmp_path / "out", name="llava")

    assert list(tmp_path.iterdir()) == []


def test_a_changed_release_is_refused(release: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(release, tmp_path / "copy")
    (copy / "train.jsonl").write_text("{}\n")

    with pytest.raises(BadRelease, match=r"changed: train\.jsonl"):
        export(copy, tmp_path / "out", name="llava")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("new", ["../../../../etc/", "/etc/", "data/", "images/../../"])
def test_a_picture_outside_the_release_is_refused(release: Path, tmp_path: Path, new: str) -> None:
    forged = edited(release, tmp_path / "forged", '"images": ["images/', f'"images": ["{new}')

    with pytest.raises(BadRelease, match="does not hold the picture"):
        export(forged, tmp_path / "out", name="webdataset")


def test_an_id_that_is_a_path_is_refused(release: Path, tmp_path: Path) -> None:
    forged = edited(release, tmp_path / "forged", '{"id": "', '{"id": "../')

    with pytest.raises(BadRelease, match="holds the id"):
        export(forged, tmp_path / "out", name="webdataset")


def test_empty_and_broken_texts_are_left_out(release: Path, tmp_path: Path) -> None:
    forged = edited(release, tmp_path / "forged", '"content": "None"', '"content": " "')
    forged = edited(forged, tmp_path / "again", '"content": "007"', '"content": "\\ud800"')

    tally = export(forged, tmp_path / "out", name="llava")

    reasons = {reason for _, reason in tally.left_out}
    assert reasons == {"the answer is empty", "the answer holds half a character, which cannot be written"}
    assert sum(tally.left_out.values()) == 2


def test_links_share_the_pictures_and_absolute_names_them(release: Path, tmp_path: Path) -> None:
    export(release, tmp_path / "linked", name="llava", images=Images.LINK)
    export(release, tmp_path / "named", name="llava", images=Images.ABSOLUTE)

    linked = next((tmp_path / "linked" / "images").iterdir())
    assert linked.samefile(release / "images" / linked.name)
    named = json.loads((tmp_path / "named" / "train.json").read_text("utf-8"))
    assert {Path(one["image"]).parent for one in named} == {release / "images"}
    assert not (tmp_path / "named" / "images").exists()


@pytest.mark.parametrize("one", FORMATS.values(), ids=lambda one: one.name)
def test_a_way_of_pictures_that_a_format_does_not_know_is_refused(
    release: Path, tmp_path: Path, one: Format
) -> None:
    for way in set(Images) - set(one.images):
        with pytest.raises(BadInput, match="takes no pictures by"):
            export(release, tmp_path / "out", name=one.name, images=way)


def test_an_unknown_format_names_the_others(release: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no format 'axolotl'.*trl-sft.*lmms-eval"):
        export(release, tmp_path / "out", name="axolotl")


@given(st.text(st.sampled_from('a"\\\n\r\x0b\x1c\x85\u2028\u2029猫')))
def test_a_line_of_json_is_one_line_for_every_reader(text: str) -> None:
    line = one_line({"x": text})

    assert len(line.splitlines()) == 1
    assert json.loads(line) == {"x": text}


def test_a_pair_needs_two_answers_that_differ(release: Path) -> None:
    found = {row.question: (unusable(row), unpaired(row)) for split in Split for row in rows(release, split)}

    assert found[SAME.question] == (None, "the wrong answer says the same as the right one")
    assert {reason for question, (_, reason) in found.items() if question != SAME.question} == {None}


def test_the_command_says_what_was_written_and_how_to_go_on(release: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    done = run.invoke(
        cli, ["release", "export", str(release), "--format", "trl-dpo", "--out", str(target)], env={}
    )
    again = run.invoke(cli, ["release", "export", str(release), "--format", "llava", "--out", str(target)])

    assert done.exit_code == 0, done.output
    assert "left out 1: the wrong answer says the same as the right one" in done.output
    assert f"--dataset_name {target}" in done.output
    assert isinstance(again.exception, BadInput)


def test_the_command_as_json(release: Path, tmp_path: Path) -> None:
    options = ["--format", "trl-dpo", "--out", str(tmp_path / "out"), "--split", "test", "--json"]
    done = run.invoke(cli, ["release", "export", str(release), *options])

    said = json.loads(done.stdout)
    lost = sum(one["examples"] for one in said["left_out"])
    assert said["written"] == {"test": len(list(read_rows(release, Split.TEST))) - lost}


def test_formats_are_listed_with_reader_and_command() -> None:
    done = run.invoke(cli, ["release", "formats"])

    for one in FORMATS.values():
        assert one.name in done.stdout
        assert one.start in done.stdout


def test_the_table_of_the_guide_has_every_format() -> None:
    guide = (Path(__file__).parents[3] / "docs/guide/exports.md").read_text("utf-8")

    assert [name for name in FORMATS if f"--format {name} " not in guide] == []
