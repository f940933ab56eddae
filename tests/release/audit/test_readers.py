"""Files of every kind, whole and broken, come out as records."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stumper.errors import BadDataset
from stumper.release.audit import audit, readers
from stumper.release.audit.readers import open_data
from stumper.release.audit.records import Broken, Record
from tests.examples import examples
from tests.release.audit import data


def read(path: Path) -> list[Record | Broken]:
    return list(open_data(path).records)


@pytest.mark.parametrize(
    ("write", "name", "kind"),
    [
        (data.plain, "a.jsonl", "JSON Lines"),
        (data.gap, "a.json", "JSON list"),
        (data.llava, "a.json", "JSON list"),
        (data.trl, "a.jsonl", "JSON Lines"),
        (data.openai, "a.jsonl", "JSON Lines"),
        (data.parquet, "a.parquet", "parquet"),
        (data.vlmevalkit, "a.tsv", "TSV"),
    ],
)
def test_every_form_holds_the_same_questions(
    tmp_path: Path, write: Callable[[Path], Path], name: str, kind: str
) -> None:
    found = audit(write(tmp_path / name))

    assert found.files[0].kind == kind
    assert (found.rows, found.images) == (4, 3)
    assert {one.text for one in found.questions} == {question for _, question, _ in data.ROWS}
    assert {one.text for one in found.answers} == {"3", "red", "yes", "stop"}
    assert found.faults == 0


@settings(
    max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    items=st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=30) | st.integers(), max_size=3)),
    chunk=st.integers(1, 40),
    indent=st.sampled_from([None, 1]),
)
def test_a_list_read_in_pieces_is_the_list_read_whole(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    items: list[dict[str, str]],
    chunk: int,
    indent: int | None,
) -> None:
    monkeypatch.setattr(readers, "_CHUNK", chunk)
    path = tmp_path / "list.json"
    path.write_text(json.dumps(items, indent=indent), encoding="utf-8")

    assert [one.data for one in read(path) if isinstance(one, Record)] == items


def test_a_list_inside_an_object_is_found(tmp_path: Path) -> None:
    path = tmp_path / "wrapped.json"
    path.write_text(json.dumps({"info": {"v": 1}, "tags": ["x"], "data": [{"question": "Why?"}]}))

    assert read(path) == [Record(1, {"question": "Why?"})]


def test_a_list_that_breaks_off_keeps_what_is_whole(tmp_path: Path) -> None:
    path = data.gap(tmp_path / "cut.json")
    path.write_text(path.read_text(encoding="utf-8")[:-60], encoding="utf-8")

    *whole, last = read(path)

    assert len(whole) == 2
    assert isinstance(last, Broken)
    assert last.number == 3
    assert "breaks off" in last.why
    assert "line " in last.why


def test_a_fault_inside_a_list_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('[\n{"question": "a"},\n{"question": oops},\n' + '{"question": "b"},\n' * 50 + "]")

    assert read(path)[1] == Broken(2, "line 3: not JSON (Expecting value)")


def test_a_broken_line_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"question": "a"}\nnot json\n\n[1]\n{"question": "b"}\n{"question": "c')

    found = read(path)

    assert [one.number for one in found if isinstance(one, Record)] == [1, 5]
    assert [one.number for one in found if isinstance(one, Broken)] == [2, 4, 6]
    assert "breaks off" in str(found[-1])


def test_a_row_with_a_cell_too_few_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('question,answer\n"Is it red, or blue?",red\nWhy?\n')

    assert read(path) == [
        Record(2, {"question": "Is it red, or blue?", "answer": "red"}),
        Broken(3, "1 cells, the head has 2"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.json", b"", "is empty"),
        ("blank.jsonl", b" \n\n", "is empty"),
        ("packed.jsonl.gz", b"\x1f\x8b\x08\x00", "gunzip packed.jsonl.gz"),
        ("wide.json", '[{"question": "a"}]'.encode("utf-16"), "iconv -f utf-16 -t utf-8"),
        ("model.bin", b"\x7fELF\0\0\0", "is no text"),
        ("notes.txt", b"Dear all,", "neither JSON nor a table"),
        ("cut.parquet", b"PAR1 and no more", "no whole parquet file"),
    ],
)
def test_what_is_no_data_set_is_refused_with_the_way_out(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(BadDataset, match=says) as error:
        audit(path)

    assert name in str(error.value)
