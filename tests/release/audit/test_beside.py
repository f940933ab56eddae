"""Two data sets side by side: each figure stands under its own name, and nothing grave is left out."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from stumper.cli import cli
from stumper.release.audit import Severity, audit, beside
from stumper.release.audit.page import render
from tests.release.audit.data import ROWS, plain

BAD = [("d.png", f"What is it in row {n}?", "") for n in range(4)]


def test_every_grave_finding_of_either_stands_in_its_column(tmp_path: Path) -> None:
    good, bad = audit(plain(tmp_path / "a.jsonl")), audit(plain(tmp_path / "b.jsonl", [*ROWS, *BAD]))

    lines = {line.title: line for line in beside(good, bad)}

    assert (lines["Questions"].ours.text, lines["Questions"].theirs.text) == ("4", "8")
    missing = lines["Missing references"]
    assert (missing.ours.text, missing.ours.severity) == ("0.0%", Severity.FINE)
    assert (missing.theirs.text, missing.theirs.severity) == ("50.0%", Severity.FAULT)
    grave = {
        one.title for found in (good, bad) for one in found.findings if one.severity is not Severity.FINE
    }
    assert grave <= lines.keys()


def test_swapped_the_columns_are_swapped(tmp_path: Path) -> None:
    one, other = audit(plain(tmp_path / "a.jsonl")), audit(plain(tmp_path / "b.jsonl", [*ROWS, *BAD]))

    turned = [(line.title, line.theirs, line.ours) for line in beside(one, other)]

    assert turned == [tuple(line) for line in beside(other, one)]


def test_the_command_tells_both_in_text_json_and_page(tmp_path: Path) -> None:
    one, other = plain(tmp_path / "a.jsonl"), plain(tmp_path / "b.jsonl", [*ROWS, *BAD])
    words = ["audit", str(one), "--beside", str(other)]

    text = CliRunner().invoke(cli, words, env={"COLUMNS": "80"}, catch_exceptions=False).stdout
    found = json.loads(CliRunner().invoke(cli, [*words, "--json"], catch_exceptions=False).stdout)

    assert "✗ 50.0%" in next(line for line in text.splitlines() if line.startswith("Missing references"))
    assert max(map(len, text.splitlines())) <= 80
    assert (found["rows"], found["beside"]["rows"]) == (4, 8)
    page = render(audit(one), audit(other))
    assert "Beside b.jsonl" in page
    assert '<span class="badge fault">50.0%</span>' in page
