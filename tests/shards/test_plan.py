"""Cutting a file: every byte in one shard, every line whole, and no shard that is not there."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.curate import lines as curate_lines
from stumper.errors import BadInput
from stumper.shards import plan
from stumper.shards.plan import cut, lines_of
from tests.examples import examples

LINES = st.lists(st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"")), max_size=20)


@given(lines=LINES, rows=st.integers(1, 25), ended=st.booleans(), mark=st.booleans())
@settings(max_examples=examples(100))
def test_shards_hold_every_line_once_in_order(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], rows: int, ended: bool, mark: bool
) -> None:
    source = tmp_path_factory.mktemp("cut") / "in.jsonl"
    # a file that begins otherwise is refused as a whole
    body = b"\n".join([b"{}", *lines]) + (b"\n" if ended else b"")
    source.write_bytes((b"\xef\xbb\xbf" if mark else b"") + body)

    shards = cut(source, rows=rows)

    with source.open("rb") as file:
        read = [list(lines_of(one, file)) for one in shards]
    assert [raw for shard in read for raw in shard] == io.BytesIO(body).readlines()
    assert [one.lines for one in shards] == [len(shard) for shard in read]
    assert {one.lines for one in shards[:-1]} <= {rows}
    assert [one.first for one in shards] == [1 + sum(map(len, read[:place])) for place in range(len(read))]
    assert [one.digest for one in shards] == [hashlib.sha256(b"".join(shard)).hexdigest() for shard in read]


def test_an_exact_multiple_ends_without_an_empty_shard(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"{}\n" * 10)

    assert [one.lines for one in cut(source, rows=5)] == [5, 5]
    assert [one.lines for one in cut(source, rows=1)] == [1] * 10


def test_an_empty_file_has_no_shards(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"")

    assert cut(tmp_path / "in.jsonl", rows=5) == []


@pytest.mark.parametrize("length", [8, 9, 10, 16, 17, 18])
def test_a_line_that_is_too_long_is_one_line(
    tmp_path: Path, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "LONGEST", 8)
    monkeypatch.setattr(curate_lines, "LONGEST", 8)
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"{}\n" + b"x" * length + b"\n{}\n")

    shards = cut(source, rows=2)

    assert [one.lines for one in shards] == [2, 1]
    with source.open("rb") as file:
        assert list(lines_of(shards[1], file)) == [b"{}\n"]


def test_a_file_that_was_changed_after_it_was_cut_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"{}\n" * 4)
    first, second = cut(source, rows=2)
    source.write_bytes(b"{}\n" * 2 + b"[]\n" * 2)

    with source.open("rb") as file:
        assert list(lines_of(first, file)) == [b"{}\n"] * 2
        with pytest.raises(BadInput, match="changed meanwhile \\(lines 3 to 4\\)"):
            list(lines_of(second, file))


def test_a_pipe_is_refused_with_the_way_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(BadInput, match="leave --engine out"):
        cut(tmp_path / "pipe")


def test_a_file_of_another_kind_is_refused_as_in_the_plain_run(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"\xef\xbb\xbf[1]")

    with pytest.raises(BadInput, match="one JSON array"):
        cut(tmp_path / "in.jsonl")
