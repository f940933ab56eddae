"""The commands, the page, and the section in a round's report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stumper.evaluate.benchmarks import compare, read_pair
from stumper.evaluate.benchmarks.page import render_benchmarks
from stumper.evaluate.report import render
from tests.commands import stumper
from tests.evaluate.benchmarks.layouts import kit, table
from tests.evaluate.reporting import report_data
from tests.evaluate.test_closing import release


def played(folder: Path) -> Path:
    kit(folder / "before")
    run = kit(folder / "after", model="after")
    table(run / "after_MMBench_DEV_EN_acc.csv", [{"split": "dev", "Overall": 0.58}])
    (run / "after_DocVQA_VAL_acc.csv").unlink()
    return folder


def test_the_commands_plan_and_read(tmp_path: Path) -> None:
    place = "http://127.0.0.1:9/v1"
    made = stumper(
        "benchmarks", "plan", "--base", f"openai:{place}#a", "--tuned", f"openai:{place}#b", "--out", "plan",
        folder=tmp_path,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "A judge scores LLaVA-Bench, MM-Vet" in made.stdout

    played(tmp_path / "plan")
    shown = stumper("benchmarks", "read", "plan", "--html", "page.html", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "fell by more than the bound: MMBench." in " ".join(shown.stdout.split())
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert (tmp_path / "page.html").exists()

    told = stumper("benchmarks", "read", "plan", "--json", folder=tmp_path)
    line = json.loads(told.stdout)
    assert line["lost"] == ["mmbench"]
    docvqa = next(one for one in line["benchmarks"] if one["benchmark"] == "docvqa")
    assert (docvqa["before"]["value"], docvqa["after"], docvqa["change"]) == (80.25, None, None)

    refused = stumper("benchmarks", "read", "nowhere", folder=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: There is no folder nowhere.")


def test_the_table_stands_in_the_report_where_it_was_made(tmp_path: Path) -> None:
    found = compare(*read_pair(played(tmp_path)))

    text = render(replace(report_data(n=4), benchmarks=found))

    for part in (text, render_benchmarks(found)):
        assert "-0.040 lost" in part
        assert "of 100; paper 87.9 → 82.2, lost" in part
        assert ">missing<" in part
        assert part.count('class="chart versus"') == 10


def test_evaluate_reads_a_plan_that_was_run_before_it_asks_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    async def examined(_release: Path, **more: Any) -> dict[str, Any]:
        given.update(more)
        return {}

    monkeypatch.setattr("stumper.rounds.evaluate_on", examined)
    played(tmp_path / "bench")
    ask = ("evaluate", str(release(tmp_path / "r")), "--base", "scripted:", "--tuned", "scripted:")

    refused = stumper(*ask, "--benchmarks", "nowhere", folder=tmp_path)
    assert (refused.returncode, given) == (1, {})
    assert refused.stderr.startswith("Error: There is no folder nowhere.")

    assert stumper(*ask, "--benchmarks", "bench", folder=tmp_path).returncode == 0
    assert [row.benchmark.slug for row in given["benchmarks"].lost] == ["mmbench"]


def test_a_file_name_cannot_put_anything_into_the_page(tmp_path: Path) -> None:
    (kit(tmp_path, model="<script>x") / "<script>x_MMVet_gpt-4-turbo.xlsx").unlink()

    assert "<script>" not in render_benchmarks(compare(None, *[read_pair(tmp_path).after]))
