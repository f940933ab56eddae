"""The manifest notices every change of a release folder; its digest changes with the content alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import BadRelease
from stumper.records import Split
from stumper.release.formats import read_rows
from stumper.release.manifest import (
    FORMAT,
    Manifest,
    digest_over,
    hash_folder,
    read_manifest,
    verify_release,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").write_bytes(b"picture")
    (tmp_path / "train.jsonl").write_text("{}\n")
    files = hash_folder(tmp_path)
    write_manifest(
        tmp_path,
        Manifest(
            format=FORMAT,
            id=digest_over(files)[:16],
            digest=digest_over(files),
            campaign="toytown",
            round=1,
            seed=1,
            licence="CC BY 4.0",
            images=1,
            splits={},
            categories={},
            files=files,
        ),
    )
    return tmp_path


def test_an_untouched_folder_passes(folder: Path) -> None:
    assert verify_release(folder) == read_manifest(folder)


def test_a_changed_file_is_named(folder: Path) -> None:
    (folder / "images/a.png").write_bytes(b"Picture")

    with pytest.raises(BadRelease, match=r"changed: images/a\.png"):
        verify_release(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "train.jsonl").unlink()

    with pytest.raises(BadRelease, match=r"missing: train\.jsonl"):
        verify_release(folder)


def test_an_added_file_is_named(folder: Path) -> None:
    (folder / "extra.txt").write_text("x")

    with pytest.raises(BadRelease, match=r"added: extra\.txt"):
        verify_release(folder)


def test_a_forged_list_of_files_is_noticed(folder: Path) -> None:
    (folder / "train.jsonl").write_text("forged\n")
    data = json.loads((folder / "release.json").read_text())
    data["files"] = hash_folder(folder)
    (folder / "release.json").write_text(json.dumps(data))

    with pytest.raises(BadRelease, match="digest does not fit"):
        verify_release(folder)


def test_no_folder_and_a_broken_manifest_are_explained(folder: Path) -> None:
    with pytest.raises(BadRelease, match=r"holds no release\.json"):
        verify_release(folder / "nowhere")
    (folder / "release.json").write_text('{"format": 1')
    with pytest.raises(BadRelease, match="is damaged"):
        verify_release(folder)


def test_another_format_asks_for_an_update(folder: Path) -> None:
    data = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps(data | {"format": 3, "news": 1}))

    with pytest.raises(BadRelease, match="has format 3, this version reads 1 and 2"):
        read_manifest(folder)


def test_a_release_of_the_first_format_is_read(folder: Path) -> None:
    data = json.loads((folder / "release.json").read_text())
    for name in ("players", "why_not_apart", "left_out", "weights", "entropy"):
        del data[name]
    (folder / "release.json").write_text(json.dumps(data | {"format": 1}))
    (folder / "SHA256SUMS").unlink()

    assert verify_release(folder).left_out == {}


def test_the_sums_are_what_sha256sum_reads_and_are_checked_too(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    assert hashlib.sha256(sums.read_bytes()).hexdigest() == read_manifest(folder).digest
    if tool := shutil.which("sha256sum"):
        subprocess.run([tool, "--check", "--quiet", "--strict", sums.name], cwd=folder, check=True)

    sums.write_text(sums.read_text().replace("train", "test"))

    with pytest.raises(BadRelease, match="SHA256SUMS is missing or changed"):
        verify_release(folder)


def test_whoever_builds_it_is_told_what_is_left_out_and_who_is_not_apart(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.told() == []

    found = replace(manifest, left_out={"player": 1234, "question": 0}, why_not_apart="there are 2 of them")

    assert found.told()[0].startswith("Left out: 1,234 for player (")
    assert "NOT kept apart" in found.told()[1]
    assert "there are 2 of them" in found.told()[1]


def test_rows_of_no_release_are_explained(folder: Path) -> None:
    with pytest.raises(BadRelease, match="Not a line of a release"):
        read_rows(folder, Split.TRAIN)
    with pytest.raises(BadRelease, match="cannot be read"):
        read_rows(folder, Split.TEST)


_FILES = st.dictionaries(st.text("abc/", min_size=1), st.text("0123456789abcdef", min_size=4, max_size=4))


@given(_FILES, _FILES)
def test_the_digest_changes_exactly_with_the_files(one: dict[str, str], two: dict[str, str]) -> None:
    assert (digest_over(one) == digest_over(two)) == (one == two)
    assert digest_over(dict(reversed(one.items()))) == digest_over(one)
