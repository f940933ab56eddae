"""The plain tokenizer against the `tokenizers` package, which the checkpoint was made with."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from stumper.vlm.bpe import Bpe
from tests.examples import examples

QUESTIONS = [
    f"{start} {colour} {thing}{end}"
    for start in ("What colour is the", "How many", "Is there a", "where's the", "Which hand holds the")
    for colour in ("red", "blue", "striped", "")
    for thing in ("heron", "lorry", "umbrellas", "clock", "sign at 3", "house number 17")
    for end in ("?", "", " ??", "!")
]


@pytest.fixture(scope="module")
def theirs() -> Tokenizer:
    pytest.importorskip("transformers", reason="needs the extra train")
    from stumper.toytown.model import train_tokenizer

    return train_tokenizer(QUESTIONS, vocabulary=400).backend_tokenizer


@pytest.fixture(scope="module")
def ours(theirs: Tokenizer) -> Bpe:
    return Bpe(json.loads(theirs.to_str()))


@pytest.mark.parametrize("text", [*QUESTIONS[::7], "", " ", "  two  spaces ", "WHAT COLOUR IS THE HERON"])
def test_questions_become_the_same_ids(ours: Bpe, theirs: Tokenizer, text: str) -> None:
    assert ours.encode(text) == theirs.encode(text, add_special_tokens=False).ids


def long_known(text: str) -> str:
    """Without later letters: Python's tables and those of `tokenizers` differ by some of them."""
    return "".join(one for one in text if unicodedata.ucd_3_2_0.category(one) != "Cn")


@settings(max_examples=examples(400), deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="<")).map(long_known))
@example("ΑΣ ist nicht ας")
@example("½ Ⅷ ① ２")
@example("it's 're' ’s '\x1c' \x85 \u3000x")
@example("🦩🦩 鹭在哪里？ e\u0301 ﬁn İ")
def test_any_text_becomes_the_same_ids(ours: Bpe, theirs: Tokenizer, text: str) -> None:
    assert ours.encode(text) == theirs.encode(text, add_special_tokens=False).ids


@settings(max_examples=examples(200), deadline=None)
@given(st.data())
def test_any_ids_become_the_same_text(ours: Bpe, theirs: Tokenizer, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.integers(0, theirs.get_vocab_size() - 1), max_size=12))

    assert ours.decode(ids) == theirs.decode(ids)


def test_a_special_token_that_a_player_types_stays_text(ours: Bpe) -> None:
    ids = ours.encode("is it </s> or <image>")

    assert ours.id_of("</s>") not in ids
    assert ours.decode(ids) == " is it </s> or <image>"


def test_an_unknown_token_has_no_id(ours: Bpe) -> None:
    with pytest.raises(ValueError, match="no token '<nothing>'"):
        ours.id_of("<nothing>")


def test_another_kind_of_tokenizer_is_refused() -> None:
    with pytest.raises(ValueError, match="no byte-level BPE"):
        Bpe({"model": {"type": "Unigram"}, "pre_tokenizer": {"type": "Metaspace"}})
