"""The catalogues: they hold what the code says, translations keep what is put in, plurals are complete."""

from __future__ import annotations

import gettext
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from stumper.front import i18n
from stumper.front.i18n import LANGUAGES, Words, words_in

ROOT = Path(__file__).parent.parent.parent
LOCALE = ROOT / "src" / "stumper" / "front" / "locale"
OTHERS = [code for code in LANGUAGES if code != "en"]
TRANSLATED: Final = {"es": 1.0, "hi": 1.0, "ru": 1.0, "id": 1.0, "pt": 1.0, "zh": 1.0, "ar": 1.0}
"""The least share of sentences that each language has; it may only rise."""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("words", ROOT / "tools" / "words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "stumper.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalogue(language) if message.id)


def forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def english(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def translated(message: Message) -> bool:
    return all(forms(message)) and not message.fuzzy


def places(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


def tags(text: str) -> list[str]:
    return sorted(re.findall(r"<[^>]+>", text))


def numbers_by_form(language: str) -> dict[int, set[int]]:
    """The numbers 0..200 that take each plural form."""
    form_of = gettext.c2py(catalogue(language).plural_expr)
    by_form: dict[int, set[int]] = {}
    for n in range(201):
        by_form.setdefault(form_of(n), set()).add(n)
    return by_form


# ---- the files ----


def test_the_languages_of_the_game_are_those_of_the_catalogues(tool: ModuleType) -> None:
    assert list(tool.LANGUAGES) == OTHERS


def test_the_catalogues_are_what_the_code_says_and_compiled(tool: ModuleType) -> None:
    stale = [str(path.relative_to(LOCALE)) for path, content in tool.files() if path.read_bytes() != content]

    assert stale == [], "run `make words`"


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_put_in_and_marked_up_is_so_in_every_translation(language: str) -> None:
    wrong = []
    single = {form for form, numbers in numbers_by_form(language).items() if len(numbers) == 1}
    for message in messages(language):
        *_, many = english(message)
        for at, text in enumerate(forms(message)):
            spoken = isinstance(message.id, tuple) and at in single  # "one day", "two days": no figure
            same = places(text) == places(many) or (spoken and [*places(text), "{n}"] == [*places(many)])
            spoken_less = spoken and set(places(text)) <= set(places(many))
            if text and not ((same or spoken_less) and tags(text) == tags(many)):
                wrong.append(text)

    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_counted_sentence_has_all_its_forms_or_none(language: str) -> None:
    plurals = [message for message in messages(language) if isinstance(message.id, tuple)]
    count = catalogue(language).num_plurals

    assert plurals
    assert [one.id for one in plurals if any(forms(one)) and not translated(one)] == []
    assert {len(forms(one)) for one in plurals} == {count}
    assert set(numbers_by_form(language)) == set(range(count)) or language == "id"


@pytest.mark.parametrize("language", OTHERS)
def test_no_language_loses_sentences(language: str) -> None:
    every = list(messages(language))
    missing = [english(message)[0] for message in every if not translated(message)]

    assert 1 - len(missing) / len(every) >= TRANSLATED[language], missing[:20]


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_in_a_translation_escapes_the_page(language: str) -> None:
    allowed = {
        "<strong>",
        "</strong>",
        "<a>",
        "</a>",
        "<bdi>",
        "</bdi>",
        "<em>",
        "</em>",
        "<br>",
        "<code>",
        "</code>",
    }
    used = {
        re.sub(r"<(\w+)\s[^>]*>", r"<\1>", tag)
        for message in messages(language)
        for text in forms(message)
        for tag in tags(text)
    }

    assert used <= allowed


# ---- speaking ----


def test_a_language_that_is_not_there_is_english() -> None:
    assert words_in("tlh").code == "en"
    assert words_in("en")("Play now") == "Play now"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_told(language: str) -> None:
    assert words_in(language)("Try again") != "Try again"


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (1, "Рассмотрено 1 дело."),
        (3, "Рассмотрено 3 дела."),
        (11, "Рассмотрено 11 дел."),
        (21, "Рассмотрено 21 дело."),
    ],
)
def test_russian_counts_in_three_forms(n: int, told: str) -> None:
    assert words_in("ru").count("{n} case judged.", "{n} cases judged.", n) == told


@pytest.mark.parametrize(
    ("n", "told"), [(1, "واحدة"), (2, "قضيتين"), (3, "قضايا"), (11, "قضية"), (100, "قضية")]
)
def test_arabic_counts_in_six_forms(n: int, told: str) -> None:
    assert told in words_in("ar").count("{n} case judged.", "{n} cases judged.", n)


def test_what_is_put_in_stands_apart_where_words_run_from_right_to_left() -> None:
    told = words_in("ar")("{n} in a row!", n="+5")

    assert "\u2068+5\u2069" in told
    assert "\u2068" not in words_in("ru")("{n} in a row!", n="+5")


def test_nothing_is_put_apart_inside_a_tag() -> None:
    words = Words("ar", gettext.NullTranslations())

    assert (
        words('<a href="/t/{code}">{name}</a>', code="x", name="Ann") == '<a href="/t/x">\u2068Ann\u2069</a>'
    )


@given(name=st.text(max_size=40))
def test_what_players_typed_stays_text_on_the_page(name: str) -> None:
    request = Request({"type": "http", "headers": [(b"accept-language", b"ar")]})

    told = i18n.context(request)["_"]("<b>{name}</b> was here", name=name)

    assert isinstance(told, Markup)
    assert told.striptags().replace("\u2068", "").replace("\u2069", "").split() == (
        Markup("<b>{}</b> was here")
        .format(name)
        .striptags()
        .replace("\u2068", "")
        .replace("\u2069", "")
        .split()
    )
    assert len(tags(told)) == 2


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "en"),
        ({"accept-language": "pt-BR,pt;q=0.9,en;q=0.5"}, "pt"),
        ({"accept-language": "sv, zh-Hans;q=0.8"}, "zh"),
        ({"accept-language": "ru", "cookie": "stumper_language=hi"}, "hi"),
        ({"accept-language": "ru", "cookie": "stumper_language=xx"}, "ru"),
        ({"accept-language": ";;;,,,"}, "en"),
    ],
)
def test_the_choice_on_this_device_comes_before_the_browsers_wish(headers: dict[str, str], code: str) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]

    assert i18n.language_of(Request({"type": "http", "headers": raw})) == code


# ---- scripts ----


@pytest.mark.parametrize("language", OTHERS)
def test_scripts_count_as_pages_do(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers name plural forms as CLDR does; Babel's copy of CLDR says which a number takes."""
    one, many = "{n} case judged.", "{n} cases judged."
    monkeypatch.setattr(i18n, "_counted_in_scripts", lambda: ((one, many),))
    words = words_in(language)
    told = words.of_scripts()[one]
    assert isinstance(told, dict)

    # Of nothing, Hindi and Portuguese speak in the singular to CLDR and in the plural to gettext.
    for n in range(1, 201):
        form = told[Locale(language).plural_form(n)]
        assert form.format(n=n) == words.count(one, many, n).replace("\u2068", "").replace("\u2069", "")


def test_english_pages_bring_no_words_for_scripts() -> None:
    assert words_in("en").of_scripts() == {}
