"""Audits a data set: read, count, judge. Needs no database and no model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from stumper.records import Category
from stumper.release.audit import findings, measure
from stumper.release.audit.measure import Ints
from stumper.release.audit.pictures import Pictures, pictures
from stumper.release.audit.records import Audit, Bin, Columns, Common, Finding, Kind, Severity
from stumper.release.audit.sources import sources
from stumper.release.audit.tally import CATEGORIES, Tally, Texts, read

TOP: Final = 12
"""Questions and answers that are listed."""
_WORD_BINS: Final = (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 100)
_IMAGE_BINS: Final = (1, 2, 3, 4, 5, 10, 20, 50)


def audit(
    path: Path,
    *,
    against: Sequence[Path] = (),
    images: Path | None = None,
    columns: Columns | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Audit:
    """Returns what a VQA data set holds and what is wrong with it.

    ``against`` are files of other splits, which must not share its pictures. Picture files are looked for in
    ``images``, else beside the data. A million rows take minutes and about a gigabyte. Raises BadDataset for
    what is no data set; single lines that cannot be read become a finding.
    """
    found = sources(path, against)
    tally = read(found, columns or Columns(), on_progress=on_progress)
    folders = [images] if images else list(dict.fromkeys(source.path.parent for source in found))
    uses = _uses(tally)
    shown = pictures(tally.images.shown, uses, folders, sure=images is not None)
    image = np.full(len(tally.image), -1, np.int64)
    named = tally.column("image") >= 0
    image[named] = shown.same[tally.column("image")[named]]
    return _audited(path.resolve().name, tally, image, shown)


def _uses(tally: Tally) -> list[tuple[int, int]]:
    image, split = tally.column("image"), tally.column("split")
    pairs = np.unique(np.stack([image[image >= 0], split[image >= 0]]), axis=1)
    return list(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))


def _audited(name: str, tally: Tally, image: Ints, shown: Pictures) -> Audit:
    again, against = measure.repeats(tally, image), measure.contradictions(tally, image)
    guess, leaks = measure.blind(tally), measure.leaks(tally, image)
    counts = np.bincount(tally.column("category"), minlength=len(CATEGORIES))
    valid = [int(counts[CATEGORIES.index(one)]) for one in CATEGORIES if one is not Category.INVALID]
    entropy = measure.entropy(valid, of=len(valid))
    kinds = _kinds(tally, counts)
    shares = {Category(kind.name): kind.share for kind in kinds}
    found = [
        *findings.of_rows(tally),
        *findings.of_repeats(tally, again, against),
        *findings.of_balance(shares, entropy, guess, rows=len(tally.question)),
        *findings.of_pictures(tally, image, shown),
        *findings.of_leaks(tally, image, leaks),
    ]
    per_image = np.bincount(image[image >= 0])
    words, sentences, syllables = tally.ease
    splits = np.bincount(tally.column("split"))
    usable = findings.usable_answers(tally)
    return Audit(
        name=name,
        files=tuple(tally.files),
        rows=len(tally.question),
        images=int((per_image > 0).sum()),
        wordings=len(tally.questions.shown),
        splits=dict(zip(tally.splits.shown, splits.tolist(), strict=True)),
        entropy=entropy,
        blind=guess.by_words,
        majority=guess.by_category,
        kinds=kinds,
        questions=_common(tally.questions, tally.column("question")),
        answers=_common(tally.answers, tally.column("answer")[usable]),
        per_image=_histogram(per_image[per_image > 0], _IMAGE_BINS),
        answer_words=_histogram(tally.column("answer_words"), _WORD_BINS),
        median_words=float(np.median(tally.column("answer_words"))),
        reading_ease=206.835 - 1.015 * words / sentences - 84.6 * syllables / words if words else math.nan,
        leaks=tuple(leaks),
        findings=_ranked(found),
    )


def _ranked(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda one: list(Severity).index(one.severity)))


def _kinds(tally: Tally, counts: Ints) -> tuple[Kind, ...]:
    """Returns every category that occurs, the most frequent first."""
    usable = findings.usable_answers(tally)
    category, answer = tally.column("category")[usable], tally.column("answer")[usable]
    kinds = []
    for place in np.argsort(-counts, kind="stable").tolist():
        if counts[place]:
            common = _common(tally.answers, answer[category == place], top=1)
            often = common and common[0].rows > 1
            kinds.append(
                Kind(
                    name=CATEGORIES[place].value,
                    rows=int(counts[place]),
                    share=float(counts[place] / counts.sum()),
                    common_answer=common[0].text if often else "",
                    common_share=common[0].share if often else math.nan,
                )
            )
    return tuple(kinds)


def _common(texts: Texts, column: Ints, *, top: int = TOP) -> tuple[Common, ...]:
    counts = np.bincount(column) if len(column) else np.zeros(0, np.int64)
    order = np.argsort(-counts, kind="stable")[:top]
    return tuple(
        Common(texts.shown[place], int(counts[place]), float(counts[place] / len(column)))
        for place in order.tolist()
        if counts[place]
    )


def _histogram(values: Ints, starts: tuple[int, ...]) -> tuple[Bin, ...]:
    """Counts values from each start up to the next; empty bars at the end are left out."""
    counts, _ = np.histogram(values, [*starts, np.iinfo(np.int64).max])
    used = int(np.flatnonzero(counts).max(initial=0)) + 1
    ends = [*starts[1:], None]
    labels = [_span(start, end) for start, end in zip(starts, ends, strict=True)]
    return tuple(Bin(label, int(count)) for label, count in zip(labels[:used], counts, strict=False))


def _span(start: int, end: int | None) -> str:
    if end is None:
        return f"{start}+"
    return f"{start}" if end == start + 1 else f"{start}–{end - 1}"
