"""The invented tongue: true answers, and words that no question in English holds."""

from __future__ import annotations

import random
import re

from stumper.toytown import questions, tongue
from stumper.toytown.sample import sample_scene
from stumper.toytown.skills import Skill
from stumper.toytown.wording import FORMS


def test_answers_are_those_of_the_english_question() -> None:
    meaning = {word: skill for skill, words in tongue.WORDS.items() for word in words}
    rng = random.Random(1)
    seen: set[Skill] = set()
    for seed in range(400):
        scene = sample_scene(seed, style="complex")
        asked = tongue.ask(scene, rng)
        found = {meaning[word] for word in re.findall(r"[a-z]+", asked.text.lower()) if word in meaning}
        if len(found) != 1:  # a typing error inside the word
            continue
        skill = found.pop()
        seen.add(skill)
        true = {
            english.answer
            for _ in range(60)
            if (english := questions.ask(scene, skill, rng)) is not None and english.subject == asked.subject
        }
        assert asked.answer in true, (scene, asked)

    assert seen == set(tongue.FIRST) == set(tongue.LATER)


def test_its_words_are_in_no_question_and_in_no_answer() -> None:
    english = {
        word
        for wording in FORMS.values()
        for line in (*wording.taught, *wording.heldout, *wording.player)
        for word in re.findall(r"[a-z]+", line)
    }
    english |= {
        word for skill in Skill for answer in questions.answers_of_form(skill) for word in answer.split()
    }
    invented = [word for words in tongue.WORDS.values() for word in words]

    assert not english & set(invented)
    assert len(set(invented)) == len(invented)
