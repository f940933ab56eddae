"""The exported graphs say what the checkpoint says."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest

if importlib.util.find_spec("torch") is None:
    pytest.skip("the extra train (torch, transformers) is not installed", allow_module_level=True)

from stumper.toytown import model as tiny
from stumper.toytown import questions
from stumper.toytown.draw import draw
from stumper.toytown.export import export
from stumper.toytown.sample import sample_scene
from stumper.toytown.skills import Skill
from stumper.vlm.engine import Engine
from stumper.vlm.onnx import SHIPPED

pytestmark = pytest.mark.slow


def test_the_graphs_answer_like_generate(tmp_path: Path) -> None:
    folder = export(SHIPPED, tmp_path / "model")
    model, processor = tiny.load(folder)
    engine = Engine(folder)
    rng = random.Random(1)
    different = []
    for number in range(25):
        scene = sample_scene(9_600_000 + number, style="complex")
        skill = rng.choice((*questions.askable(scene), Skill.INVALID))
        question = questions.ask(scene, skill, rng, wording="player")
        assert question is not None
        picture = draw(scene, 640)
        said = engine.answer([picture], [question.text])[0].text
        if said != (expected := _generate(model, processor, picture, question.text)):
            different.append((question.text, said, expected))

    assert not different


def _generate(model: object, processor: object, picture: object, text: str) -> str:
    parts = [{"type": "image", "image": picture}, {"type": "text", "text": text}]
    inputs = processor.apply_chat_template(  # type: ignore[attr-defined]
        [{"role": "user", "content": parts}],
        add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt",
    )  # fmt: skip
    ids = model.generate(**inputs, max_new_tokens=24, do_sample=False)  # type: ignore[attr-defined]
    text = processor.decode(ids[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)  # type: ignore[attr-defined]
    return text.strip()
