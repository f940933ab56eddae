"""One spelling for what people write to get past a list of words: '$lut', 'f u c k', 'ｉｄｉｏｔ', 'пи3дец'.

Only for looking words up; what players wrote is kept as they wrote it. Digits stand for letters only inside a
word that has letters: '455' is a number.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LEET: Final = str.maketrans("013457@$!|", "oieastasil")
_CYRILLIC_LEET: Final = str.maketrans("0364@", "озбча")
_CYRILLIC_TWINS: Final = str.maketrans("аеорсухкмнтві", "aeopcyxkmhtbi")
_OWN_LETTERS: Final = {"n\u0303": "ñ", "\u0438\u0306": "й"}
"""Letters that only look like another one with a mark: 'año' is no 'ano', 'й' no 'и'."""
_ALIKE: Final = str.maketrans({"ё": "е", "ى": "ي", "ة": "ه", "\u0640": None, "\u093c": None})
_LETTER: Final = r"[^\W_]|[\u0900-\u0dff]"
_WORD: Final = re.compile(rf"[@$!|]*(?:{_LETTER})(?:{_LETTER}|[@$!|*'’_-])*")
_APART: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:[\s._*-]{1,2}[^\W\d_](?![^\W_])){3,}")
_MARKS: Final = re.compile(r"[\s._*-]")
_LATIN: Final = re.compile("[a-z]")
_CYRILLIC: Final = re.compile("[а-я]")


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Returns the text in lower case and plain letters, words apart by one space; twice changes nothing.

    Diacritics are gone but for ñ and й, which are other letters; so are unseen characters and Arabic vowel
    signs. '*' within a word stays: it stands for letters that were crossed out.
    """
    plain = text.lower() if text.isascii() else _bare(text)
    words = map(_word, _WORD.findall(_together(plain)))
    return _together(" ".join(filter(None, words)))


def _bare(text: str) -> str:
    """Letters without the marks on them, except where that makes another letter."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    for marked, letter in _OWN_LETTERS.items():
        plain = plain.replace(marked, letter)
    return "".join(one for one in plain if not _is_mark(one)).translate(_ALIKE)


def _together(text: str) -> str:
    """Joins four or more letters that stand apart: 'f u c k', 'f.u.c.k'."""
    return _APART.sub(lambda run: _MARKS.sub("", run[0]), text)


def _is_mark(one: str) -> bool:
    """Marks above and below Latin, Cyrillic and Arabic letters, and what is not seen; not Indian vowels."""
    kind = unicodedata.category(one)
    return kind == "Cf" or (kind in ("Mn", "Me") and not "\u0900" <= one <= "\u0dff")


def _word(word: str) -> str:
    """Returns one word with the letters that its digits and signs stand for."""
    word = re.sub("['’_-]", "", word.rstrip("!|'’_-"))
    if _LATIN.search(word):
        return word.translate(_LEET).translate(_CYRILLIC_TWINS)
    return word.translate(_CYRILLIC_LEET) if _CYRILLIC.search(word) else word.strip("@$!|*")
