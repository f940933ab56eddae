"""What is held against what: the limits of every finding, and what to do about one that passes its limit.

A limit is reached when the value lies beyond it, so a warning at 0 begins with the first row. Where the
limits come from is told in docs/guide/audit.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from stumper.release.audit.records import Finding, Severity
from stumper.release.audit.wording import LONG


class Limit(NamedTuple):
    title: str
    warning_at: float
    fault_at: float
    advice: str
    falling: bool = False
    """Whether low values are the bad ones."""


NEVER: Final = math.nan

LIMITS: Final = {
    "unreadable": Limit("Lines that cannot be read", 0, 0, "Mend or drop them: most loaders stop there."),
    "missing": Limit("Missing references", 0, 0.01, "Drop these rows: they teach to say nothing."),
    "refusing": Limit(
        "References that refuse", 0.005, 0.02, "Drop them, or train the model to refuse what it could answer."
    ),
    "unanswerable": Limit(
        "Questions left open", 0.01, 0.04,
        "Drop them, or keep them apart as a set about what a picture does not show.",
    ),
    "contradictions": Limit(
        "Contradictions", 0, 0.01, "Ask again: of two references to one question at least one is wrong."
    ),
    "duplicates": Limit("Exact duplicates", 0.005, 0.05, "Keep one of each: repeats weigh too much."),
    "near_duplicates": Limit(
        "Near duplicates", 0.01, 0.1, "Keep one wording a picture, or count them as one when scoring."
    ),
    "repeated_wordings": Limit(
        "Repeated wordings", 0.3, 0.75, "Ask in other words and of other things: a model learns the phrase."
    ),
    "top_question": Limit(
        "The most frequent question", 0.005, 0.05, "Keep some of its rows: a model learns it by heart."
    ),
    "balance": Limit(
        "Balance of categories", 0.75, 0.5, "Collect or weigh up the categories that are short.", falling=True
    ),
    "invalid": Limit("What is no question", 0.01, 0.05, "Drop greetings, commands and gibberish."),
    "blind": Limit(
        "What a blind guess gets", 0.5, 0.7,
        "Balance the answers within each category: here a model can score without looking.",
    ),
    "long_references": Limit(
        "Endless references", 0, 0.01, f"Shorten or drop them: beyond {LONG:,} characters it is no answer."
    ),
    "wordy_references": Limit(
        "Words of a reference", 25, NEVER, "Ask for short answers, or judge by a model: rules need the point."
    ),
    "cut_references": Limit("References that break off", 0.01, 0.1, "Raise the limit that cut them."),
    "control_words": Limit(
        "Control words", 0, 0.01, "Put a space into <image>, </s> and the like: chat templates obey them."
    ),
    "garbled": Limit(
        "Broken letters", 0, 0.01, "Find the step that read them in another encoding; read as UTF-8 there."
    ),
    "duplicate_ids": Limit("Ids used twice", 0, 0.01, "Number the rows anew: results are joined by id."),
    "no_picture": Limit("Rows without a picture", 0, 0.01, "Drop them, or name the column: --image NAME."),
    "absent_pictures": Limit("Picture files not found", 0, 0.01, "Fetch them, or name the folder: --images."),
    "twin_pictures": Limit(
        "Pictures under two names", 0.01, 0.1, "Give equal files one name: splits may share them unseen."
    ),
    "one_picture": Limit(
        "The most used picture", 0.05, 0.25, "Ask of more pictures: this set is about a few of them."
    ),
    "image_leak": Limit("Pictures in two splits", 0, 0.01, "Split by picture, not by row."),
    "alike_leak": Limit(
        "Look-alike pictures in two splits", 0, 0.01,
        "Group pictures that look alike before they are split: they are one picture to a model.",
    ),
    "pair_leak": Limit(
        "Questions in two splits, with their picture", 0, 0.005, "Drop them from the later split."
    ),
    "wording_leak": Limit(
        "Question strings in two splits", 0.25, 0.6, "Score held-out wordings apart: the phrase may do it."
    ),
}  # fmt: skip


def finding(name: str, value: float, says: str, examples: Sequence[str] = ()) -> Finding:
    """Holds a value against its limits; nan is fine, because nothing was there to measure."""
    limit = LIMITS[name]
    severity = _severity(value, limit)
    fine = severity is Severity.FINE
    return Finding(
        name=name,
        title=limit.title,
        severity=severity,
        value=value,
        warning_at=limit.warning_at,
        fault_at=limit.fault_at,
        says=says,
        limit=in_words(limit),
        advice="" if fine else limit.advice,
        examples=() if fine else tuple(examples),
    )


def _severity(value: float, limit: Limit) -> Severity:
    sign = -1 if limit.falling else 1
    if sign * value > sign * limit.fault_at:
        return Severity.FAULT
    return Severity.WARNING if sign * value > sign * limit.warning_at else Severity.FINE


def in_words(limit: Limit) -> str:
    """Returns the limits as findings and the guide name them."""
    beyond = "below" if limit.falling else "above"
    number = "{:g}" if limit.falling or limit.warning_at > 1 else "{:.1%}"
    if limit.fault_at == limit.warning_at:
        return f"fault {beyond} {_number(limit.fault_at, number)}"
    words = f"warning {beyond} {_number(limit.warning_at, number)}"
    if limit.fault_at == limit.fault_at:
        words += f", fault {beyond} {_number(limit.fault_at, number)}"
    return words


def measured(name: str, value: float) -> str:
    """Returns a finding's value as its limits are written: a share in percent, or a plain number."""
    limit = LIMITS[name]
    if limit.falling:
        return f"{value:.2f}"
    return f"{value:g}" if limit.warning_at > 1 else f"{value:.1%}"


def _number(value: float, form: str) -> str:
    return form.format(value).replace(".0%", "%").replace("%", " %")
