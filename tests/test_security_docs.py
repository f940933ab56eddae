"""What docs/security.md claims is tested by a test that is there (docs/asvs.md: `test_asvs`)."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "security.md"


@cache
def known() -> frozenset[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("test_*.py"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for tree in trees for node in tree.body if isinstance(node, kinds))


def test_every_test_named_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))

    assert len(named) > 10
    assert named - known() == set()


def test_every_file_named_is_there() -> None:
    named = set(re.findall(r"`([a-z_]+(?:/\w+)*\.py)`", PAGE.read_text(encoding="utf-8")))
    places = (ROOT, ROOT / "src" / "stumper", ROOT / "src" / "stumper" / "front")

    assert [name for name in named if not any((place / name).exists() for place in places)] == []
