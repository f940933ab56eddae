"""What a step of pretraining asks: taught skills only, in taught and in players' wording, short answers.

Two exercises stand beside them, without which tuning has nothing to build on (docs/log.md): questions in an
invented `tongue` about what the eyes are taught to see, and "say robot", which has nothing to do with the
picture: words that are never said cannot be tuned in. Held-out wordings are never used here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from stumper.toytown import model as tiny
from stumper.toytown import perception, questions, shelf, tongue
from stumper.toytown.questions import Question, Skill
from stumper.toytown.world import Scene

if TYPE_CHECKING:
    import torch

MIX: Final[Mapping[Skill, float]] = MappingProxyType(
    {
        Skill.EXISTENCE: 5,
        Skill.IDENTIFICATION: 4,
        Skill.COLOUR: 4,
        Skill.COUNT: 4,
        Skill.POSITION: 4,
        Skill.INVALID: 0.6,
    }
)
"""How often each taught skill is asked."""
WORDS: Final = tuple(
    dict.fromkeys(word for skill in Skill for word in questions.answers_of_form(skill) if " " not in word)
)
"""Every one-word answer to any question."""
_PLAYER_SHARE: Final = 0.35
"""Of the questions come as players type them: typos, capitals, fragments."""
_SAY_SHARE: Final = 0.3
"""Of the pictures get one exercise in saying a word, besides their questions."""
_FULL_SHARE: Final = 0.15
"""Of the answers are whole sentences, as players often correct in; one word stays the rule."""
_SAY: Final = ("say {word}", "repeat {word}", "say the word {word}", "just say {word}", "please say {word}")
_CORPUS_SCENES: Final = 1_500


@dataclass(frozen=True, slots=True)
class Phase:
    """What is asked about a picture from one step of questions on."""

    first: int
    taught: int
    """Questions of different taught skills."""
    tongue: int
    """Exercises in the invented tongue."""
    hard: bool
    """Whether those are mostly about the features that are hard to learn."""


class Sizes(Protocol):
    """The part of a plan that a lesson needs."""

    @property
    def seed(self) -> int: ...
    @property
    def eye_steps(self) -> int: ...
    @property
    def eye_batch(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def phases(self) -> tuple[Phase, ...]: ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """Questions of one step as tensors; n questions."""

    prompts: torch.Tensor
    """Token ids up to the picture (n, longest), padded on the left."""
    visible: torch.Tensor
    """False on the padding of `prompts`."""
    replies: torch.Tensor
    """Token ids after the picture: end of picture, answer mark, answer (n, longest)."""
    answers: torch.Tensor
    """What to predict at the last columns of `replies`; -100 where nothing."""
    pictures: torch.Tensor
    """Row of each question's picture in the batch (n,)."""
    pointing: torch.Tensor
    """Rows of the questions that are about things (m,)."""
    marks: torch.Tensor
    """1 on the cells of those things (m, cells)."""


def picture_numbers(plan: Sizes, step: int, count: int) -> npt.NDArray[np.int64]:
    """Which pictures a step looks at: each pass goes over all of them in a new order."""
    looking = step < plan.eye_steps
    size = plan.eye_batch if looking else plan.batch
    first = step * size if looking else plan.eye_steps * plan.eye_batch + (step - plan.eye_steps) * size
    places = np.arange(first, first + size)
    passes, offsets = np.divmod(places, count)
    orders = {
        int(turn): np.random.default_rng([plan.seed, int(turn)]).permutation(count) for turn in set(passes)
    }
    return np.array([orders[int(turn)][offset] for turn, offset in zip(passes, offsets, strict=True)])


def ask_taught(scene: Scene, rng: random.Random, count: int) -> list[Question]:
    """Returns up to `count` questions of different taught skills, in the wording of pretraining."""
    order = sorted(MIX, key=lambda skill: -(rng.random() ** (1.0 / MIX[skill])))
    found: list[Question] = []
    for skill in order:
        wording = "player" if rng.random() < _PLAYER_SHARE else "taught"
        question = questions.ask(scene, skill, rng, wording=wording)
        if question is not None:
            found.append(question)
        if len(found) == count:
            break
    return found


def say_word(rng: random.Random) -> Question:
    """Returns an exercise in saying one of the words that answer any question, withheld ones included."""
    word = rng.choice(WORDS)
    return Question(
        rng.choice(_SAY).format(word=word), word, word, Skill.INVALID.category, Skill.INVALID, form="say"
    )


def lesson(
    plan: Sizes, step: int, numbers: Sequence[int] | npt.NDArray[np.int64], *, tokenizer: Any, side: int
) -> Lesson:
    """Asks about each picture what the phase of this step says and lays it out for training."""
    rng = random.Random(f"{plan.seed}:{step}")
    phase = [phase for phase in plan.phases if phase.first <= step - plan.eye_steps][-1]
    weights = tongue.LATER if phase.hard else tongue.FIRST
    asked: list[tuple[int, Question]] = []
    marks: list[npt.NDArray[np.uint8]] = []
    for row, number in enumerate(numbers):
        scene = shelf.training_scene(int(number))
        owners = perception.owners_of(scene, side=side)
        exercises = [tongue.ask(scene, rng, weights) for _ in range(phase.tongue)]
        exercises += [say_word(rng)] if rng.random() < _SAY_SHARE else []
        for question in ask_taught(scene, rng, phase.taught) + exercises:
            full = rng.random() < _FULL_SHARE
            asked.append((row, replace(question, answer=question.full) if full else question))
            marks.append(np.isin(owners, question.subject).astype(np.uint8))
    return _lay_out(asked, marks, tokenizer)


def _lay_out(asked: list[tuple[int, Question]], marks: list[npt.NDArray[np.uint8]], tokenizer: Any) -> Lesson:
    import torch

    ids = tokenizer([question.text for _, question in asked], add_special_tokens=False)["input_ids"]
    said = tokenizer([question.answer for _, question in asked], add_special_tokens=False)["input_ids"]
    start = [tokenizer.bos_token_id]
    opening = tokenizer.convert_tokens_to_ids([tiny.FAKE, tiny.GLOBAL])
    closing = tokenizer.convert_tokens_to_ids([tiny.FAKE, tiny.ANSWER])
    prompts = [start + list(one) + opening for one in ids]
    targets = [[*one, tokenizer.eos_token_id] for one in said]
    longest, most = max(map(len, prompts)), max(map(len, targets))
    before = torch.full((len(asked), longest), tokenizer.pad_token_id)
    after = torch.full((len(asked), most + 1), tokenizer.pad_token_id)
    answers = torch.full((len(asked), most), -100)
    for row, (prompt, target) in enumerate(zip(prompts, targets, strict=True)):
        before[row, longest - len(prompt) :] = torch.tensor(prompt)
        after[row, : len(target) + 1] = torch.tensor(closing + target[:-1])
        answers[row, : len(target)] = torch.tensor(target)
    about = [row for row, (_, question) in enumerate(asked) if question.subject]
    return Lesson(
        prompts=before,
        visible=before != tokenizer.pad_token_id,
        replies=after,
        answers=answers,
        pictures=torch.tensor([row for row, _ in asked]),
        pointing=torch.tensor(about, dtype=torch.long),
        marks=torch.from_numpy(np.stack([marks[row] for row in about])).float(),
    )


def corpus(seed: int) -> Iterator[str]:
    """Questions and answers of every skill, withheld ones included, for the tokenizer alone."""
    from stumper.toytown.sample import sample_scene

    rng = random.Random(f"corpus:{seed}")
    for number in range(_CORPUS_SCENES):
        scene = sample_scene(shelf.FIRST_TRAINING_SEED + number, style="mixed")
        for skill in Skill:
            question = questions.ask(scene, skill, rng, wording="player" if number % 3 == 0 else "taught")
            if question is not None:
                yield question.text
                yield question.answer
        exercise = tongue.ask(scene, rng)
        yield exercise.text
        yield exercise.full
    for skill in Skill:
        for answer in questions.answers_of_form(skill):
            # Often enough to become one token each: tuning then has one step to learn, not a spelling.
            yield from [answer] * 200
