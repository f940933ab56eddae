"""Shards in one process: the bytes of the plain run, whatever their size, and after whatever went wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.curate.lines import Record
from stumper.errors import BadInput, BadSetting, JobFailed
from stumper.shards import Engine, Way, kinds, mean_score
from stumper.shards.hands import Hands
from stumper.shards.plan import cut
from stumper.shards.results import Job, add
from tests.examples import examples
from tests.shards.inputs import CLASSIFY, POISONED, QUESTIONS, RULES, questions, ran

LOCAL = Way(engine=Engine.LOCAL, rows=5)
LINE = st.one_of(
    st.sampled_from(QUESTIONS).map(lambda text: json.dumps({"question": text}).encode()),
    st.sampled_from([*POISONED, b"", b"  ", b'{"question": "cut of', b'{"question": "ou est \xe9"}']),
)


@given(lines=st.lists(LINE, min_size=1, max_size=25), rows=st.integers(1, 30), ended=st.booleans())
@settings(max_examples=examples(60))
def test_any_file_comes_out_as_from_the_plain_run(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], rows: int, ended: bool
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    source = folder / "in.jsonl"
    source.write_bytes(b'{"question": "first"}\n' + b"\n".join(lines) + (b"\n" if ended else b""))

    plain = ran(source, folder / "plain.jsonl", Way())
    sharded = ran(source, folder / "sharded.jsonl", Way(engine=Engine.LOCAL, rows=rows))

    assert sharded == plain
    assert list(sharded.told["categories"]) == list(plain.told["categories"])  # ties keep their order
    assert {path.name for path in folder.iterdir()} == {"in.jsonl", "plain.jsonl", "sharded.jsonl"}


@pytest.mark.parametrize("rows", [1, 7, 20, 35, 36])
def test_scores_and_their_mean_are_those_of_the_plain_run(tmp_path: Path, rows: int) -> None:
    said = [("red", "red"), ("two", "2 or 3 dogs"), ("a big dog", "dog"), (None, "x"), ("no", "yes")]
    lines = [
        {"question": f"what is it {n}?", "model_answer": said[n % 5][0], "correct_answer": said[n % 5][1]}
        for n in range(35)
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(map(json.dumps, lines)))

    plain = ran(source, tmp_path / "plain", Way(), kind="judge", options=RULES)
    way = Way(engine=Engine.LOCAL, rows=rows)
    sharded = ran(source, tmp_path / "sharded", way, kind="judge", options=RULES)

    assert sharded == plain
    assert mean_score(sharded.told) == mean_score(plain.told)
    assert mean_score(plain.told)[1] == 28


@pytest.mark.parametrize("body", [b"", b"\n\n", b"not json\n"])
def test_a_file_without_a_usable_line_is_refused_as_in_the_plain_run(tmp_path: Path, body: bytes) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(body)

    for way in (Way(), LOCAL):
        with pytest.raises(BadInput, match="no line that can be used"):
            ran(source, tmp_path / "out.jsonl", way)
        assert not (tmp_path / "out.jsonl").exists()


def test_a_file_is_worked_in_place_unless_lines_would_be_lost(tmp_path: Path) -> None:
    whole, holed = tmp_path / "whole.jsonl", tmp_path / "holed.jsonl"
    whole.write_bytes(b'{"question": "how many?"}\n' * 12)
    holed.write_bytes(b'{"question": "how many?"}\nnot json\n' * 6)

    assert b'"category"' in ran(whole, whole, LOCAL).written
    with pytest.raises(BadInput, match="6 of its lines cannot be used and would be lost"):
        ran(holed, holed, LOCAL)
    assert b"category" not in holed.read_bytes()


class Breaking:
    """Classifies, notes what it did, and raises at questions with a certain word."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.word: str | None = None
        self.error: Exception = RuntimeError("out of luck")
        labelled = kinds._labelled

        def label(records: Sequence[Record]) -> list[Record]:
            self.seen += [str(one["question"]) for one in records]
            if self.word and any(self.word in str(one["question"]) for one in records):
                raise self.error
            return labelled(records)

        monkeypatch.setattr(kinds, "_labelled", label)


def test_a_shard_that_raises_is_named_and_the_others_are_done_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"question": f"how many cups {n}?"}) for n in range(20)]
    source.write_text("\n".join(lines))
    plain = ran(source, tmp_path / "plain", Way())
    work = Breaking(monkeypatch)
    work.word = "cups 7?"

    with pytest.raises(
        JobFailed,
        match=r"1 of 4 shards failed: lines 6 to 10: RuntimeError: out of luck.*others are done",
    ):
        ran(source, target, LOCAL)
    assert not target.exists()
    assert len(work.seen) == 20
    work.word, work.seen = None, []

    assert ran(source, target, LOCAL) == plain
    assert work.seen == [f"how many cups {n}?" for n in range(5, 10)]


def test_a_refusal_that_all_shards_would_meet_ends_the_work_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(questions(20))
    work = Breaking(monkeypatch)
    work.word, work.error = "how", BadSetting("no such model")

    with pytest.raises(BadSetting, match="no such model"):
        ran(source, tmp_path / "out.jsonl", LOCAL)
    assert len(work.seen) == 5


def test_options_that_cannot_be_are_refused_as_in_the_plain_run(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(questions(20))

    for way in (Way(), LOCAL):
        with pytest.raises(BadSetting, match="The judge by rules asks no model"):
            ran(source, tmp_path / "out", way, kind="judge", options=RULES | {"models": ["openai:x#y"]})


def test_a_damaged_result_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(questions(20))
    plain = ran(source, tmp_path / "plain", Way())
    work = Breaking(monkeypatch)
    work.word = "number of hands 2"
    with pytest.raises(JobFailed):
        ran(source, target, LOCAL)
    cut_off, changed, *_ = sorted((tmp_path / ".out.jsonl.shards").glob("*.jsonl"))
    cut_off.write_bytes(cut_off.read_bytes()[:-3])
    changed.write_bytes(changed.read_bytes().replace(b"q", b"Q"))
    work.word = None

    with pytest.raises(BadInput, match=r"was damaged\. Start the same command again"):
        ran(source, target, LOCAL)

    assert ran(source, target, LOCAL) == plain


def test_the_same_lines_are_worked_once_and_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(questions(5) * 3)
    plain = ran(source, tmp_path / "plain", Way())
    work = Breaking(monkeypatch)

    assert ran(source, tmp_path / "out", LOCAL) == plain
    assert len(work.seen) == 5


def test_nobody_works_for_a_job_whose_folder_is_gone(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(questions(5))
    (shard,) = cut(source)
    job = Job(kind="classify", options=CLASSIFY, folder=str(tmp_path / "gone"))

    with Hands() as pair:
        assert pair.attempt(job, shard) is None
    assert not (tmp_path / "gone").exists()


COUNTED = st.fixed_dictionaries(
    {
        "n": st.integers(),
        "names": st.dictionaries(st.sampled_from("abc"), st.integers()),
        "heard": st.lists(st.integers()),
    }
)


@given(parts=st.lists(COUNTED, max_size=6), at=st.integers(0, 6))
@settings(max_examples=examples(50))
def test_adding_up_does_not_depend_on_where_the_shards_end(parts: list[dict[str, Any]], at: int) -> None:
    together: dict[str, Any] = {}
    for part in parts:
        add(together, part)
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    for part in parts[:at]:
        add(first, part)
    for part in parts[at:]:
        add(second, part)
    add(first, second)

    assert first == together
