"""The tiny model's tokenizer, prompt and shape."""

from __future__ import annotations

import importlib.util

import pytest
from PIL import Image

if importlib.util.find_spec("torch") is None:
    pytest.skip("the extra train (torch, transformers) is not installed", allow_module_level=True)

from stumper.toytown import model as tiny

pytestmark = pytest.mark.slow  # imports torch and transformers
SHAPE = tiny.Shape(vocabulary=300)


@pytest.fixture(scope="module")
def processor() -> object:
    tokenizer = tiny.train_tokenizer(["what colour is the cat", "red"] * 20, vocabulary=SHAPE.vocabulary)
    return tiny.build_processor(tokenizer, SHAPE)


def _prompt(processor: object, parts: list[dict[str, object]]) -> str:
    message = [{"role": "user", "content": parts}]
    return str(processor.apply_chat_template(message, add_generation_prompt=True))  # type: ignore[attr-defined]


def test_the_question_stands_before_the_picture_whatever_the_client_sends_first(processor: object) -> None:
    text, image = {"type": "text", "text": "what is it"}, {"type": "image"}

    assert _prompt(processor, [image, text]) == _prompt(processor, [text, image])
    assert _prompt(processor, [image, text]) == "<s>what is it<image><answer>"


def test_capitals_question_marks_and_spaces_make_no_difference(processor: object) -> None:
    tokenizer = processor.tokenizer  # type: ignore[attr-defined]

    assert (
        tokenizer("What  COLOUR is the cat??")["input_ids"]
        == tokenizer("what colour is the cat")["input_ids"]
    )


def test_every_text_comes_back_from_its_tokens_in_lower_case(processor: object) -> None:
    tokenizer = processor.tokenizer  # type: ignore[attr-defined]

    assert tokenizer.decode(tokenizer("Żółw 7 & 猫")["input_ids"]).strip() == "żółw 7 & 猫"


def test_a_picture_of_any_size_becomes_one_tile_of_image_tokens(processor: object) -> None:
    picture = Image.new("RGB", (640, 480), "red")

    inputs = processor(images=[picture], text=["<s>it<image><answer>"], return_tensors="pt")  # type: ignore[operator]

    assert tuple(inputs["pixel_values"].shape) == (1, 1, 3, 96, 96)
    image_token = processor.tokenizer.convert_tokens_to_ids(tiny.IMAGE)  # type: ignore[attr-defined]
    assert int((inputs["input_ids"] == image_token).sum()) == SHAPE.image_tokens == 36


def test_fresh_weights_depend_on_the_seed_alone(processor: object) -> None:
    import torch

    tokenizer = processor.tokenizer  # type: ignore[attr-defined]
    first, again, other = (tiny.build_model(tokenizer, SHAPE, seed=seed) for seed in (1, 1, 2))
    name = "model.text_model.layers.0.mlp.up_proj.weight"

    assert torch.equal(first.get_parameter(name), again.get_parameter(name))
    assert not torch.equal(first.get_parameter(name), other.get_parameter(name))


def test_the_shipped_shape_stays_small(processor: object) -> None:
    model = tiny.build_model(processor.tokenizer, tiny.Shape(), seed=0)  # type: ignore[attr-defined]

    assert 1_000_000 < sum(parameter.numel() for parameter in model.parameters()) < 3_000_000
