"""The card of an export: what is known of its making, and what is not, from folder, database and release."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from stumper import campaigns
from stumper.app import App, build
from stumper.config import load
from stumper.errors import BadRelease, BadSetting
from stumper.records import ReleaseId
from stumper.serving import Origin, known_origin, origin_in
from stumper.serving.card import card
from stumper.store import schema
from tests.evaluate.test_closing import release as release_folder

SCORES = {
    "score": {"base": 0.0, "tuned": 0.396, "guess": 0.251, "gain": 0.396, "gain_ci": [0.328, 0.469]},
    "known": {"base": 0.955, "tuned": 0.933},
}
FULL = Origin(
    base="onnx:",
    recipe={"name": "tiny", "rank": 32, "rate": 2e-3},
    seed=4,
    run={"pairs": 971, "replayed": 5826, "steps": 728, "loss": 0.6765, "seconds": 1819.5, "machine": "2 x"},
    release="af14c01e7ca19736",
    campaign="toytown",
    round=1,
    licence="CC BY 4.0",
    scores=SCORES,
)


def told(origin: Origin, *, base: str | None = None, licence: str | None = "apache-2.0") -> str:
    return card("birds-2", origin, base=base, licence=licence, whole=base is None, uses=[("Play", "x")])


def test_a_card_names_release_base_recipe_seed_figures_and_licences() -> None:
    text = told(FULL)

    for line in (
        "| base | toytown-tiny, which Stumper ships |",
        "| data release | af14c01e7ca19736 (toytown, round 1) |",
        "| recipe | tiny: LoRA, rank 32, rate 0.002 |",
        "| seed | 4 |",
        "| pairs | 971 of players, 5,826 of known data beside them |",
        "| steps, mean loss | 728, 0.6765 |",
        "| what stumped the base, on pictures it was not tuned on | 0.000 | 0.396 | 0.251 |",
        "| what the base knew before | 0.955 | 0.933 | – |",
        "Gain on the first row: +0.396 (95 % interval +0.328 to +0.469).",
        "- The questions and answers that it was tuned on: CC BY 4.0.",
    ):
        assert line in text
    assert text.startswith('---\nmodel_name: "birds-2"\nlicense: apache-2.0\nlibrary_name: transformers\n')


def test_what_is_not_known_is_said_and_not_made_up() -> None:
    text = told(Origin(), licence=None)

    assert "| base | not known |" in text
    assert "license" not in text.split("---")[1]
    assert "## Figures" not in text
    assert "no tuning of it is known" in text
    assert "its figures are not known here" in text


@pytest.mark.parametrize(
    ("base", "shown"), [("/home/me/base", "base"), ("hf:/home/me/base", "base"), ("./a/b", "b")]
)
def test_a_card_does_not_tell_where_a_base_lies(base: str, shown: str) -> None:
    text = told(Origin(base=base))

    assert f"| base | {shown} |" in text
    assert "/home" not in text


@pytest.mark.parametrize(
    ("base", "named"), [("Qwen/Qwen2-VL-2B-Instruct", True), ("/models/base", False), ("./a/b", False)]
)
def test_the_hub_is_told_bases_that_it_has(base: str, named: bool) -> None:
    head = told(Origin(), base=base).split("---")[1]

    assert (f"base_model: {base}" in head) is named
    assert "library_name: peft" in head


def test_text_of_others_makes_no_cell_and_no_link() -> None:
    text = told(Origin(campaign="a|b\n[x](http://y)<b>", release="r", licence="`c`"))

    assert "r (a b  x (http://y) b , round None)" in text
    assert "<b>" not in text


def test_a_folder_without_a_run_has_no_story_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    assert origin_in(tmp_path) == Origin()

    (tmp_path / "tuned.json").write_text("{")
    with pytest.raises(BadSetting, match=r"tuned\.json cannot be read"):
        origin_in(tmp_path)


def test_run_and_release_tell_together(tmp_path: Path) -> None:
    (tmp_path / "tuned.json").write_text(json.dumps({"recipe": {"name": "tiny"}, "seed": 4, "pairs": 9}))

    found = origin_in(tmp_path, release=release_folder(tmp_path / "r"))

    assert (found.recipe, found.seed, found.run) == ({"name": "tiny"}, 4, {"pairs": 9})
    assert (found.release, found.campaign, found.round, found.licence) == ("r", "c", 1, "l")
    with pytest.raises(BadRelease):
        origin_in(tmp_path, release=tmp_path)


async def test_the_database_knows_what_made_a_model(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "stumper.db")
    async with build(load(data=tmp_path), prepare=False) as app:
        assert await known_origin(app, ["onnx:tuned"], otherwise=Origin(seed=9)) == Origin(seed=9)
        await _kept(app, tmp_path)

        found = await known_origin(app, ["hf:tuned", "onnx:tuned"], otherwise=Origin(seed=9))

    assert (found.base, found.seed, found.recipe) == ("onnx:", 4, {"name": "tiny"})
    assert (found.release, found.licence) == ("release-1", "")
    assert found.scores == SCORES
    assert found.run == {"loss": 0.5}


async def _kept(app: App, folder: Path) -> None:
    release_id = ReleaseId("release-1")
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx, name="town", model_ref="onnx:", now=1.0, rng=random.Random(1)
        )
        current = await campaigns.current_round(tx, campaign.id)
        await tx.execute(
            schema.release.insert().values(
                id=release_id, campaign_id=campaign.id, round_id=current.id, version=1, digest="d",
                path=str(folder / "gone"), examples=1, created_at=1.0,
            )
        )  # fmt: skip
        what: Any = {"release_id": release_id, "base_ref": "onnx:", "tuned_ref": "onnx:tuned", "now": 1.0}
        await campaigns.record_tuning(tx, recipe={"name": "tiny"}, seed=4, figures={"loss": 0.5}, **what)
        await campaigns.record_evaluation(tx, figures=SCORES, passed=True, **what)
