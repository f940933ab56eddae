"""Questions of the taught skills. Each asker returns None if the scene holds no clear case of its skill."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from stumper.toytown.skills import NUMBERS, Question, Skill, a, coloured, named, question
from stumper.toytown.wording import phrase
from stumper.toytown.world import COLOURS, NAMED_KINDS, Scene, Thing, plural

TAUGHT_COUNT: Final = 3
SIDES: Final = ("left", "middle", "right")
HEIGHTS: Final = ("top", "bottom")

_PLACES: Final = (
    # words, clearly inside (x and y range), and the wider region in which nothing else may be
    ("at the top left", (0, 0.38, 0, 0.42), (0, 0.5, 0, 0.5)),
    ("at the top right", (0.62, 1, 0, 0.42), (0.5, 1, 0, 0.5)),
    ("at the bottom left", (0, 0.38, 0.58, 1), (0, 0.5, 0.5, 1)),
    ("at the bottom right", (0.62, 1, 0.58, 1), (0.5, 1, 0.5, 1)),
    ("on the left", (0, 0.36, 0, 1), (0, 0.46, 0, 1)),
    ("on the right", (0.64, 1, 0, 1), (0.54, 1, 0, 1)),
    ("at the top", (0, 1, 0, 0.38), (0, 1, 0, 0.48)),
    ("at the bottom", (0, 1, 0.62, 1), (0, 1, 0.52, 1)),
    ("in the middle", (0.41, 0.59, 0.38, 0.62), (0.28, 0.72, 0.25, 0.75)),
)


class Case(NamedTuple):
    """One thing a question can be about, with the words for it and the true answer."""

    thing: Thing
    words: str
    answer: str


def ask_existence(scene: Scene, rng: random.Random, wording: str) -> Question:
    """Asks for a kind or a coloured kind, there or not with equal chance; absent ones often nearly are."""
    present = [thing for thing in scene.things if thing.kind in NAMED_KINDS]
    wanted = bool(present) and rng.random() < 0.5
    if rng.random() < 0.6:
        kinds = {thing.kind for thing in present}
        kind = rng.choice([each for each in NAMED_KINDS if (each in kinds) is wanted])
        return _existence(scene, rng, wording, kind, None)
    pairs = {(thing.kind, thing.colour) for thing in present}
    if wanted:
        return _existence(scene, rng, wording, *rng.choice(sorted(pairs)))
    near = [(kind, colour) for kind in NAMED_KINDS for colour in COLOURS if (kind, colour) not in pairs]
    kinds, colours = {kind for kind, _ in pairs}, {colour for _, colour in pairs}
    close = [pair for pair in near if pair[0] in kinds or (pair[1] in colours and rng.random() < 0.3)]
    return _existence(scene, rng, wording, *rng.choice(close or near))


def _existence(scene: Scene, rng: random.Random, wording: str, kind: str, colour: str | None) -> Question:
    found = tuple(t.id for t in scene.things if t.kind == kind and colour in (None, t.colour))
    what = coloured(kind, colour) if colour else kind
    whats = coloured(kind, colour, many=True) if colour else plural(kind)
    text = phrase("existence", wording, rng, a=a(what), what=what, whats=whats)
    full = f"yes, there is {a(what)}." if found else f"no, there is no {what}."
    return question(Skill.EXISTENCE, "existence", text, "yes" if found else "no", full, found, ("yes", "no"))


def ask_identification(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks what the thing of a colour or at a place is."""
    return identify(scene, rng, wording, Skill.IDENTIFICATION, NAMED_KINDS)


def identify(
    scene: Scene, rng: random.Random, wording: str, skill: Skill, kinds: tuple[str, ...]
) -> Question | None:
    """Asks what a thing of one of `kinds` is, pointed at by colour or by place."""
    cases: list[tuple[str, dict[str, str], Thing]] = []
    if len(scene.things) == 1:
        cases.append(("identification.only", {}, scene.things[0]))
    for colour in COLOURS:
        match = [thing for thing in scene.things if thing.colour == colour]
        if len(match) == 1 and match[0].kind != "person":  # people are not red, their shirts are
            cases.append(("identification.colour", {"colour": colour}, match[0]))
    for place, inside, region in _PLACES:
        match = [thing for thing in scene.things if _within(thing, region)]
        if len(match) == 1 and _within(match[0], inside):
            cases.append(("identification.place", {"place": place}, match[0]))
    cases = [case for case in cases if case[2].kind in kinds]
    if not cases:
        return None
    form = rng.choice(sorted({case[0] for case in cases}))
    form, slots, thing = rng.choice([case for case in cases if case[0] == form])
    text = phrase(form, wording, rng, **slots)
    return question(skill, form, text, thing.kind, f"it is {a(thing.kind)}.", (thing.id,), kinds)


def colour_cases(scene: Scene) -> list[Case]:
    """Returns the things whose colour can be asked: the only one of their kind."""
    cases = [Case(thing, words, thing.colour) for thing, words in named(scene) if words == thing.kind]
    return [case._replace(words="person's shirt") if case.words == "person" else case for case in cases]


def ask_colour(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks for the colour of a thing, of a person for the shirt's."""
    cases = colour_cases(scene)
    if not cases:
        return None
    thing, words, answer = rng.choice(cases)
    text = phrase("colour", wording, rng, what=words)
    return question(Skill.COLOUR, "colour", text, answer, f"the {words} is {answer}.", (thing.id,), COLOURS)


def ask_count(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks how many there are of a kind of which one to three are there."""
    return count(scene, rng, wording, Skill.COUNT, range(1, TAUGHT_COUNT + 1))


def count(scene: Scene, rng: random.Random, wording: str, skill: Skill, numbers: range) -> Question | None:
    """Asks how many there are of a kind; every number the scene offers has the same chance."""
    groups: dict[int, list[str]] = {}
    for kind in NAMED_KINDS:
        groups.setdefault(sum(thing.kind == kind for thing in scene.things), []).append(kind)
    offered = [number for number in sorted(groups) if number in numbers]
    if not offered:
        return None
    number = rng.choice(offered)
    kind = rng.choice(groups[number])
    ids = tuple(thing.id for thing in scene.things if thing.kind == kind)
    text = phrase("count", wording, rng, what=kind, whats=plural(kind))
    full = f"there is one {kind}." if number == 1 else f"there are {NUMBERS[number]} {plural(kind)}."
    return question(skill, "count", text, NUMBERS[number], full, ids, tuple(NUMBERS[n] for n in numbers))


def position_cases(scene: Scene, form: str) -> list[Case]:
    """Returns the things that stand clearly left, in the middle or right, or clearly at the top or bottom."""
    cases = []
    for thing, words in named(scene):
        answer = _side(thing.x) if form == "position.side" else _height(thing.y)
        if answer:
            cases.append(Case(thing, words, answer))
    return cases


def ask_position(scene: Scene, rng: random.Random, wording: str) -> Question | None:
    """Asks on which side or at which height a thing is."""
    forms = [form for form in ("position.side", "position.height") if position_cases(scene, form)]
    if not forms:
        return None
    form = rng.choice(forms)
    thing, words, answer = rng.choice(position_cases(scene, form))
    text = phrase(form, wording, rng, what=words)
    choices = SIDES if form == "position.side" else HEIGHTS
    return question(
        Skill.POSITION, form, text, answer, position_sentence(words, answer), (thing.id,), choices
    )


def position_sentence(words: str, answer: str) -> str:
    """Returns "the cat is on the left." for a short answer."""
    preposition = {"left": "on", "right": "on", "middle": "in"}.get(answer, "at")
    return f"the {words} is {preposition} the {answer}."


def _side(x: float) -> str | None:
    return "left" if x < 0.33 else "right" if x > 0.67 else "middle" if 0.42 < x < 0.58 else None


def _height(y: float) -> str | None:
    return "top" if y < 0.42 else "bottom" if y > 0.58 else None


def _within(thing: Thing, region: tuple[float, float, float, float]) -> bool:
    left, right, top, bottom = region
    return left <= thing.x <= right and top <= thing.y <= bottom
