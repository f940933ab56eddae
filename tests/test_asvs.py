"""docs/asvs.md: each requirement once, every file and test it names, and what it says of the whole source."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from stumper.accounts import passcodes
from stumper.front import pace, parts, teams, tutorial

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "stumper"
PAGE = ROOT / "docs" / "asvs.md"

# Requirements of levels 1 and 2 by section: OWASP/ASVS, commit 5cf9b032440be53ce345ab3c130fda46ba1ce7a2,
# 5.0/docs_en/OWASP_Application_Security_Verification_Standard_5.0.0_en.csv. Those of level 3 come last in
# each section, so that a section's numbers are 1 to this; sections of level 3 alone (3.1, 3.6) are absent.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
LEVEL_1, LEVEL_2 = 70, 183
STATES = {"met", "not applicable", "not met"}


class Row(NamedTuple):
    number: str
    asks: str
    state: str
    where: str
    tests: tuple[str, ...]


@cache
def rows() -> tuple[Row, ...]:
    lines = (line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line))
    cells = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines)
    return tuple(
        Row(number, asks, state, where, tuple(re.findall(r"`([^`]+)`", tests)))
        for number, asks, state, where, tests in cells
    )


def test_every_requirement_of_levels_1_and_2_is_there_once() -> None:
    expected = [f"{section}.{n}" for section, most in SECTIONS.items() for n in range(1, most + 1)]

    assert len(expected) == LEVEL_1 + LEVEL_2
    assert [row.number for row in rows()] == expected


def test_every_row_has_a_state_and_says_where_or_why() -> None:
    for row in rows():
        assert row.state in STATES, row
        assert row.asks, row
        assert row.where, row
        assert bool(row.tests) is (row.state == "met"), row


def test_the_counts_above_the_tables_are_right() -> None:
    told = re.search(r"(\d+) met, (\d+) not applicable, (\d+) not met", PAGE.read_text(encoding="utf-8"))
    counted = Counter(row.state for row in rows())

    assert told is not None
    assert [int(n) for n in told.groups()] == [counted[s] for s in ("met", "not applicable", "not met")]


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_every_test_named_exists() -> None:
    for row in rows():
        for test in row.tests:
            path, _, name = test.partition("::")
            assert name.startswith("test_"), row
            assert (ROOT / "tests" / path).is_file(), row
            assert name in functions(ROOT / "tests" / path), row


def test_every_file_named_exists() -> None:
    named = r"(?<![\w/.])[\w-]+(?:/[\w.-]+)+|`[\w.-]+\.(?:py|txt|yaml)`"
    for row in rows():
        for found in re.findall(named, re.sub(r"\([^)]*\)", "", row.where)):
            path = found.strip("`")
            if path.startswith("/") or "." not in path:
                continue
            places = (ROOT, SOURCE, ROOT / "tests", SOURCE / "front")
            assert any((place / path).exists() for place in places), row


@cache
def texts() -> dict[str, str]:
    paths = sorted(SOURCE.rglob("*.py"))
    return {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def modules(*words: str) -> Iterator[tuple[str, ast.Module]]:
    """The files that hold one of the words at all, read; reading every one takes seconds."""
    for name, text in texts().items():
        if any(word in text for word in words):
            yield name, ast.parse(text)


def test_nothing_runs_a_shell_or_text_as_code() -> None:
    """And nothing unpickles: whatever strangers send is JSON or a form."""
    forbidden = {
        "eval",
        "exec",
        "compile",
        "os.system",
        "os.popen",
        "pickle.loads",
        "pickle.load",
        "yaml.load",
    }
    found = []
    for name, tree in modules(
        "eval(", "exec(", " compile(", "shell=", "os.system", "os.popen", "pickle.", "yaml."
    ):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                shell = any(
                    word.arg == "shell" and getattr(word.value, "value", None) is not False
                    for word in node.keywords
                )
                if shell or ast.unparse(node.func) in forbidden:
                    found.append(f"{name}:{node.lineno}")

    assert found == []


def test_xml_is_read_in_one_place_and_by_a_parser_that_opens_nothing() -> None:
    found = {}
    for name, tree in modules("xml"):
        for node in ast.walk(tree):
            asked = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            asked += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if any(one.partition(".")[0] in {"xml", "lxml", "xmltodict"} for one in asked):
                found[name] = ast.unparse(node)

    assert found == {"evaluate/benchmarks/sheet.py": "from xml.etree import ElementTree"}


def test_no_weak_hash_but_to_read_what_was_signed_before() -> None:
    weak = {"hashlib.md5", "hashlib.sha1", "hashlib.new"}
    found = [
        (name, ast.unparse(node))
        for name, tree in modules("hashlib")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in weak
    ]

    assert found == [("front/auth.py", "hashlib.sha1"), ("front/cardtoken.py", "hashlib.sha1")]


def scripts_with(pattern: str) -> list[str]:
    scripts = list((SOURCE / "front" / "static").glob("*.js"))
    assert len(scripts) > 10
    return [path.name for path in scripts if re.search(pattern, path.read_text(encoding="utf-8"))]


def test_our_scripts_write_text_and_never_markup() -> None:
    assert scripts_with(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function") == []


def test_our_scripts_set_no_property_by_a_name_from_outside() -> None:
    by_name = r"\w\[(?![\d\"'])[^\]]+\]\s*=[^=]"
    others = r"__proto__|\.prototype\b|\bfor \((?:const|let|var) \w+ in |Object\.assign\((?!this\b)"
    assert scripts_with(f"{by_name}|{others}") == []


LIMITS = {
    "joining": parts.JOINS,
    "a code for another device": parts.PASSCODES,
    "codes of teams": teams.TRIES,
    "questions": parts.QUESTIONS,
    "moves": parts.MOVES,
    "questions of the tutorial": tutorial._QUESTIONS,
    "any other page, signed in": pace.ONE,
    "any other page": pace.ADDRESS,
}


@pytest.mark.parametrize("what", LIMITS)
def test_the_limits_written_down_are_those_of_the_code(what: str) -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    told = re.search(rf"^\| {what} \| \w+ \| (\d+) in (\d+) s \|$", page, re.MULTILINE)

    assert told is not None
    assert (int(told[1]), float(told[2])) == (LIMITS[what].times, LIMITS[what].window_s)
    assert f"| {passcodes.AN_HOUR} in 3600 s |" in page
