"""Questions: true by a second derivation from the scene graph, clear, reachable, and said in many ways."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stumper.records import Category
from stumper.toytown.questions import (
    SETS,
    Question,
    Skill,
    answers_of_form,
    ask,
    askable,
    invalid,
    probes,
    swap,
)
from stumper.toytown.sample import STYLES, sample_scene
from stumper.toytown.wording import FORMS, typo
from stumper.toytown.world import COLOURS, KINDS, NAMED_KINDS, UNNAMED_KINDS, Relation, Scene, Thing, plural

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
seeds = st.integers(0, 10**9)
scenes = st.builds(lambda seed, style: sample_scene(seed, style=style), seeds, st.sampled_from(STYLES))
skills = st.sampled_from([skill for skill in Skill if skill is not Skill.INVALID])


def _asked(scene: Scene, skill: Skill, seed: int, wording: str = "taught") -> Question:
    question = ask(scene, skill, random.Random(seed), wording=wording)
    assume(question is not None)
    assert question is not None
    return question


def _thing(number: int, kind: str, x: float, y: float, **look: object) -> Thing:
    start = Thing(number, kind, "red", "plain", "medium", x, y, 0.2, 0.2)
    return replace(start, **look)  # type: ignore[arg-type]


def _kinds_in(text: str) -> set[str]:
    """Returns the kinds a text names, in the singular or the plural."""
    return {kind for kind in KINDS if re.search(rf"\b({kind}|{plural(kind)})\b", text)}


@given(scenes, skills, seeds, st.sampled_from(SETS))
def test_an_answer_has_the_right_form_and_subjects_exist(
    scene: Scene, skill: Skill, seed: int, wording: str
) -> None:
    question = _asked(scene, skill, seed, wording)

    assert question.skill is skill
    assert question.category is skill.category
    assert set(question.subject) <= {thing.id for thing in scene.things}
    if skill is not Skill.PLATE:
        assert question.answer in question.choices
        assert set(question.choices) <= set(answers_of_form(skill))
        assert question.answer in answers_of_form(skill, scene)
    assert question.answer == question.answer.lower()
    assert question.full.endswith(".")
    assert "{" not in question.text + question.full


@given(scenes, skills, seeds)
def test_the_same_generator_asks_the_same(scene: Scene, skill: Skill, seed: int) -> None:
    assert ask(scene, skill, random.Random(seed)) == ask(scene, skill, random.Random(seed))


@given(scenes, seeds, st.sampled_from((Skill.COUNT, Skill.COUNT_MANY)))
def test_counts_are_true(scene: Scene, seed: int, skill: Skill) -> None:
    question = _asked(scene, skill, seed)

    (kind,) = _kinds_in(question.text)
    number = len([thing for thing in scene.things if thing.kind == kind])
    assert question.answer == WORDS[number]
    assert (number <= 3) is (skill is Skill.COUNT)


@given(scenes, seeds)
def test_colours_are_true_and_the_thing_is_the_only_one_of_its_kind(scene: Scene, seed: int) -> None:
    question = _asked(scene, Skill.COLOUR, seed)

    (kind,) = _kinds_in(question.text)
    assert [thing.colour for thing in scene.things if thing.kind == kind] == [question.answer]


@given(scenes, seeds)
def test_positions_are_true(scene: Scene, seed: int) -> None:
    question = _asked(scene, Skill.POSITION, seed)

    thing = _meant(question.text, scene)
    third = ("left", "middle", "right")[min(2, int(thing.x * 3))]
    half = "top" if thing.y < 0.5 else "bottom"
    assert question.answer in (third, half)
    assert question.subject == (thing.id,)


@given(scenes, seeds)
def test_existence_is_true(scene: Scene, seed: int) -> None:
    question = _asked(scene, Skill.EXISTENCE, seed)

    (kind,) = _kinds_in(question.text)
    colour = next((each for each in COLOURS if re.search(rf"\b{each}\b", question.text)), None)
    there = any(thing.kind == kind and colour in (None, thing.colour) for thing in scene.things)
    assert question.answer == ("yes" if there else "no")


def test_yes_and_no_are_equally_frequent() -> None:
    rng = random.Random(4)
    answers = Counter(
        question.answer
        for seed in range(2000)
        if (question := ask(sample_scene(seed, style="mixed"), Skill.EXISTENCE, rng))
    )

    assert 0.46 < answers["yes"] / answers.total() < 0.54


@given(scenes, seeds, st.sampled_from(SETS))
def test_taught_questions_never_name_an_unnamed_kind(scene: Scene, seed: int, wording: str) -> None:
    for skill in Skill:
        question = ask(scene, skill, random.Random(seed), wording=wording)
        if question and skill.taught and skill is not Skill.INVALID:
            assert not _kinds_in(question.text.lower()) & set(UNNAMED_KINDS)
            assert question.answer not in UNNAMED_KINDS


def test_every_category_but_invalid_can_be_reached() -> None:
    found = {skill for seed in range(200) for skill in askable(sample_scene(seed, style="complex"))}

    assert found == set(Skill) - {Skill.INVALID}
    assert {skill.category for skill in found} == set(Category) - {Category.INVALID}


def test_what_a_scene_offers_depends_on_the_scene_alone() -> None:
    scene = sample_scene(8, style="complex")

    assert askable(scene) == askable(scene)
    assert Skill.HAND not in askable(Scene(1, "room", (_thing(0, "cat", 0.5, 0.5),), ()))


def test_an_ambiguous_thing_is_never_asked_about() -> None:
    twins = Scene(1, "room", (_thing(0, "cat", 0.2, 0.5), _thing(1, "cat", 0.8, 0.5)), ())

    for skill in (Skill.COLOUR, Skill.POSITION, Skill.PATTERN, Skill.FACING, Skill.IDENTIFICATION):
        questions = [ask(twins, skill, random.Random(seed)) for seed in range(40)]
        assert all(q is None or q.form == "identification.place" for q in questions), skill


def test_hands_relations_and_sizes_of_a_hand_made_scene() -> None:
    table = _thing(0, "table", 0.3, 0.7, size="big", w=0.3, h=0.2)
    cup = _thing(1, "cup", 0.3, 0.5, size="small", w=0.16, h=0.14)
    person = _thing(2, "person", 0.8, 0.7, hand="left", colour="blue", w=0.17, h=0.23)
    scene = Scene(1, "night", (table, cup, person), (Relation(1, "on", 0),))

    assert _answers(scene, Skill.HAND) == {"left"}
    assert _answers(scene, Skill.SCENE) == {"night"}
    assert _answers(scene, Skill.RELATION, holding="on the table") == {"cup"}
    assert _answers(scene, Skill.SIZE_MOST, holding="biggest") == {"table"}
    assert _answers(scene, Skill.SIZE_MOST, holding="smallest") == {"cup"}
    assert _answers(scene, Skill.COMPARE, holding="bigger") <= {"table", "person"}
    assert _answers(scene, Skill.REASONING, holding="tables and cups") == {"two"}


def test_sums_of_a_hand_made_scene() -> None:
    cats = tuple(_thing(number, "cat", 0.2 * number + 0.1, 0.5) for number in range(4))
    scene = Scene(1, "meadow", cats, ())

    assert _answers(scene, Skill.COUNT_MANY) == {"four"}
    assert _answers(scene, Skill.REASONING, holding="legs") == {"sixteen"}
    assert _answers(scene, Skill.REASONING, holding="if one cat leaves") == {"three"}
    assert _answers(scene, Skill.REASONING, holding="two more cats") == {"six"}


def test_words_hours_lids_and_plates_of_a_hand_made_scene() -> None:
    sign, clock = _thing(0, "sign", 0.2, 0.3, word="TAXI"), _thing(1, "clock", 0.8, 0.3, hour=11)
    box, car = _thing(2, "box", 0.2, 0.8, open=False), _thing(3, "car", 0.8, 0.8, word="K42", facing="left")
    scene = Scene(1, "street", (sign, clock, box, car), ())

    assert _answers(scene, Skill.SIGN_WORD) == {"taxi"}
    assert _answers(scene, Skill.CLOCK_HOUR) == {"eleven"}
    assert _answers(scene, Skill.OPEN_SHUT) == {"shut"}
    assert _answers(scene, Skill.PLATE) == {"k42"}
    assert _answers(scene, Skill.FACING) == {"left"}


@given(scenes, seeds, st.sampled_from((Skill.COLOUR, Skill.POSITION)))
def test_a_swap_changes_the_word_and_the_answer_and_stays_true(scene: Scene, seed: int, skill: Skill) -> None:
    question = _asked(scene, skill, seed)
    swapped = swap(question, scene, random.Random(seed))
    assume(swapped is not None)
    assert swapped is not None

    assert swapped.answer != question.answer
    assert swapped.form == question.form
    thing = _meant(swapped.text, scene)
    assert swapped.subject == (thing.id,)
    if skill is Skill.COLOUR:
        assert swapped.answer == thing.colour
    else:
        expected = ("left", "middle", "right")[min(2, int(thing.x * 3))], "top" if thing.y < 0.5 else "bottom"
        assert swapped.answer in expected


def test_probes_are_different_easy_questions() -> None:
    scene = sample_scene(3, style="simple")
    found = probes(scene, random.Random(1), 5)

    assert len({(each.form, each.subject, each.answer) for each in found}) == 5
    assert all(each.skill.taught and each.skill is not Skill.INVALID for each in found)


def test_a_false_premise_names_what_is_not_there() -> None:
    scene = Scene(1, "room", (_thing(0, "cat", 0.5, 0.5),), ())
    rng = random.Random(2)
    answers = {invalid(rng, scene).answer for _ in range(600)}

    assert "there is no cat" not in answers
    assert answers == set(answers_of_form(Skill.INVALID)) - {"there is no cat"}


def test_invalid_questions_without_a_scene_have_no_premise() -> None:
    rng = random.Random(2)

    assert {invalid(rng).answer for _ in range(300)} == {"i do not know", "i only see the picture"}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_many_sentences_and_no_sentence_in_training_is_held_out(form: str) -> None:
    taught = form.split(".")[0] in {skill.value for skill in Skill if skill.taught}
    sentences = FORMS[form]

    assert len(set(sentences.taught)) >= (12 if taught else 8)
    assert len(set(sentences.player)) >= 8
    assert len(set(sentences.heldout)) >= 3
    assert not set(sentences.heldout) & (set(sentences.taught) | set(sentences.player))


def test_players_write_as_players_do() -> None:
    rng = random.Random(6)
    texts = []
    for seed in range(400):
        question = ask(sample_scene(seed, style="mixed"), Skill.COLOUR, rng, wording="player")
        texts += [question.text] if question else []

    assert any("color" in text for text in texts)
    assert any("colour" in text for text in texts)
    assert any(text[0].isupper() for text in texts)
    assert any(not text.endswith("?") for text in texts)


@given(st.sampled_from(("what colour is the balloon", "number of flowers", "is it a cat")), seeds)
def test_a_typo_is_one_slip_that_spares_short_words(text: str, seed: int) -> None:
    slipped = typo(text, random.Random(seed)).split(" ")
    changed = [(new, old) for new, old in zip(slipped, text.split(" "), strict=True) if new != old]

    assert len(changed) <= 1
    for new, old in changed:
        assert len(old) > 4
        assert new[0] == old[0]
        assert abs(len(new) - len(old)) <= 1


def test_an_unknown_wording_names_the_known_ones() -> None:
    scene = sample_scene(1, style="mixed")

    for skill in (Skill.EXISTENCE, Skill.INVALID):
        with pytest.raises(ValueError, match="taught, heldout, player"):
            ask(scene, skill, random.Random(0), wording="formal")


def test_withheld_skills_are_at_least_six_in_several_categories() -> None:
    withheld = [skill for skill in Skill if not skill.taught]

    assert len(withheld) >= 6
    assert len({skill.category for skill in withheld}) >= 4
    assert set(answers_of_form(Skill.IDENTIFICATION)) == set(NAMED_KINDS)


def _answers(scene: Scene, skill: Skill, holding: str = "") -> set[str]:
    questions = [ask(scene, skill, random.Random(seed)) for seed in range(300)]
    found = {question.answer for question in questions if question and holding in question.text}
    assert found, f"nothing was asked about {holding or skill}"
    return found


def _meant(text: str, scene: Scene) -> Thing:
    """Returns the only thing a text can mean, by its kind and, if given, its colour."""
    (kind,) = _kinds_in(text)
    colour = next(
        (each for each in COLOURS if re.search(rf"\b({each} {kind}|{kind} in {each})\b", text)), None
    )
    (thing,) = (each for each in scene.things if each.kind == kind and colour in (None, each.colour))
    return thing
