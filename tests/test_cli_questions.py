"""`stumper classify` and `stumper judge` over files as people have them: mixed, cut off, huge, not JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stumper.cli import cli
from stumper.curate.lines import BATCH, LONGEST, rewrite
from stumper.errors import BadInput, BadSetting
from tests.fake_endpoint import fake_endpoint

run = CliRunner()


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def classified(tmp_path: Path, raw: bytes) -> tuple[list[dict[str, Any]], str]:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(raw)
    done = run.invoke(cli, ["classify", str(source), "--out", str(target)], catch_exceptions=False)
    assert done.exit_code == 0
    return written(target), done.stderr


def test_classify_adds_category_and_confidence_and_keeps_the_rest(tmp_path: Path) -> None:
    lines = [{"id": 7, "question": "no of sheeps near fence"}, {"question": "the door", "answer": "red"}]

    found, said = classified(tmp_path, "\n".join(map(json.dumps, lines)).encode())

    assert [one["category"] for one in found] == ["counting", "color"]
    assert found[0]["id"] == 7
    assert all(0 < one["confidence"] <= 1 for one in found)
    assert said == ""


def test_a_bad_line_is_left_out_and_named_by_its_number(tmp_path: Path) -> None:
    raw = (
        b'\xef\xbb\xbf{"question": "how many cups?"}\n'
        b"\n"
        b"not json\n"
        b'{"answer": "two"}\n'
        b'["question"]\n'
        b'{"question": {"en": "x"}}\n'
        b'{"question": 5}\n' + b'{"question": "' + b"x" * LONGEST + b'"}\n' + b"[" * 100_000 + b"\n"
        b'{"question": "colour of the roof"}\n'
        b'{"question": "cut of'
    )

    found, said = classified(tmp_path, raw)

    assert [one["question"] for one in found] == ["how many cups?", 5, "colour of the roof"]
    for number, fault in (
        (3, "no JSON at column 1"),
        (4, "has no 'question'"),
        (5, "not list"),
        (6, "'question' is no text but dict"),
        (8, "longer than 1,000,000 bytes"),
        (9, "no usable JSON"),
        (11, "or cut off"),
    ):
        assert any(line.startswith(f"line {number}: ") and fault in line for line in said.splitlines())
    assert "7 of 10 lines were left out" in said


def test_lines_of_two_encodings_and_half_a_surrogate_are_read(tmp_path: Path) -> None:
    raw = '{"question": "où est le café"}\n'.encode() + '{"question": "où est le café"}\n'.encode("cp1252")

    found, _ = classified(tmp_path, raw + b'{"question": "where \\ud800 is it"}\n')

    assert found[0]["question"] == found[1]["question"] == "où est le café"
    assert found[2]["question"] == "where \ud800 is it"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no line that can be used"),
        (b'[{"question": "a"}]', "one JSON array"),
        ('{"question": "a"}\n'.encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"nothing\nhere\n", "no line that can be used"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_nothing_appears(tmp_path: Path, raw: bytes, why: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(raw)

    done = run.invoke(cli, ["classify", str(source), "--out", str(target)])

    assert isinstance(done.exception, BadInput)
    assert why in str(done.exception)
    assert list(tmp_path.iterdir()) == [source]


def test_a_file_or_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = run.invoke(cli, ["classify", str(tmp_path / "no.jsonl"), "--out", str(tmp_path / "o.jsonl")])
    (tmp_path / "in.jsonl").write_text('{"question": "a cup?"}\n')
    nowhere = run.invoke(
        cli, ["judge", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "no" / "o.jsonl")]
    )

    assert "no.jsonl: No such file" in str(missing.exception)
    assert "No such file" in str(nowhere.exception)


def test_a_failure_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"question": "a"}\n' * (BATCH + 1))
    target.write_text("old")

    def full(records: Any) -> Any:
        if len(records) < BATCH:
            raise OSError(28, "No space left on device")
        return records

    with pytest.raises(BadInput, match="No space left on device"):
        rewrite(source, target, full, texts=("question",), on_bad=lambda *_: None)

    assert target.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_file_may_be_rewritten_in_place_in_order(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text("".join(f'{{"question": "how many cups {n}"}}\n' for n in range(3 * BATCH + 5)))

    done = run.invoke(cli, ["classify", str(file), "--out", str(file), "--json"], catch_exceptions=False)

    assert [one["question"][14:] for one in written(file)] == [str(n) for n in range(3 * BATCH + 5)]
    assert json.loads(done.stdout)["lines"] == 3 * BATCH + 5


def test_judge_adds_score_and_why(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    pairs = [
        {"question": "How many cats?", "model_answer": "There are two cats.", "correct_answer": "two"},
        {"question": "How many cats?", "modelAnswer": 3, "correctAnswer": "two"},
        {"question": "How many cats?", "model_answer": "two", "correct_answer": None},
    ]
    source.write_text("\n".join(map(json.dumps, pairs)))

    done = run.invoke(
        cli, ["judge", str(source), "--judge", "rules", "--out", str(target)], catch_exceptions=False
    )

    found = written(target)
    assert [one["score"] for one in found] == [1.0, 0.0, None]
    assert found[1]["why"] == "count: '2' wanted, '3' said"
    assert "mean score 0.500 of 2 pairs, 1 missing" in done.stdout


def test_a_model_gives_a_second_label_and_what_it_cannot_say_is_null(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"question": "how many cups"}\n')

    with fake_endpoint() as server:
        for name, wanted in (("counts", "counting"), ("prose", None)):
            ref = f"openai:{server.url}#{name}"
            done = run.invoke(
                cli, ["classify", str(source), "--out", str(target), "--model", ref], catch_exceptions=False
            )
            assert done.exit_code == 0
            assert written(target)[0]["category"] == "counting"
            assert written(target)[0]["second_category"] == wanted


def test_a_model_that_takes_no_texts_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    done = run.invoke(cli, ["classify", "no.jsonl", "--out", str(tmp_path / "o"), "--model", "onnx:"])

    assert isinstance(done.exception, BadSetting)
