"""Puts the measurements into sentences, one finding each, with the rows that show it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from stumper.records import Category
from stumper.release.audit.limits import finding
from stumper.release.audit.measure import (
    Blind,
    Contradictions,
    Ints,
    Repeats,
    again,
    leaked_rows,
)
from stumper.release.audit.pictures import Pictures
from stumper.release.audit.records import Finding, Leak
from stumper.release.audit.tally import CATEGORIES, Tally
from stumper.release.audit.wording import LONG, UNUSABLE, Flag

SHOWN: Final = 3
"""Examples a finding."""
_FEW: Final = 5
"""What occurs so often is no pattern yet, however small the set."""
_HANDFUL: Final = 30
"""Rows from which on shares of categories and answers are judged."""


def of_rows(tally: Tally) -> Iterator[Finding]:
    """What is wrong with single rows."""
    rows = len(tally.question)
    yield finding(
        "unreadable",
        tally.broken_count / (rows + tally.broken_count),
        f"{tally.broken_count:,} could not be read; all figures are about the {rows:,} rows that could.",
        tally.broken[:SHOWN],
    )
    for name, flag, what in (
        ("missing", Flag.MISSING, "have no reference"),
        ("refusing", Flag.REFUSING, "have a reference that refuses to answer"),
        ("unanswerable", Flag.UNANSWERABLE, "have a reference that says it cannot be told"),
        ("long_references", Flag.LONG, f"have a reference of more than {LONG:,} characters"),
        ("cut_references", Flag.CUT, "have a reference that breaks off in a sentence"),
        ("control_words", Flag.CONTROL, "hold words that templates take for control tokens"),
        ("garbled", Flag.GARBLED, "hold bytes that are no UTF-8, or letters that were read wrongly"),
        ("no_picture", Flag.NO_IMAGE, "name no picture"),
    ):
        yield _flagged(tally, name, flag, what)
    invalid = np.flatnonzero(tally.column("category") == CATEGORIES.index(Category.INVALID))
    yield finding(
        "invalid", len(invalid) / rows, f"{_of(len(invalid), rows)} are no questions.", _some(tally, invalid)
    )
    median = float(np.median(tally.column("answer_words")))
    yield finding("wordy_references", median, f"The median length is {median:g}.")
    twice = again(tally.column("ids")).rows
    yield finding(
        "duplicate_ids",
        len(twice) / max(1, len(tally.ids)),
        f"{_of(len(twice), len(tally.ids))} have an id that was used before.",
        _some(tally, (tally.id_rows[place] for place in twice[:SHOWN])),
    )


def _flagged(tally: Tally, name: str, flag: Flag, what: str) -> Finding:
    rows = np.flatnonzero(tally.column("flag") & int(flag))
    return finding(
        name, len(rows) / len(tally.flag), f"{_of(len(rows), len(tally.flag))} {what}.", _some(tally, rows)
    )


def of_repeats(tally: Tally, found: Repeats, against: Contradictions) -> Iterator[Finding]:
    """What is said again, and what is said otherwise."""
    rows = len(tally.question)
    clashing = sum(len(group) for group in against.clashes)
    yield finding(
        "contradictions",
        clashing / rows,
        f"{len(against.clashes):,} of {against.groups:,} questions that were asked again about their picture "
        f"have references that contradict each other: {clashing:,} rows, {_percent(clashing / rows)}.",
        [_clash(tally, group) for group in against.clashes[:SHOWN]],
    )
    yield finding(
        "duplicates",
        len(found.exact.rows) / rows,
        f"{_of(len(found.exact.rows), rows)} repeat picture, question and answer of another.",
        [_twins(tally, *pair) for pair in zip(found.exact.rows[:SHOWN], found.exact.first, strict=False)],
    )
    yield finding(
        "near_duplicates",
        len(found.near.rows) / rows,
        f"{_of(len(found.near.rows), rows)} ask of their picture what another asks in nearly the same words.",
        [_twins(tally, *pair) for pair in zip(found.near.rows[:SHOWN], found.near.first, strict=False)],
    )
    yield finding(
        "repeated_wordings",
        len(found.wordings) / rows,
        f"{_of(len(found.wordings), rows)} share their question string, letter for letter, with another row.",
    )
    counts = np.bincount(tally.column("question"))
    top = int(counts.argmax())
    yield finding(
        "top_question",
        counts[top] / rows if counts[top] > _FEW else 0.0,
        f"“{tally.questions.shown[top]}” is {_of(int(counts[top]), rows)}.",
    )


def of_balance(
    shares: dict[Category, float], entropy: float, guess: Blind, *, rows: int
) -> Iterator[Finding]:
    """What is asked, and how far one gets without looking; a handful of rows cannot be balanced."""
    told = rows >= _HANDFUL
    top = sorted(shares, key=lambda name: -shares[name])[:3]
    named = ", ".join(f"{_name(one)} {_percent(shares[one])}" for one in top)
    absent = [_name(one) for one in Category if one not in shares and one is not Category.INVALID]
    none = f"; nothing about {', '.join(absent)}" if absent else ""
    yield finding(
        "balance",
        entropy if told else math.nan,
        f"Normalised entropy {entropy:.2f} over 11 categories; {named}{none}.",
    )
    yield finding(
        "blind",
        guess.by_words if told else math.nan,
        f"Without any picture, the most common answer to the same question gets {_percent(guess.by_words)} "
        f"right; knowing only the category, {_percent(guess.by_category)}.",
    )


def of_pictures(tally: Tally, image: Ints, found: Pictures) -> Iterator[Finding]:
    """What is wrong with the pictures as far as it can be seen from here."""
    used = image[image >= 0]
    counts = np.bincount(used, minlength=1)
    top = int(counts.max())
    yield finding(
        "one_picture",
        top / len(image) if top > _FEW else 0.0,
        f"{_of(top, len(image))} are about one picture, {tally.images.shown[int(counts.argmax())]}."
        if len(used)
        else "No row names a picture.",
    )
    if found.looked:
        names = tally.images.shown
        absent = sorted(found.absent)
        yield finding(
            "absent_pictures",
            len(absent) / len(names),
            f"{_of(len(absent), len(names))} pictures are not in the folder.",
            [names[place] for place in absent[:SHOWN]],
        )
        yield finding(
            "twin_pictures",
            len(found.twins) / len(names),
            f"{_of(len(found.twins), len(names))} picture files are copies of another.",
            [
                f"{tally.images.shown[one]} = {tally.images.shown[first]}"
                for one, first in found.twins[:SHOWN]
            ],
        )
    if found.compared:
        yield finding(
            "alike_leak",
            len(found.alike) / found.compared,
            f"{_of(len(found.alike), found.compared)} pictures look like one of another split: the same in "
            "another size, cut or quality.",
            [
                f"{tally.images.shown[one]} ≈ {tally.images.shown[first]}"
                for one, first in found.alike[:SHOWN]
            ],
        )


def of_leaks(tally: Tally, image: Ints, leaks: list[Leak]) -> Iterator[Finding]:
    """What the splits share; the worst pair of splits speaks."""
    if not leaks:
        return
    worst = max(leaks, key=lambda leak: leak.images)
    rows = leaked_rows(tally, image, worst)
    yield finding(
        "image_leak",
        worst.images,
        f"{_percent(worst.images)} of the pictures of {worst.later} are also in {worst.earlier} "
        f"({len(rows):,} rows).",
        _some(tally, rows),
    )
    worst = max(leaks, key=lambda leak: leak.pairs)
    yield finding(
        "pair_leak",
        worst.pairs,
        f"{_percent(worst.pairs)} of the rows of {worst.later} repeat a picture and its question from "
        f"{worst.earlier}.",
    )
    worst = max(leaks, key=lambda leak: leak.wordings)
    yield finding(
        "wording_leak",
        worst.wordings,
        f"{_percent(worst.wordings)} of the rows of {worst.later} use a question string of {worst.earlier}.",
    )


def usable_answers(tally: Tally) -> Ints:
    """Returns the rows whose reference says something."""
    return np.flatnonzero(tally.column("flag") & int(UNUSABLE) == 0)


def _some(tally: Tally, rows: Iterable[int]) -> list[str]:
    found = []
    for row, _ in zip(rows, range(SHOWN), strict=False):
        found.append(f"{_said(tally, row)} ({tally.where(row)})")
    return found


def _twins(tally: Tally, row: int, first: int) -> str:
    """Shows two rows that say the same: their words, if they differ, and where they are."""
    texts = dict.fromkeys(_said(tally, place) for place in (first, row))
    places = dict.fromkeys(tally.where(place) for place in (first, row))
    return f"{' ≈ '.join(texts)} ({', '.join(places)})"


def _said(tally: Tally, row: int) -> str:
    asked = tally.questions.shown[tally.question[row]]
    return f"{_short(asked)} → {_short(tally.references.shown[tally.reference[row]], 90) or '(nothing)'}"


def _clash(tally: Tally, rows: Ints) -> str:
    first = {tally.answer[row]: row for row in rows[::-1]}
    told = sorted(int(row) for row in first.values())[:SHOWN]
    said = " ≠ ".join(_short(tally.references.shown[tally.reference[row]], 90) for row in told)
    asked = tally.questions.shown[tally.question[told[0]]]
    return f"{_short(asked)} → {said} ({', '.join(dict.fromkeys(map(tally.where, told)))})"


def _short(text: str, length: int = 120) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def _of(count: int, total: int) -> str:
    return f"{count:,} of {total:,} ({_percent(count / max(1, total))})"


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def _name(category: Category) -> str:
    return "colour" if category is Category.COLOR else category.value


__all__ = ["of_balance", "of_leaks", "of_pictures", "of_repeats", "of_rows", "usable_answers"]
