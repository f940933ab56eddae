"""Insults are found however they are spelt, and words that only look like one are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.gates.fold import fold
from stumper.curate.gates.manners import rude

CLEAR = {
    "en": ["what the fuck is that", "you asshole", "is she a whore?", "bullshit"],
    "es": ["hijo de puta", "¿eres gilipollas?", "qué cabrón"],
    "pt": ["vai se foder", "filho da puta", "caralho"],
    "ru": ["иди нахуй", "это пиздец", "долбоёб"],
    "hi": ["तू चूतिया है", "मादरचोद", "kya hai bhenchod"],
    "id": ["dasar anjing", "bangsat lu", "kontol"],
    "zh": ["你是傻逼吗", "操你妈", "去你妈的"],
    "ar": ["يا ابن الكلب", "والشرموطة", "كُسّ أُمَّك"],
}
EVASIONS = [
    "FUCK", "f u c k you", "f.u.c.k", "f-u-c-k", "f*ck this",
    "fuuuuuck", "fuсk", "ＦＵＣＫ", "f\u200buck", "fück",
    "a$$hole", "m0ther-fucker", "n1gg3r", "пи3дец",
    "п и з д е ц", "wh0re", "b\u0336u\u0336l\u0336lshit", "5lut",
]  # fmt: skip
HARMLESS = [
    "How many people live in Scunthorpe?", "Is the cock crowing?", "Is the ass taller than the horse?",
    "What is Dick holding?", "Where are the tits and boobies, the birds?", "assassin's class in the grass",
    "How many cockpits?", "peacock, shuttlecock, hancock",
    "shiitake mushrooms", "a Mitsubishi Pajero", "Niger",
    "Nigeria's flag", "Which bus goes to Essex, which to Sussex?",
    "Is that a bass or a sea bass?", "12 455 a55",
    "What does a hoe look like?", "the title of the document", "How many cars analyse it?",
    "¿Cuántos conos de tráfico hay?", "el año 2017",
    "¿De qué color es la perra negra?", "la polla y el pollo",
    "um viaduto com veado", "Сколько суков у дерева?",
    "можно ли требовать", "худший хутор", "страхуй меня? нет",
    "अनार कितने हैं?", "कुत्ता कहाँ है?",
    "anjing itu warna apa?", "berapa ekor babi dan monyet?", "saya suka",
    "妈妈的包是什么颜色?", "操场上有几个人?", "有几只狗?",
    "هل الكلب على اليمين؟", "كم حمارا ترى؟", "كسر الزجاج",
    "Cum laude", "Typed: count of cats",
    "A fat black cat, ugly and cheap", "Canal+ and 3D glasses", "class 4a55",
]  # fmt: skip


@pytest.mark.parametrize("text", [text for texts in CLEAR.values() for text in texts])
def test_a_clear_insult_is_found_in_every_language(text: str) -> None:
    found = rude(text)
    assert found is not None
    assert found.clear


@pytest.mark.parametrize("text", EVASIONS)
def test_an_insult_in_disguise_is_found(text: str) -> None:
    found = rude(text)
    assert found is not None
    assert found.clear


@pytest.mark.parametrize(
    "text",
    ["what a b1tch", "is he stupid?", "estúpido", "ты дурак",
     "кто эта сука", "goblok", "白痴", "أنت غبي", "idiot!!",
     "बेवकूफ कौन है", "Cunt of cats?"],
)  # fmt: skip
def test_what_may_be_harmless_is_doubtful(text: str) -> None:
    found = rude(text)
    assert found is not None
    assert not found.clear


@pytest.mark.parametrize("text", HARMLESS)
def test_words_that_only_look_rude_are_left_alone(text: str) -> None:
    assert rude(text) is None


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(
    st.lists(
        st.sampled_from(["the", "cat", "is", "fuck", "red", "idiot", "5", "дом", "हाथ", "*"]), max_size=8
    )
)
def test_words_decide_by_themselves_in_any_order(said: list[str]) -> None:
    found = rude(" , ".join(said))

    assert (found is not None) == bool({"fuck", "idiot"} & set(said))
    assert found == rude(" , ".join(sorted(said, key=lambda word: word != "fuck"))) or "fuck" not in said
