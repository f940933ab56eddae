"""Words in the reader's language: which one it is, and the catalogue that translates them.

Templates write ``{{ _("Play") }}``, scripts ``t("Play")`` and ``tn("{n} day", "{n} days", n)``, and code that
makes sentences takes a ``Words``; a sentence in a table is marked by ``N_("Play")``. The catalogues are in
``locale/`` (``make words`` writes them); a word that one lacks is shown in English.
"""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from markupsafe import Markup

from stumper.front.hostcookie import chosen

LANGUAGES: Final = {
    "en": "English",
    "es": "Español",
    "hi": "हिन्दी",
    "ru": "Русский",
    "id": "Bahasa Indonesia",
    "pt": "Português",
    "zh": "中文",
    "ar": "العربية",
}
"""Languages of the pages, each in its own name."""
_RIGHT_TO_LEFT: Final = frozenset({"ar"})
COOKIE: Final = "stumper_language"
_LOCALE = Path(__file__).parent / "locale"
_SCRIPTS = Path(__file__).parent / "static"
_STRING = r'"((?:[^"\\]|\\.)+)"'
_IN_SCRIPTS = re.compile(rf"\bt\(\s*{_STRING}")
_COUNTED_IN_SCRIPTS = re.compile(rf"\btn\(\s*{_STRING},\s*{_STRING}")
_FORMS: Final = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}
"""Names of plural forms in browsers (Intl.PluralRules), and a number that takes each in our languages."""
_PLACES = re.compile(r"(<[^>]*>)|(\{\w+\})")
_ISOLATE, _END = "\u2068", "\u2069"


def N_(text: str) -> str:
    """Marks a sentence for the catalogues where it is written; it is translated where it is told."""
    return text


def N_count(one: str, many: str) -> tuple[str, str]:
    """Marks the two forms of a sentence with {n} things: ``words.count(*N_count(...), n)``."""
    return one, many


@dataclass(frozen=True, slots=True)
class Words:
    """One language; a value is put into a sentence by its name: ``words("{n} left", n=3)``."""

    code: str
    _catalogue: gettext.NullTranslations

    @property
    def direction(self) -> str:
        return "rtl" if self.code in _RIGHT_TO_LEFT else "ltr"

    def __call__(self, text: str, /, **values: object) -> str:
        """Returns the sentence in this language, with the values put in."""
        told = self._catalogue.gettext(text)
        return self._apart(told).format(**values) if values else told

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Returns the form of the sentence for ``n`` things; ``{n}`` is put in too."""
        return self._apart(self._catalogue.ngettext(one, many, n)).format(n=n, **values)

    def of_scripts(self) -> dict[str, str | dict[str, str]]:
        """Returns what scripts say, English to this language (counted: to its plural forms by their browser
        names); empty for English.
        """
        told: dict[str, str | dict[str, str]] = {}
        for text in _said_in_scripts():
            if (other := self._catalogue.gettext(text)) != text:
                told[text] = other
        for one, many in _counted_in_scripts():
            forms = {name: self._catalogue.ngettext(one, many, n) for name, n in _FORMS.items()}
            if forms["other"] != many:
                told[one] = forms
        return told

    def _apart(self, text: str) -> str:
        """Keeps what is put in from turning the words around it, where those run from right to left."""
        if self.direction == "ltr":
            return text
        return _PLACES.sub(lambda at: at[1] or f"{_ISOLATE}{at[2]}{_END}", text)


@cache
def words_in(code: str) -> Words:
    """Returns a language; English where there is no catalogue of that name."""
    code = code if code in LANGUAGES else "en"
    return Words(code, gettext.translation("stumper", _LOCALE, [code], fallback=True))


@cache
def _scripts() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(_SCRIPTS.glob("*.js")))


@cache
def _said_in_scripts() -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace('\\"', '"') for text in _IN_SCRIPTS.findall(_scripts())))


@cache
def _counted_in_scripts() -> tuple[tuple[str, str], ...]:
    found = _COUNTED_IN_SCRIPTS.findall(_scripts())
    return tuple((one.replace('\\"', '"'), many.replace('\\"', '"')) for one, many in found)


def language_of(request: Request) -> str:
    """Returns the language chosen on this device, else the browser's first that we have, else English."""
    kept = chosen(request, COOKIE)
    if kept in LANGUAGES:
        return kept
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip().split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return "en"


def words_for(request: Request) -> Words:
    """Returns the language to answer a request in."""
    return words_in(language_of(request))


def context(request: Request) -> dict[str, Any]:
    """What every page needs to speak: ``_``, ``ngettext`` (with ``{n}``), and who reads."""
    words = words_for(request)

    def translate(text: str, /, **values: object) -> Markup:
        # Sentences are ours and may hold markup; what is put in is escaped.
        safe = {name: Markup.escape(value) for name, value in values.items()}
        return Markup(words(text, **safe))  # noqa: S704

    def translate_count(one: str, many: str, n: int, /, **values: object) -> Markup:
        safe = {name: Markup.escape(value) for name, value in values.items()}
        return Markup(words.count(one, many, n, **safe))  # noqa: S704

    return {"_": translate, "ngettext": translate_count, "words": words, "languages": LANGUAGES}
