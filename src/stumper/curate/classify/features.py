"""Many questions to hashed features at once: letters, words, rows of cues, and what is said in the answer.

Everything works on one array of code points for a whole batch, so that a question costs microseconds. The
hash of any run of letters comes from one running sum, as in Rabin and Karp's string search, modulo 2**64.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stumper.curate.classify.cues import LEFT_OUT, word_classes

BUCKETS: Final = 1 << 15
LONGEST: Final = 240
"""Letters of a question that count; the rest of a longer one is not read."""
LONGEST_ANSWER: Final = 60
_NGRAMS: Final = (2, 3, 4, 5)
_BREAK: Final = 10
_SPACE: Final = 32
_BASE: Final = 0x9E3779B97F4A7C15 | 1
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class Group(NamedTuple):
    """Features of one sort: ``buckets[i]`` belongs to question ``rows[i]``; rows ascend."""

    buckets: Ints
    rows: Ints


class Text(NamedTuple):
    """A batch of texts as one array: per text a break and its words, one space between them."""

    sums: Hashes
    """Running sum of letters times powers; (letters + 1,)."""
    row: Ints
    """Which text a letter belongs to."""
    ends: Ints
    """Per text: the place after its last boundary."""
    starts: Ints
    """Per word: its first letter."""
    lengths: Ints
    word_rows: Ints
    """Per word: its text."""
    texts: int


def read(texts: Sequence[str], *, longest: int = LONGEST) -> Text:
    """Returns the batch as one array: lower case, compatible forms, no punctuation, no apostrophes."""
    joined = "\n" + "\n".join([text[:longest].replace("\n", " ") for text in texts]) + "\n"
    joined = unicodedata.normalize("NFKC", joined).casefold()
    letters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    letters = letters[(letters != ord("'")) & (letters != 0x2019) & (letters != ord("`"))]
    return _text(_squeezed(letters), len(texts))


def _squeezed(letters: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Keeps words and breaks, and one space between two words of a text."""
    word = _is_word()[np.minimum(letters, 0xFFFF)]
    breaks = letters == _BREAK
    before = np.cumsum(word)
    since_break: Ints = before - np.maximum.accumulate(np.where(breaks, before, 0))
    opens_word = np.append(word[1:], False)
    kept = word | breaks | (~word & opens_word & (since_break > 0))
    squeezed: NDArray[np.uint32] = np.where(word | breaks, letters, np.uint32(_SPACE))[kept]
    return squeezed


def _text(letters: NDArray[np.uint32], texts: int) -> Text:
    breaks = letters == _BREAK
    places = np.flatnonzero(breaks)
    plain = np.where(breaks, np.uint32(_SPACE), letters).astype(np.uint64)
    powers, _ = _powers(_room(len(plain)))
    with np.errstate(over="ignore"):
        sums = np.concatenate(([np.uint64(0)], np.cumsum((plain + 1) * _MIX * powers[: len(plain)])))
    gap = plain == _SPACE
    starts = np.flatnonzero(gap[:-1] & ~gap[1:]) + 1
    stops = np.flatnonzero(~gap[:-1] & gap[1:]) + 1
    row = np.cumsum(breaks) - 1
    return Text(sums, row, places[1:] + 1, starts, stops - starts, row[starts], texts)


def groups(questions: Sequence[str], answers: Sequence[str], vocabulary: Hashes) -> list[Group]:
    """Returns the features of each question in groups; ``vocabulary`` are known words' hashes, sorted."""
    text = read(questions)
    words = word_hashes(text)
    found = [
        _letters(text),
        _words(words, text.word_rows),
        _cues(words, text.word_rows),
        _outline(words, text, vocabulary),
    ]
    if any(answers):
        found.append(_answer(answers))
    return found


def word_hashes(text: Text) -> Hashes:
    """Returns a hash per word, the same wherever the word stands."""
    return _runs(text, text.starts, text.lengths)


def _runs(text: Text, starts: Ints, lengths: Ints | int) -> Hashes:
    _, inverse = _powers(_room(len(text.sums)))
    with np.errstate(over="ignore"):
        hashes: Hashes = (text.sums[starts + lengths] - text.sums[starts]) * inverse[starts]
    return hashes


def _letters(text: Text) -> Group:
    """Runs of two to five letters, word boundaries included."""
    buckets, rows = [], []
    for size in _NGRAMS:
        starts = np.arange(max(0, len(text.row) - size + 1))
        starts = starts[(text.row[starts] < text.texts)]
        starts = starts[starts + size <= text.ends[text.row[starts]]]
        buckets.append(_bucket(_runs(text, starts, size), salt=size))
        rows.append(text.row[starts])
    return _sorted(buckets, rows)


def _words(words: Hashes, rows: Ints) -> Group:
    """One to three words in a row, and which word opens and which ends the question."""
    return _rows_of(words, rows, salt=10, longest=3)


def _cues(words: Hashes, rows: Ints) -> Group:
    """Rows of one to four classes, unknown words drawn together to one, small words left out."""
    known, numbers = _classes()
    at = np.minimum(np.searchsorted(known, words), len(known) - 1)
    classes = np.where(known[at] == words, numbers[at], 0)
    kept = classes != LEFT_OUT
    classes, rows = classes[kept], rows[kept]
    again = np.zeros(len(classes), bool)
    again[1:] = (classes[1:] == 0) & (classes[:-1] == 0) & (rows[1:] == rows[:-1])
    return _rows_of(classes[~again].astype(np.uint64), rows[~again], salt=30, longest=4, apart=3)


def _rows_of(items: Hashes, rows: Ints, *, salt: int, longest: int, apart: int = 0) -> Group:
    """Runs of up to ``longest`` items, the first and last ones by themselves, pairs up to ``apart`` apart."""
    buckets, places, run = [], [], items
    opens = np.ones(len(items), bool)
    opens[1:] = rows[1:] != rows[:-1]
    ends = np.append(opens[1:], True)[: len(items)]
    with np.errstate(over="ignore"):
        for size in range(1, longest + 1):
            if size > 1:
                run = run[:-1] * _MIX + items[size - 1 :] + np.uint64(size)
            same = rows[: len(run)] == rows[size - 1 :]
            buckets.append(_bucket(run[same], salt=salt + size))
            places.append(rows[: len(run)][same])
            first = same & opens[: len(run)]
            buckets.append(_bucket(run[first], salt=salt + 10 + size))
            places.append(rows[: len(run)][first])
        buckets.append(_bucket(items[ends], salt=salt + 9))
        places.append(rows[ends])
        for step in range(2, apart + 1):
            same = rows[:-step] == rows[step:]
            pair = items[:-step] * _MIX + items[step:]
            buckets.append(_bucket(pair[same], salt=salt + 5))
            places.append(rows[:-step][same])
    return _sorted(buckets, places)


def _outline(words: Hashes, text: Text, vocabulary: Hashes) -> Group:
    """How many words there are, and which part of them is known."""
    total = np.bincount(text.word_rows, minlength=text.texts)
    at = np.minimum(np.searchsorted(vocabulary, words), max(0, len(vocabulary) - 1))
    known = vocabulary[at] == words if len(vocabulary) else np.zeros(len(words), bool)
    part = np.bincount(text.word_rows[known], minlength=text.texts) * 4 // np.maximum(1, total)
    few = np.minimum(total, 5)
    rows = np.arange(text.texts)
    shapes = [few, 10 + part, 100 + 10 * few + part]
    return _sorted([_bucket(one.astype(np.uint64), salt=60) for one in shapes], [rows] * 3)


def _answer(answers: Sequence[str]) -> Group:
    """Words and cues of the answer's beginning, kept apart from the question's."""
    text = read(answers, longest=LONGEST_ANSWER)
    words = word_hashes(text)
    one = _rows_of(words, text.word_rows, salt=70, longest=1)
    cues = _cues(words, text.word_rows)
    return _sorted([one.buckets, (cues.buckets * 5 + 3) % BUCKETS], [one.rows, cues.rows])


def _sorted(buckets: list[Ints], rows: list[Ints]) -> Group:
    joined, places = np.concatenate(buckets), np.concatenate(rows)
    order = np.argsort(places, kind="stable")
    return Group(joined[order], places[order])


def _bucket(hashes: Hashes, *, salt: int) -> Ints:
    with np.errstate(over="ignore"):
        mixed = (hashes + np.uint64(salt * 0x9E3779B1)) * _MIX
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(40)).astype(np.int64) & (BUCKETS - 1)


@cache
def _classes() -> tuple[Hashes, Ints]:
    """Returns the hashes of words with a class, sorted, and their classes."""
    pairs = word_classes()
    hashes = word_hashes(read(list(pairs)))
    order = np.argsort(hashes)
    return hashes[order], np.fromiter(pairs.values(), np.int64)[order]


@cache
def _is_word() -> NDArray[np.bool_]:
    """Tells for each code point of the basic plane whether it is a letter, a digit or a mark on one."""
    return np.array(
        [chr(code).isalnum() or unicodedata.category(chr(code))[0] == "M" for code in range(0x10000)]
    )


def _room(length: int) -> int:
    """Returns a power of two above the length, so that few tables of powers are made."""
    return 1 << max(12, int(length).bit_length())


@cache
def _powers(length: int) -> tuple[Hashes, Hashes]:
    """Returns the powers of the base and of its inverse modulo 2**64."""
    with np.errstate(over="ignore"):
        base, inverse = (
            np.full(length, np.uint64(value % (1 << 64))) for value in (_BASE, pow(_BASE, -1, 1 << 64))
        )
        base[0] = inverse[0] = np.uint64(1)
        return np.cumprod(base), np.cumprod(inverse)


def weighed(found: Sequence[Group], weights: Floats, texts: int) -> NDArray[Any]:
    """Returns the sum of weights (texts, categories); a group counts by the root of its size."""
    total = np.zeros((texts, weights.shape[1]), np.float32)
    for group in found:
        if len(group.rows) == 0:
            continue
        heads = np.flatnonzero(np.diff(group.rows, prepend=-1))
        sizes = np.diff(heads, append=len(group.rows))
        sums = np.add.reduceat(weights[group.buckets], heads, axis=0)
        total[group.rows[heads]] += sums / np.sqrt(sizes, dtype=np.float32)[:, None]
    return total
