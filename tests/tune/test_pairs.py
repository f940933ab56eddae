"""What a run trains on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stumper.errors import BadRelease, BadSetting, NotFound
from stumper.tune.pairs import Pair, mix, read_pairs
from stumper.tune.recipes import (
    GAP,
    RECIPES,
    STANDARD,
    TINY,
    recipe_for,
    recipe_named,
)


def _line(prompt: object, completion: object = "two") -> str:
    row = {
        "images": ["images/a.png"],
        "prompt": [{"role": "user", "content": prompt}],
        "completion": [{"role": "assistant", "content": completion}],
    }
    return json.dumps(row)


def _pairs(prefix: str, count: int) -> list[Pair]:
    return [Pair(Path("a.png"), f"{prefix}{number}", "yes") for number in range(count)]


def test_pairs_are_read_with_pictures_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    parts = [{"type": "image"}, {"type": "text", "text": "how many"}]
    file.write_text(_line("what") + "\n" + _line(parts) + "\n")

    assert read_pairs(file) == [
        Pair(tmp_path / "images/a.png", "what", "two"),
        Pair(tmp_path / "images/a.png", "how many", "two"),
    ]


@pytest.mark.parametrize("line", ["{", "[]", '{"images": []}', _line("x").replace("prompt", "messages")])
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text(_line("fine") + "\n" + line + "\n")

    with pytest.raises(BadRelease, match=r"train\.jsonl:2"):
        read_pairs(file)


def test_a_line_ends_where_its_json_does(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text(
        _line("how many?").replace(" m", "\u2028m") + "\n" + _line("fine") + "\n", encoding="utf-8"
    )
    assert [pair.prompt for pair in read_pairs(file)] == ["how\u2028many?", "fine"]
    file.write_text("")
    assert read_pairs(file) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRelease, match="is missing"):
        read_pairs(tmp_path / "train.jsonl")


def test_replay_makes_up_its_share_of_every_pass_and_does_not_repeat() -> None:
    new, known = _pairs("new", 60), _pairs("known", 100)
    seen = mix(new, known, replay_share=0.4, epochs=2, seed=1)

    passes = [{pair.prompt for pair in seen[:100]}, {pair.prompt for pair in seen[100:]}]
    assert len(seen) == 200
    for prompts in passes:
        assert {pair.prompt for pair in new} <= prompts
        assert len(prompts) == 100
    assert passes[0] & passes[1] == {pair.prompt for pair in new}
    assert [pair in new for pair in seen[:100]] != [pair in new for pair in seen[100:]]


def test_the_mix_depends_on_the_seed_alone() -> None:
    new, known = _pairs("new", 30), _pairs("known", 30)
    first, again, other = (mix(new, known, replay_share=0.3, epochs=2, seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_without_known_pairs_the_release_is_all_and_too_few_come_in_every_pass() -> None:
    assert len(mix(_pairs("new", 7), [], replay_share=0.4, epochs=1, seed=1)) == 7
    assert len(mix(_pairs("new", 60), _pairs("known", 3), replay_share=0.4, epochs=2, seed=1)) == 126


def test_small_eyes_get_the_tiny_recipe(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    for kind, vision, recipe in (
        ("idefics3", {"image_size": 96}, TINY),
        ("idefics3", {"image_size": 364}, RECIPES["idefics3"]),
        ("qwen2_5_vl", {"depth": 32}, RECIPES["qwen2.5-vl"]),
        ("mllama", {"image_size": 560}, STANDARD),
    ):
        config.write_text(json.dumps({"model_type": kind, "vision_config": vision}))
        assert recipe_for(tmp_path) is recipe


@pytest.mark.parametrize("text", ["{", "[]", '{"model_type": "llama"}'])
def test_what_does_not_see_is_refused_before_anything_is_loaded(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)

    with pytest.raises(BadSetting, match=r"cannot be read|no vision-language model"):
        recipe_for(tmp_path)


def test_a_recipe_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadSetting, match=r"qwen2-vl.*gap"):
        recipe_named("qwen9")


@pytest.mark.parametrize(
    "name", ["model.visual.blocks.0.attn.qkv", "model.connector.modality_projection.proj"]
)
def test_eyes_stay_frozen_by_every_recipe(name: str) -> None:
    assert not [recipe.name for recipe in RECIPES.values() if recipe.adapts(name)]


def test_the_papers_recipe_adapts_attention_only() -> None:
    layer = "model.language_model.layers.3"

    assert GAP.adapts(f"{layer}.self_attn.q_proj")
    assert not GAP.adapts(f"{layer}.mlp.up_proj")
    assert RECIPES["qwen2-vl"].adapts(f"{layer}.mlp.up_proj")


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"config\.json"):
        recipe_for(tmp_path)
