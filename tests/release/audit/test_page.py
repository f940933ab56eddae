"""The page: one file, everything inside, texts of the data escaped."""

from __future__ import annotations

import re
from pathlib import Path

from stumper.release.audit import audit
from stumper.release.audit.page import render, write_page
from tests.release.audit.data import ROWS, plain

EVIL = '<script>alert("x")</script>'


def test_the_page_says_every_finding_and_escapes_the_data(tmp_path: Path) -> None:
    found = audit(plain(tmp_path / "a.jsonl", [*ROWS, ("d.png", f"What is {EVIL}?", "")]))

    page = render(found)

    assert EVIL not in page
    assert "What is &lt;script&gt;" in page
    assert all(one.title in page for one in found.findings)
    assert page.count('class="chart gauge"') == found.faults + found.warnings


def test_nothing_is_fetched(tmp_path: Path) -> None:
    page = render(audit(plain(tmp_path / "a.jsonl")))

    assert not re.search(r"""(?:src|href)=["']?(?!data:)|https?://|url\((?!"data:)""", page)
    assert "<script" not in page


def test_the_page_is_written_whole_and_the_same_again(tmp_path: Path) -> None:
    found = audit(plain(tmp_path / "a.jsonl"))

    path = write_page(tmp_path / "new" / "audit.html", found)

    assert path.read_text(encoding="utf-8") == render(found)
    assert [one.name for one in path.parent.iterdir()] == ["audit.html"]
