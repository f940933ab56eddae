"""`stumper audit` as it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stumper.cli import cli
from stumper.errors import BadDataset, BadSetting
from tests.release.audit.data import ROWS, plain

BAD = [("d.png", f"What is it in row {n}?", "") for n in range(4)]


def run(*words: str | Path) -> tuple[int, str]:
    ended = CliRunner().invoke(
        cli, ["audit", *map(str, words)], env={"COLUMNS": "80"}, catch_exceptions=False
    )
    return ended.exit_code, ended.stdout


def test_the_text_tells_faults_first_and_ends_with_the_count(tmp_path: Path) -> None:
    status, text = run(plain(tmp_path / "a.jsonl", [*ROWS, *BAD]))

    assert status == 0
    assert "✗ fault: Missing references" in text
    assert text.index("fault:") < text.index("fine:") < text.index("most common answer")
    assert "What is it in row 0? → (nothing) (line 5)" in text
    assert re.match(r"\d faults?, \d warnings?\.", text.strip().splitlines()[-1])
    assert max(map(len, text.splitlines())) <= 80


def test_strict_ends_with_an_error_only_for_a_fault(tmp_path: Path) -> None:
    assert run(plain(tmp_path / "a.jsonl"), "--strict")[0] == 0
    assert run(plain(tmp_path / "b.jsonl", [*ROWS, *BAD]), "--strict")[0] == 1


def test_json_is_one_line(tmp_path: Path) -> None:
    _, text = run(plain(tmp_path / "a.jsonl"), "--json", "--html", tmp_path / "a.html")

    found = json.loads(text)
    assert (found["rows"], found["faults"]) == (4, 0)
    assert found["kinds"][0].keys() == {"name", "rows", "share", "common_answer", "common_share"}
    assert found["questions"][0].keys() == {"text", "rows", "share"}
    assert (tmp_path / "a.html").exists()


def test_markup_of_the_terminal_in_the_data_is_text(tmp_path: Path) -> None:
    _, text = run(plain(tmp_path / "a.jsonl", [("a", "What is [bold]this[/] [/nothing]?", "[red]a cat")]))

    assert "[bold]this[/] [/nothing]?" in text


def test_columns_and_folders_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("frage,antwort,bild\nIs it red?,yes,a.png\n")

    status, text = run(
        path, "--question", "frage", "--answer", "antwort", "--image", "bild", "--images", tmp_path
    )

    assert status == 0
    assert "1 questions about 1 pictures" in text
    assert "fault: Picture files not found" in text


def test_no_data_set_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="does not exist"):
        run(tmp_path / "nowhere.json")


def test_a_page_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(BadSetting, match="folder cannot be written"):
        run(plain(tmp_path / "a.jsonl"), "--html", tmp_path / "folder")

    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.jsonl", "folder"]
