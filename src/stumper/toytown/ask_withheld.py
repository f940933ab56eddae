"""Questions of the withheld skills: what players may find out and a later round may learn.

Each function returns None if the scene holds no clear case of its skill.
"""

from __future__ import annotations

import random
from itertools import permutations
from typing import Final

from stumper.toytown.ask_taught import TAUGHT_COUNT, count, identify
from stumper.toytown.sample import MAX_THINGS
from stumper.toytown.skills import NUMBERS, Question, Skill, a, named, question
from stumper.toytown.wording import phrase
from stumper.toytown.world import (
    BACKGROUNDS,
    LEGS,
    NAMED_KINDS,
    PATTERNED_KINDS,
    PATTERNS,
    SIDEWAYS_KINDS,
    SIGN_WORDS,
    UNNAMED_KINDS,
    Scene,
    Thing,
    plural,
)

HANDS: Final = ("left", "right", "both", "none")
HOURS: Final = NUMBERS[1:13]
_CLEARLY: Final = 1.2
"""How much longer the bigger of two things is at least; sizes differ by 1.3 or more."""
_PLACE_SENTENCES: Final = {"snow": "this is in the snow.", "night": "this is at night."}


def ask_count_many(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks how many there are of a kind of which four or more are there."""
    return count(scene, rng, wording, Skill.COUNT_MANY, range(TAUGHT_COUNT + 1, MAX_THINGS + 1))


def ask_new_kind(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks what a thing of a kind without a taught name is."""
    return identify(scene, rng, wording, Skill.NEW_KIND, UNNAMED_KINDS)


def ask_hand(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks which hand a person raises: the person's own left or right."""
    case = _one_of(scene, rng, ("person",))
    if case is None:
        return None
    person, words = case
    what = {"left": "the left hand", "right": "the right hand", "both": "both hands", "none": "no hand"}[
        person.hand
    ]
    text = _about("hand", scene, rng, wording, person, words)
    return question(
        Skill.HAND, "hand", text, person.hand, f"the {words} is raising {what}.", (person.id,), HANDS
    )


def ask_pattern(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks for the pattern on a thing."""
    # "The person in red's shirt" is nobody's English: of several people none is asked about.
    cases = [
        case
        for case in named(scene)
        if case[0].kind in PATTERNED_KINDS and not case[1].startswith("person in")
    ]
    if not cases:
        return None
    thing, words = rng.choice(cases)
    worn = "person's shirt" if words == "person" else words
    text = phrase("pattern", wording, rng, what=worn)
    full = f"the {worn} is {thing.pattern}."
    return question(Skill.PATTERN, "pattern", text, thing.pattern, full, (thing.id,), PATTERNS)


def ask_size_most(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks for the biggest or the smallest thing if one clearly is."""
    if len(scene.things) < 2:
        return None
    for most in rng.sample(("biggest", "smallest"), 2):
        first, *rest = sorted(scene.things, key=_longer, reverse=most == "biggest")
        pairs = [(first, other) if most == "biggest" else (other, first) for other in rest]
        if first.kind in NAMED_KINDS and all(_clearly_bigger(*pair) for pair in pairs):
            text = phrase("size_most", wording, rng, most=most)
            full = f"the {most} thing is {a(first.kind)}."
            return question(Skill.SIZE_MOST, "size_most", text, first.kind, full, (first.id,), NAMED_KINDS)
    return None


def ask_sign_word(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks for the word on the only sign."""
    signs = [thing for thing in scene.things if thing.kind == "sign" and thing.word]
    if len(signs) != 1:
        return None
    word = signs[0].word.lower()
    text = phrase("sign_word", wording, rng)
    choices = tuple(each.lower() for each in SIGN_WORDS)
    return question(
        Skill.SIGN_WORD, "sign_word", text, word, f"the sign says {word}.", (signs[0].id,), choices
    )


def ask_clock_hour(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks for the hour on the only clock."""
    clocks = [thing for thing in scene.things if thing.kind == "clock" and thing.hour]
    if len(clocks) != 1:
        return None
    hour = NUMBERS[clocks[0].hour]
    text = phrase("clock_hour", wording, rng)
    return question(
        Skill.CLOCK_HOUR, "clock_hour", text, hour, f"it is {hour} o'clock.", (clocks[0].id,), HOURS
    )


def ask_plate(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks for the number plate of the only thing that has one."""
    plated = [(thing, words) for thing, words in named(scene) if thing.word and thing.kind != "sign"]
    if len(plated) != 1:
        return None
    thing, words = plated[0]
    word = thing.word.lower()
    text = phrase("plate", wording, rng, what=words)
    return question(Skill.PLATE, "plate", text, word, f"the number plate says {word}.", (thing.id,), ())


def ask_relation(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks what is on, under, behind, left or right of a thing."""
    cases = []
    for thing, words in named(scene):
        for subject, where in _around(scene, thing):
            if subject.kind in NAMED_KINDS:
                cases.append((subject, thing, f"{where} the {words}"))
    if not cases:
        return None
    subject, thing, where = rng.choice(cases)
    text = phrase("relation", wording, rng, where=where)
    full = f"there is {a(subject.kind)} {where}."
    ids = (subject.id, thing.id)
    return question(Skill.RELATION, "relation", text, subject.kind, full, ids, NAMED_KINDS)


def ask_scene(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks for the place."""
    text = phrase("scene", wording, rng)
    full = _PLACE_SENTENCES.get(scene.background, f"this is {a(scene.background)}.")
    return question(Skill.SCENE, "scene", text, scene.background, full, (), BACKGROUNDS)


def ask_open_shut(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks whether a box is open."""
    case = _one_of(scene, rng, ("box",))
    if case is None or case[0].open is None:
        return None
    thing, words = case
    answer = "open" if thing.open else "shut"
    text = phrase("open_shut", wording, rng, what=words)
    full = f"the {words} is {answer}."
    return question(Skill.OPEN_SHUT, "open_shut", text, answer, full, (thing.id,), ("open", "shut"))


def ask_facing(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks how a person is turned or which way an animal or a vehicle looks."""
    case = _one_of(scene, rng, ("person", *sorted(SIDEWAYS_KINDS)))
    if case is None:
        return None
    thing, words = case
    if thing.kind == "person":
        form, full = "facing.person", f"we see the {words} from the {thing.facing}."
        choices: tuple[str, ...] = ("front", "back")
    else:
        form, full = "facing.side", f"the {words} is facing {thing.facing}."
        choices = ("left", "right")
    text = phrase(form, wording, rng, what=words)
    return question(Skill.FACING, form, text, thing.facing, full, (thing.id,), choices)


def ask_compare(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks which of two things is bigger or of which of two kinds there are more."""
    askers = rng.sample((_compare_size, _compare_number), 2)
    return askers[0](scene, rng, wording) or askers[1](scene, rng, wording)


def _compare_size(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    pairs = [
        (one, other)
        for one, other in permutations(named(scene), 2)
        if one[0].kind != other[0].kind and _clearly_bigger(one[0], other[0])
    ]
    if not pairs:
        return None
    (bigger, big_words), (smaller, small_words) = rng.choice(pairs)
    one, other = rng.sample((big_words, small_words), 2)
    text = phrase("compare.size", wording, rng, one=f"the {one}", other=f"the {other}")
    full = f"the {big_words} is bigger than the {small_words}."
    ids, choices = (bigger.id, smaller.id), (bigger.kind, smaller.kind)
    return question(Skill.COMPARE, "compare.size", text, bigger.kind, full, ids, tuple(sorted(choices)))


def _compare_number(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    numbers = _numbers(scene)
    pairs = [(one, other) for one, other in permutations(numbers, 2) if numbers[one] > numbers[other]]
    if not pairs:
        return None
    more, fewer = rng.choice(pairs)
    one, other = rng.sample((plural(more), plural(fewer)), 2)
    text = phrase("compare.number", wording, rng, ones=one, others=other)
    ids = tuple(thing.id for thing in scene.things if thing.kind in (more, fewer))
    full = f"there are more {plural(more)} than {plural(fewer)}."
    choices = tuple(sorted((plural(more), plural(fewer))))
    return question(Skill.COMPARE, "compare.number", text, plural(more), full, ids, choices)


def ask_reasoning(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks for a small sum: legs, some that leave or join, two kinds together."""
    askers = rng.sample((_legs, _leave, _join, _together), 4)
    found = (asker(scene, rng, wording) for asker in askers)
    return next((question for question in found if question is not None), None)


def _legs(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    numbers = {kind: number for kind, number in _numbers(scene).items() if kind in LEGS}
    kinds = [kind for kind, number in numbers.items() if number >= 2 and number * LEGS[kind] < len(NUMBERS)]
    if not kinds:
        return None
    kind = rng.choice(kinds)
    answer = NUMBERS[numbers[kind] * LEGS[kind]]
    text = phrase("reasoning.legs", wording, rng, whats=plural(kind))
    full = f"the {plural(kind)} have {answer} legs together."
    return _sum(scene, "reasoning.legs", text, answer, full, (kind,))


def _leave(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    numbers = {kind: number for kind, number in _numbers(scene).items() if number >= 2}
    if not numbers:
        return None
    kind = rng.choice(list(numbers))
    some = rng.randint(1, min(3, numbers[kind] - 1))
    left = numbers[kind] - some
    text = phrase(
        "reasoning.leave",
        wording,
        rng,
        some=NUMBERS[some],
        what=kind if some == 1 else plural(kind),
        leave="leaves" if some == 1 else "leave",
        whats=plural(kind),
    )
    full = f"{NUMBERS[left]} {kind if left == 1 else plural(kind)} would remain."
    return _sum(scene, "reasoning.leave", text, NUMBERS[left], full, (kind,))


def _join(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    numbers = _numbers(scene)
    if not numbers:
        return None
    kind = rng.choice(list(numbers))
    some = rng.randint(1, 3)
    total = NUMBERS[numbers[kind] + some]
    text = phrase(
        "reasoning.join",
        wording,
        rng,
        some=NUMBERS[some],
        what=kind if some == 1 else plural(kind),
        come="comes" if some == 1 else "come",
        whats=plural(kind),
    )
    return _sum(scene, "reasoning.join", text, total, f"there would be {total} {plural(kind)}.", (kind,))


def _together(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    numbers = _numbers(scene)
    if len(numbers) < 2:
        return None
    one, other = rng.sample(list(numbers), 2)
    total = NUMBERS[numbers[one] + numbers[other]]
    text = phrase("reasoning.together", wording, rng, ones=plural(one), others=plural(other))
    full = f"there are {total} {plural(one)} and {plural(other)} together."
    return _sum(scene, "reasoning.together", text, total, full, (one, other))


def _sum(scene: Scene, form: str, text: str, answer: str, full: str, kinds: tuple[str, ...]) -> Question:
    ids = tuple(thing.id for thing in scene.things if thing.kind in kinds)
    return question(Skill.REASONING, form, text, answer, full, ids, NUMBERS)


def _numbers(scene: Scene) -> dict[str, int]:
    """Returns how many there are of each named kind that is there."""
    numbers = {kind: sum(thing.kind == kind for thing in scene.things) for kind in NAMED_KINDS}
    return {kind: number for kind, number in numbers.items() if number}


def _one_of(scene: Scene, rng: random.Random, kinds: tuple[str, ...]) -> tuple[Thing, str] | None:
    cases = [case for case in named(scene) if case[0].kind in kinds]
    return rng.choice(cases) if cases else None


def _about(form: str, scene: Scene, rng: random.Random, wording: str, thing: Thing, words: str) -> str:
    """Returns a sentence that leaves out the thing's name only if it is the only one of its kind."""
    alone = sum(other.kind == thing.kind for other in scene.things) == 1
    return phrase(form, wording, rng, must="" if alone else "what", what=words)


def _around(scene: Scene, thing: Thing) -> list[tuple[Thing, str]]:
    """Returns what has a clear place relative to the thing, with the words for the place."""
    found = [
        (scene.things[relation.subject], relation.name)
        for relation in scene.relations
        if relation.object == thing.id and relation.name != "left of"
    ]
    for words, side in (("to the left of", -1), ("to the right of", 1)):
        beside = [other for other in scene.things if (other.x - thing.x) * side > 0.06 and other is not thing]
        # "Left of the cat" is clear only if one thing is there at all, and about level with the cat.
        if len(beside) == 1 and abs(beside[0].bottom - thing.bottom) < 0.2:
            found.append((beside[0], words))
    return found


def _longer(thing: Thing) -> float:
    return max(thing.w, thing.h)


def _clearly_bigger(one: Thing, other: Thing) -> bool:
    return _longer(one) > _CLEARLY * _longer(other) and one.w * one.h > _CLEARLY * other.w * other.h
