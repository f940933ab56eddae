"""`stumper judge --judge panel` and `gap-score` over files, with judges behind real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stumper.cli import cli
from stumper.errors import BadSetting, ModelRefused
from stumper.vlm.picture import ball
from tests.fake_endpoint import FakeEndpoint, fake_endpoint
from tests.fake_judges import ORDER

run = CliRunner()
ASKED = "What colour is the ball?"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "red.png").write_bytes(ball("red"))
    (tmp_path / "pictures" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "secret.png").write_bytes(ball("blue"))
    return tmp_path


def line(answer: str | None, reference: str | None = "red", **more: Any) -> dict[str, Any]:
    return {"question": ASKED, "model_answer": answer, "correct_answer": reference, **more}


def judge(folder: Path, lines: list[dict[str, Any]], *options: str, models: list[str]) -> Result:
    (folder / "in.jsonl").write_text("\n".join(map(json.dumps, lines)))
    named = [part for model in models for part in ("--model", model)]
    return run.invoke(
        cli, ["judge", str(folder / "in.jsonl"), "--out", str(folder / "out.jsonl"), *options, *named]
    )


def scored(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(one) for one in (folder / "out.jsonl").read_text().splitlines()]


def refs(server: FakeEndpoint, *names: str) -> list[str]:
    return [f"openai:{server.url}#{name}" for name in names]


def test_a_panel_adds_the_median_and_what_each_judge_thinks(server: FakeEndpoint, folder: Path) -> None:
    lines = [
        line("It is red.", image="red.png", id=7),
        line("blue", image="red.png"),
        line(f"{ORDER}: blue", image="red.png"),
    ]
    models = refs(server, "judge", "judge-no-schema", "judge-says-so")

    done = judge(folder, lines, "--judge", "panel", "--images", str(folder / "pictures"), models=models)
    found = scored(folder)

    assert done.exit_code == 0, done.exception
    assert [one["score"] for one in found] == [1.0, 0.0, 0.0]
    assert found[0]["id"] == 7
    assert found[1]["dimensions"]["grounded"] == 0.0
    assert found[1]["dimensions"]["reference_grounded"] == 1.0
    assert [one["score"] for one in found[2]["judges"]] == [0.0, 0.0, None]
    assert found[2]["why"].startswith("2 of 3 judges")
    assert found[0]["wavering"] == 0.0
    assert "alpha: 1.000" in done.stdout


def test_a_picture_that_cannot_be_had_is_missing_and_told(server: FakeEndpoint, folder: Path) -> None:
    names = ["gone.png", "../secret.png", str(folder / "secret.png"), "broken.png", "\0"]
    lines = [line("red", image=name) for name in names] + [line("red"), line("red", "I can't tell.")]
    (folder / "pictures" / "link.png").symlink_to(folder / "secret.png")
    lines.append(line("red", image="link.png"))
    before = len(server.requests)

    done = judge(
        folder,
        lines,
        "--judge",
        "panel",
        "--images",
        str(folder / "pictures"),
        "--json",
        models=refs(server, "judge", "judge-two"),
    )
    found = scored(folder)

    assert [one["score"] for one in found] == [None] * 5 + [1.0, None, None]
    assert "No such file" in found[0]["why"]
    assert all("outside" in found[place]["why"] for place in (1, 2, 7))
    assert "no readable JPEG" in found[3]["why"]
    assert set(found[5]["dimensions"]) == {"correct", "complete"}  # it names no picture
    assert "declines" in found[6]["why"]
    assert "outside" in done.stderr
    assert json.loads(done.stdout)["missing"] == 7
    assert len(server.requests) - before == 4  # one line, two judges, two orders


def test_failures_are_missing_with_a_reason_and_nothing_is_lost(server: FakeEndpoint, folder: Path) -> None:
    models = refs(server, "judge", "judge-prose", "busy-long")

    done = judge(folder, [line("red")], "--judge", "panel", "--json", models=models)
    (found,) = scored(folder)

    assert found["score"] is None
    assert "1 of 3 judges gave a score, 2 are needed" in found["why"]
    assert "busy" in found["why"]
    assert [one["missing"] for one in json.loads(done.stdout)["panel"]["judges"]] == [0, 1, 1]
    done = judge(folder, [line("red")], "--judge", "panel", "--least", "1", models=models)
    assert scored(folder)[0]["score"] == 1.0


def test_an_endpoint_that_refuses_stops_and_leaves_the_old_file(server: FakeEndpoint, folder: Path) -> None:
    (folder / "out.jsonl").write_text("old")

    done = judge(folder, [line("red")] * 80, "--judge", "panel", models=refs(server, "judge", "locked"))

    assert isinstance(done.exception, ModelRefused)
    assert "STUMPER_OPENAI_KEY" in str(done.exception)
    assert (folder / "out.jsonl").read_text() == "old"
    assert len(server.asked("locked")) <= 64  # of the first cases; the others are not asked


def test_a_run_that_stopped_in_the_middle_goes_on_and_pays_for_nothing_twice(
    server: FakeEndpoint, folder: Path
) -> None:
    lines = [line("red", id=number, question=f"What colour is ball {number}?") for number in range(40)]
    before = len(server.asked("judge-quota"))

    stopped = judge(folder, lines, "--judge", "gap-score", models=refs(server, "judge-quota"))
    with (folder / ".out.jsonl.opinions.jsonl").open("a") as journal:
        journal.write('{"key": "half a li')
    done = judge(folder, lines, "--judge", "gap-score", models=refs(server, "judge-quota"))

    assert isinstance(stopped.exception, ModelRefused)
    assert "no quota left" in str(stopped.exception)
    assert done.exit_code == 0, done.exception
    assert [one["score"] for one in scored(folder)] == [1.0] * 40
    assert len(server.asked("judge-quota")) - before == 40 + 1  # the one that was refused
    assert sorted(one.name for one in folder.glob("*out*")) == ["out.jsonl"]


def test_gap_score_is_one_judge_with_a_score_and_a_reason(server: FakeEndpoint, folder: Path) -> None:
    lines = [line("red", image="red.png"), line("blue"), line(None)]

    done = judge(folder, lines, "--judge", "gap-score", models=refs(server, "judge"))
    found = scored(folder)

    assert done.exit_code == 0, done.exception
    assert [one["score"] for one in found] == [1.0, 0.0, None]
    assert set(found[0]) == {"question", "model_answer", "correct_answer", "image", "score", "why"}


@pytest.mark.parametrize(
    ("by", "models", "why"),
    [
        ("panel", [], "0 are named"),
        ("panel", ["openai:http://127.0.0.1:1/v1#one"], "needs 2 judges and 1 are named"),
        ("panel", ["openai:http://127.0.0.1:1/v1#one"] * 2, "named twice"),
        ("panel", ["onnx:", "openai:http://127.0.0.1:1/v1#one"], "no endpoint"),
        ("gap-score", [], "single judge"),
        ("gap-score", ["openai:http://127.0.0.1:1/v1#one"] * 2, "single judge"),
        ("rules", ["openai:http://127.0.0.1:1/v1#one"], "asks no model"),
    ],
)
def test_the_wrong_number_of_models_is_refused(folder: Path, by: str, models: list[str], why: str) -> None:
    done = judge(folder, [line("red")], "--judge", by, models=models)

    assert isinstance(done.exception, BadSetting)
    assert why in str(done.exception)
    assert not (folder / "out.jsonl").exists()
