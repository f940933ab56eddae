"""Hostile files are refused in one line, or cleaned to nothing but pixels."""

from __future__ import annotations

from stumper.images.sandbox import Sandbox
from tests.examples import examples
from tests.security.pictures import attack


def test_hostile_files_are_cleaned_or_refused() -> None:
    with Sandbox() as sandbox:
        found, longest = attack(sandbox, range(examples(100)))
    assert 0 < found["taken"] < found.total()
    assert not [reason for reason in found if "decoder" in reason], found
    assert longest < 10
