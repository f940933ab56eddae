"""Rules as features: the class of a word that tells what is asked (a colour, a side, a limb, 'how', 'or').

A question becomes a row of classes, 'is the kettle green or blue' -> is x colour or colour, and the
classifier weighs short rows of them. So a rule holds for words that no lesson has. The words are in
``lessons/cues.txt``; who changes a class there trains anew.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from stumper.curate.forms import COLOURS

LEFT_OUT: Final = 1
"""The class of small words that rows leave out."""


def word_classes() -> dict[str, int]:
    """Returns the class of each word that has one, 1 upwards by line; a word of two classes has the first."""
    text = (files(__package__) / "lessons" / "cues.txt").read_text(encoding="utf-8")
    lines = [line.partition(": ")[2] for line in text.splitlines() if line and not line.startswith("#")]
    found: dict[str, int] = {}
    for number, words in enumerate((*lines, " ".join(sorted(COLOURS | {"grey"}))), start=1):
        for word in words.split():
            found.setdefault(word, number)
    return found
