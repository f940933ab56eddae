"""Files as the world has them, given to the commands that read them: one line, the way out, nothing lost."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stumper.curate.lines import DEEPEST
from tests.commands import Ended, stumper

FINE = b'{"question": "how many cups?", "answer": "two"}\n'
DEEP = b"[" * 100_000
REWRITING = (
    ("classify",),
    ("judge", "--judge", "rules"),
)


def rewritten(folder: Path, command: tuple[str, ...], source: str | Path, target: str | Path) -> Ended:
    name, *options = command
    return stumper(name, str(source), "--out", str(target), *options, folder=folder)


def refused(ended: Ended, *says: str) -> None:
    """One line on standard error that names what is wrong, and status 1."""
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.startswith("Error: ")
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    for words in says:
        assert words in ended.stderr


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("command", REWRITING, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no line that can be used"),
        (b"\n \n\xef\xbb\xbf\n", "no line that can be used"),
        (b"\0" * 5_000, "no line that can be used"),
        (DEEP, "jq -c"),
        (gzip.compress(FINE * 50)[:40], "gunzip"),
        (FINE.decode().encode("utf-16"), "iconv -f utf-16"),
        (b"[" + FINE + b"]", "jq -c"),
        (b"PAR1" + bytes(60), "no line that can be used"),
    ],
    ids=["empty", "blank", "zeros", "deep", "gzip", "utf-16", "array", "parquet"],
)
def test_what_holds_no_lines_is_refused_and_no_file_appears(
    tmp_path: Path, command: tuple[str, ...], content: bytes, says: str
) -> None:
    (tmp_path / "in.jsonl").write_bytes(content)

    ended = rewritten(tmp_path, command, "in.jsonl", "out.jsonl")

    assert ended.returncode == 1
    assert "in.jsonl" in ended.stderr.splitlines()[-1]
    assert says in ended.stderr.splitlines()[-1]
    assert names(tmp_path) == {"in.jsonl"}


MIXED = (
    FINE,
    '{"question": "où est le café?", "answer": "là"}\n'.encode("latin-1"),
    b'{"question": "wh\\u0000ich \\ud83d one?", "answer": "a\x00b"}\n',
    b'{"question": "which \\u0000 \\ud83d one?", "answer": "\\udc00"}\n',
    DEEP + b"\n",
    b'{"question": "tower?", "deep": ' + b"[" * 400 + b"]" * 400 + b"}\n",
    b'{"question": "tall?", "deep": ' + b"[" * 90 + b"]" * 90 + b"}\n",
    b'{"question": "how many?", "answer": ' + b"9" * 6_000 + b"}\n",
    b'{"id": 1, "question": "red?", "answer": "' + b"so red " * 1_500 + b'"}\n',
    b'{"id": 1, "question": "red?", "answer": "yes"}\n',
    b'{"question": "cut o',
)


@pytest.mark.parametrize("command", REWRITING, ids=lambda command: command[0])
def test_the_lines_that_are_fine_are_kept_whatever_is_between_them(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"".join(MIXED))

    began = time.process_time()
    ended = rewritten(tmp_path, command, "in.jsonl", "out.jsonl")

    assert ended.returncode == 0, ended.stderr
    kept = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [one["question"] for one in kept] == [
        "how many cups?", "où est le café?", "which \0 \ud83d one?", "tall?", "red?", "red?",
    ]  # fmt: skip
    assert [line.split(":")[0] for line in ended.stderr.splitlines()[:-1]] == [
        "line 3", "line 5", "line 6", "line 8", "line 11",
    ]  # fmt: skip
    assert "5 of 11 lines were left out" in ended.stderr
    assert time.process_time() - began < 5


@pytest.mark.slow
def test_how_deep_a_line_may_be_is_found_out_before_it_is_written(tmp_path: Path) -> None:
    lines = [b'{"question": "a?", "deep": ' + b"[" * n + b"]" * n + b"}\n" for n in range(1, 1_200)]
    (tmp_path / "in.jsonl").write_bytes(b"".join(lines))

    ended = rewritten(tmp_path, ("classify",), "in.jsonl", "out.jsonl")

    assert ended.returncode == 0, ended.stderr
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == DEEPEST - 1


@pytest.mark.parametrize("command", [*REWRITING, ("audit",)], ids=lambda command: command[0])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, command: tuple[str, ...]) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "nowhere").symlink_to("gone")

    for name in ("pipe", "folder", "circle", "nowhere", "missing", "x" * 300):
        if command == ("audit",):
            ended = stumper("audit", name, folder=tmp_path)
        else:
            ended = rewritten(tmp_path, command, name, "out.jsonl")
        refused(ended, name)

    assert names(tmp_path) == {"pipe", "folder", "circle", "nowhere"}


def test_a_pipe_is_read_while_it_is_written(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, FINE * 3)
    os.close(writing)

    ended = rewritten(tmp_path, ("classify",), f"/dev/fd/{reading}", "out.jsonl")
    os.close(reading)

    assert ended.returncode == 0, ended.stderr
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 3


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(FINE)
    (tmp_path / "old.jsonl").write_text("old")
    (tmp_path / "source").symlink_to("in.jsonl")
    (tmp_path / "target").symlink_to("old.jsonl")

    ended = rewritten(tmp_path, ("classify",), "source", "target")

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "target").is_symlink()
    assert "category" in (tmp_path / "old.jsonl").read_text()


@pytest.mark.parametrize("target", ["in.jsonl", "./in.jsonl", "link", "twin"])
def test_no_line_of_the_source_is_lost_when_it_is_the_target_too(tmp_path: Path, target: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(FINE + b"no json\n")
    (tmp_path / "link").symlink_to("in.jsonl")
    (tmp_path / "twin").hardlink_to(source)

    ended = rewritten(tmp_path, ("classify",), "in.jsonl", target)

    assert ended.returncode == 1
    assert "as it was: 1 of its lines" in ended.stderr
    assert source.read_bytes() == FINE + b"no json\n"
    assert names(tmp_path) == {"in.jsonl", "link", "twin"}


@pytest.mark.parametrize("command", REWRITING, ids=lambda command: command[0])
def test_a_target_that_cannot_be_written_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "in.jsonl").write_bytes(FINE)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    for target, says in (
        ("folder", "folder/in.jsonl"), ("pipe", "--out"), ("/dev/full", "--out"), ("no/out.jsonl", "--out"),
        ("in.jsonl/out", "--out"), ("/proc/out.jsonl", "--out"), ("y" * 300, "--out"),
    ):  # fmt: skip
        refused(rewritten(tmp_path, command, "in.jsonl", target), target, says)

    assert names(tmp_path) == {"in.jsonl", "folder", "pipe"}
    assert not Path("/dev/full").is_file()


@pytest.mark.parametrize(
    "words",
    [
        ("classify", "in.jsonl", "--out", "out.jsonl"),
        pytest.param(("audit", "in.jsonl", "--html", "out.jsonl"), marks=pytest.mark.slow),
    ],
    ids=lambda words: words[0],
)
def test_a_disk_that_is_full_in_the_middle_leaves_the_old_file(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    wide = [{"question": f"how many cups {n}?", "answer": str(n), "image": "z" * 90} for n in range(4_000)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in wide))
    (tmp_path / "out.jsonl").write_text("old")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"

    ended = subprocess.run(
        [sys.executable, "-c", f"{limit}; from stumper.cli import main; main()", *words],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "File too large" in ended.stderr.replace("\n", " ")
    assert (tmp_path / "out.jsonl").read_text() == "old"
    assert names(tmp_path) == {"in.jsonl", "out.jsonl"}


AUDITED = {
    "empty.json": (b"", "is empty"),
    "list.json": (b"[]", "no question"),
    "head.tsv": (b"question\tanswer\n", "no question"),
    "zeros.jsonl": (b"\0" * 100, "is no text"),
    "wide.tsv": ("question\tanswer\na?\tb\n".encode("utf-16-be"), "is no text"),
    "mark.json": ('[{"question": "a"}]'.encode("utf-16"), "iconv"),
    "deep.json": (DEEP, "nested too deep"),
    "deep.jsonl": (b'{"a":' * 100_000, "nested too deep"),
    "cut.json": (b'[{"question": "a?', "breaks off"),
    "cut.parquet": (b"PAR1" + bytes(200), "no whole parquet"),
    "cut.jsonl.gz": (gzip.compress(FINE * 50)[:40], "gunzip"),
    "[b].txt": (b"(/b) [/b] nothing", "neither JSON"),
    "words.jsonl": (b'{"frage": "wie?"}\n', "--question"),
}


@pytest.mark.parametrize("name", AUDITED)
def test_audit_refuses_what_is_no_data_set(tmp_path: Path, name: str) -> None:
    content, says = AUDITED[name]
    (tmp_path / name).write_bytes(content)

    refused(stumper("audit", name, "--html", "page.html", folder=tmp_path), name, says)

    assert names(tmp_path) == {name}


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_audit_counts_the_lines_that_are_fine_and_tells_of_the_others(
    tmp_path: Path, as_json: tuple[str, ...]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"".join(MIXED))

    ended = stumper("audit", "in.jsonl", *as_json, "--html", "page.html", folder=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    (tmp_path / "page.html").read_text("utf-8")
    if as_json:
        assert json.loads(ended.stdout)["rows"] >= 6


def test_audit_reads_columns_that_break_off_and_ids_that_come_twice(tmp_path: Path) -> None:
    table = (
        b"index\tquestion\tanswer\timage\n1\thow many?\ttwo\tgone.png\n1\twhich?\tr\xe9d\tgone.png\n2\tcut"
    )
    (tmp_path / "in.tsv").write_bytes(table)

    told = json.loads(stumper("audit", "in.tsv", "--json", folder=tmp_path).stdout)

    assert told["rows"] == 2
    assert any(
        "in.tsv" in one or "line 4" in one for finding in told["findings"] for one in finding["examples"]
    )


def test_audit_never_writes_its_page_over_the_data(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(FINE)
    (tmp_path / "link").symlink_to("in.jsonl")

    for page in ("in.jsonl", "./in.jsonl", "link"):
        refused(stumper("audit", "in.jsonl", "--html", page, folder=tmp_path), "holds the data", "--html")

    assert (tmp_path / "in.jsonl").read_bytes() == FINE


def test_a_name_that_is_no_text_is_shown_as_far_as_it_can_be(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9[b].jsonl")
    (tmp_path / odd).write_bytes(FINE)

    for words in (
        ("audit", odd, "--html", "page.html"),
        ("audit", odd, "--json"),
        ("classify", odd, "--out", "out.jsonl"),
    ):
        ended = stumper(*words, folder=tmp_path)
        assert ended.returncode == 0, ended.stderr
    (tmp_path / odd).write_bytes(b"")
    refused(stumper("audit", odd, folder=tmp_path), "[b].jsonl is empty")


def test_the_release_command_tells_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    for words in (("release", "build"), ("claims", "list"), ("claims", "decide", "x" * 10_000, "--accept")):
        refused(stumper(*words, folder=tmp_path, STUMPER_DATA=str(tmp_path / "data")), "data")
