"""Writes the catalogues of front/locale from the code: ``python tools/words.py`` (``make words``).

Sentences come from templates (``_``, ``ngettext``), scripts (``t``, ``tn``) and Python (``words``,
``words.count``, ``N_``, ``N_count``). Each language keeps its translations; sentences that are gone leave,
new ones wait empty. No dates and no line numbers are written, so that two branches seldom collide.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE: Final = Path(__file__).parent.parent / "src" / "stumper"
LOCALE: Final = SOURCE / "front" / "locale"
LANGUAGES: Final = ("es", "hi", "ru", "id", "pt", "zh", "ar")

_METHODS: Final = [
    ("front/templates/**", "jinja2"),
    ("front/static/vendor/**", "ignore"),
    ("front/static/*.js", "javascript"),
    ("**.py", "python"),
]
_KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "words": None,
    "t": None,
    "ngettext": (1, 2),
    "count": (1, 2),
    "N_count": (1, 2),
    "tn": (1, 2),
}
_COMMENT: Final = (
    "Stumper in {language}. Written by `make words`; translate the msgstr lines, then run it again."
)


class _Undated(Catalog):
    """A catalogue whose header says nothing of when and by whom."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return _headers(self)


def template() -> Catalog:
    """Returns every sentence of the code, sorted by its file."""
    catalog = Catalog(project="stumper", charset="utf-8", fuzzy=False)
    found = extract_from_dir(SOURCE, _METHODS, keywords=_KEYWORDS, comment_tags=("i18n:",))
    for file, _, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        catalog.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return catalog


def updated(language: str, pot: Catalog) -> Catalog:
    """Returns the catalogue of a language with exactly the sentences of ``pot``."""
    path = po(language)
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    else:
        catalog = Catalog(locale=language)
    catalog.update(pot, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    return catalog


def po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "stumper.po"


def as_po(catalog: Catalog) -> bytes:
    """Returns the text of a .po or .pot file."""
    body = io.BytesIO()
    write_po(body, catalog, width=100, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return _header(catalog).encode() + body.getvalue().lstrip(b"\n")


def as_mo(catalog: Catalog) -> bytes:
    """Returns what the game reads when it runs; sentences without a translation are left out."""
    plain = _Undated(locale=catalog.locale, charset="utf-8")
    for message in catalog:
        if message.id:
            plain[message.id] = message
    body = io.BytesIO()
    write_mo(body, plain)
    return body.getvalue()


def _headers(catalog: Catalog) -> list[tuple[str, str]]:
    headers = [("Content-Type", "text/plain; charset=utf-8")]
    if catalog.locale is not None:
        headers += [("Language", str(catalog.locale)), ("Plural-Forms", catalog.plural_forms)]
    return headers


def _header(catalog: Catalog) -> str:
    language = catalog.locale.english_name if catalog.locale else "English: the sentences to translate"
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in _headers(catalog))
    return f'# {_COMMENT.format(language=language)}\nmsgid ""\nmsgstr ""\n{lines}\n'


def files() -> Iterator[tuple[Path, bytes]]:
    """Yields every file of ``locale/`` with what should be in it."""
    pot = template()
    yield LOCALE / "stumper.pot", as_po(pot)
    for language in LANGUAGES:
        catalog = updated(language, pot)
        yield po(language), as_po(catalog)
        yield po(language).with_suffix(".mo"), as_mo(catalog)


def main() -> None:
    for path, content in list(files()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for language in LANGUAGES:
        with po(language).open("rb") as file:
            messages = [message for message in read_po(file, locale=language) if message.id]
        missing = sum(not (all(m.string) if isinstance(m.string, tuple) else m.string) for m in messages)
        sys.stdout.write(f"{language}: {len(messages) - missing} of {len(messages)} sentences\n")


if __name__ == "__main__":
    main()
