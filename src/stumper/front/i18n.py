"""Words in the reader's language: which one it is, and the catalogue that translates them.

Templates write ``{{ _("Play") }}``, scripts ``t("Play")``, and code that makes sentences
takes a ``Words``. The catalogues are in ``locale/``; a word that one lacks is shown in English.
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
_IN_SCRIPTS = re.compile(r'\bt\("((?:[^"\\]|\\.)+)"')


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
        return told.format(**values) if values else told

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """Returns the form of the sentence for ``n`` things; ``{n}`` is put in too."""
        return self._catalogue.ngettext(one, many, n).format(n=n, **values)

    def of_scripts(self) -> dict[str, str]:
        """Returns what scripts say, English to this language; empty for English."""
        told = {text: self._catalogue.gettext(text) for text in _said_in_scripts()}
        return {text: other for text, other in told.items() if other != text}


@cache
def words_in(code: str) -> Words:
    """Returns a language; English where there is no catalogue of that name."""
    code = code if code in LANGUAGES else "en"
    return Words(code, gettext.translation("stumper", _LOCALE, [code], fallback=True))


@cache
def _said_in_scripts() -> tuple[str, ...]:
    found = (_IN_SCRIPTS.findall(path.read_text("utf-8")) for path in sorted(_SCRIPTS.glob("*.js")))
    return tuple(dict.fromkeys(text.replace('\\"', '"') for texts in found for text in texts))


def language_of(request: Request) -> str:
    """Returns the language chosen on this device, else the browser's first that we have, else English."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip().split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return "en"


def context(request: Request) -> dict[str, Any]:
    """What every page needs to speak: ``_``, ``ngettext`` (with ``{n}``), and who reads."""
    words = words_in(language_of(request))

    def translate(text: str, /, **values: object) -> Markup:
        # Sentences are ours and may hold markup; what is put in is escaped.
        return Markup(words(text)).format(**values)  # noqa: S704

    def translate_count(one: str, many: str, n: int, /, **values: object) -> Markup:
        safe = {name: Markup.escape(value) for name, value in values.items()}
        return Markup(words.count(one, many, n, **safe))  # noqa: S704

    return {"_": translate, "ngettext": translate_count, "words": words, "languages": LANGUAGES}
