"""The eyes of simulated players: Toytown questions in a person's own words, and the truth about every answer.

The truth is written down before a question is asked, in a file beside the database, so that a simulation that
was killed and started again still knows it, and the platform itself never sees it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stumper.curate.answers import same
from stumper.curate.judges import score
from stumper.records import Category
from stumper.simulate.memory import NO_MEMORY
from stumper.toytown.questions import Skill, answers_of_form, ask, askable
from stumper.toytown.world import Scene

_SKILLS = {skill.value: skill for skill in Skill}

# People ask what catches their eye: mostly hard skills on busy pictures, mostly plain ones where there is
# little to see. In a campaign's first round this stands for all they find out; later `memory` has its say.
_CURIOSITY_EASY = {True: 1.0, False: 0.12}
_CURIOSITY_BUSY = {True: 0.15, False: 1.0}


@dataclass(frozen=True, slots=True)
class Truth:
    """What a simulated player knows about a question."""

    image_id: str
    question: str
    answer: str
    full: str
    category: Category
    skill: str

    @property
    def kind(self) -> Skill:
        return _SKILLS[self.skill]

    def holds(self, answer: str) -> bool:
        """Says whether ``answer`` is right."""
        return same(answer, self.answer) or (score(self.question, self.full, answer) or 0.0) >= 0.99


def wonder(
    scene: Scene,
    *,
    image_id: str,
    easy: bool,
    rng: random.Random,
    hope: Mapping[Skill, float] = NO_MEMORY,
) -> Truth:
    """Thinks of a question about a picture; falls back on another skill where one cannot be asked.

    Kinds are chosen in proportion to curiosity times ``hope``; without one, by curiosity alone.
    """
    skills = list(askable(scene))
    taste = _CURIOSITY_EASY if easy else _CURIOSITY_BUSY
    while skills:
        skill = rng.choices(skills, [taste[s.taught] * hope[s] for s in skills])[0]
        question = ask(scene, skill, rng, wording="player")
        if question is not None:
            return Truth(
                image_id, question.text, question.answer, question.full, question.category, skill.value
            )
        skills.remove(skill)
    raise ValueError(f"Nothing can be asked about scene {scene.seed}")


def correct(truth: Truth, shown: str, *, right: bool, rng: random.Random) -> str:
    """Writes a correction that differs from the shown answer; a wrong one has the form of a right one."""
    if right and not truth.holds(shown):
        return truth.full if rng.random() < 0.3 else truth.answer
    others = [
        answer
        for answer in answers_of_form(truth.kind)
        if not truth.holds(answer) and not same(answer, shown)
    ]
    return rng.choice(others) if others else "something else"


class TruthBook:
    """Truths by picture and question, kept in a JSON Lines file a round.

    Those of ``earlier`` rounds are known too: people remember them, and vote on claims of theirs.
    """

    def __init__(self, path: Path, *, earlier: Iterable[Path] = ()) -> None:
        self._path = path
        self._truths: dict[tuple[str, str], Truth] = {}
        for book in (*earlier, path):
            if book.exists():
                for line in book.read_text(encoding="utf-8").splitlines():
                    self._remember(line)

    def _remember(self, line: str) -> None:
        try:
            row: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:  # a killed run may leave half a line; that question is asked again
            return
        truth = Truth(**{**row, "category": Category(row["category"])})
        self._truths[truth.image_id, truth.question] = truth

    def write(self, truth: Truth) -> None:
        """Keeps ``truth``; one already known is left alone."""
        place = truth.image_id, truth.question
        if place in self._truths:
            return
        self._truths[place] = truth
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(truth)) + "\n")

    def knows(self, image_id: str, question: str) -> bool:
        return (image_id, question) in self._truths

    def holds(self, image_id: str, question: str, answer: str) -> bool | None:
        """Says whether an answer is right; None for a question that no simulated player asked."""
        truth = self._truths.get((image_id, question))
        return None if truth is None else truth.holds(answer)

    def find(self, image_id: str, question: str) -> Truth:
        """Raises KeyError for a question that no simulated player asked."""
        return self._truths[image_id, question]


def truth_book(data: Path, rounds: Sequence[str]) -> TruthBook:
    """Opens the book of the last of these rounds and those before it, in the folder of an installation."""
    paths = [data / "simulation" / f"truth-{round_id}.jsonl" for round_id in rounds]
    return TruthBook(paths[-1], earlier=paths[:-1])
