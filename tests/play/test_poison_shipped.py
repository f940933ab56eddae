"""On the shipped model: from the first session on no word tells a falsified answer from an honest one."""

from __future__ import annotations

import asyncio
import io
import random
from collections import Counter
from typing import NamedTuple

import pytest

from stumper.images.probes import says
from stumper.play.poison import falsify
from stumper.play.vocabulary import AnswerVocabulary
from stumper.simulate.world import wonder
from stumper.toytown.draw import draw
from stumper.toytown.questions import probes
from stumper.toytown.sample import sample_scene
from stumper.vlm.base import Model, open_model
from tests.play.test_poison import auc

pytestmark = pytest.mark.slow


class _Met(NamedTuple):
    """What a model said about one picture that it knows."""

    at_verification: list[str]
    in_play: list[tuple[str, str]]


async def _meet(model: Model, seed: int) -> _Met | None:
    scene, rng = sample_scene(seed, style="simple"), random.Random(seed)
    buffer = io.BytesIO()
    draw(scene, 96).save(buffer, "PNG")
    picture = buffer.getvalue()
    known = probes(scene, rng, 4)
    said = [(await model.answer(picture, probe.text)).text for probe in known]
    if not all(says(answer, probe.answer) for answer, probe in zip(said, known, strict=True)):
        return None
    asked = [wonder(scene, image_id="", easy=True, rng=rng).question for _ in range(8)]
    answers = await asyncio.gather(*[model.answer(picture, question) for question in asked])
    return _Met(said, [(q, a.text) for q, a in zip(asked, answers, strict=True)])


async def _meet_many(n: int) -> list[_Met]:
    model = await open_model("onnx:")
    try:
        found = await asyncio.gather(*[_meet(model, 5_000_000 + 2 * number) for number in range(n)])
    finally:
        await model.close()
    return [met for met in found if met is not None]


def _auc_with(vocabulary: AnswerVocabulary, met: list[_Met], *, seed: int) -> float:
    rng = random.Random(seed)
    shown, coins = [], []
    for question, honest in [exchange for one in met for exchange in one.in_play]:
        falsified = falsify(honest, question, rng=rng, vocabulary=vocabulary)
        coin = rng.random() < 0.4 and falsified is not None
        shown.append(falsified if coin and falsified else honest)
        coins.append(coin)
    return auc(shown, coins)


async def test_words_tell_nothing_from_the_first_session_on() -> None:
    met = await _meet_many(150)
    assert len(met) > 75
    # A demo begins with hundreds of pictures; with few, as in an empty folder, the built-in list speaks.
    for pictures in (len(met), 25, 0):
        said = Counter(answer for one in met[:pictures] for answer in one.at_verification)
        found = [_auc_with(AnswerVocabulary(said), met, seed=seed) for seed in (1, 2, 3)]
        assert sum(found) / 3 <= 0.60
