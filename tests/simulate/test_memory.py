"""What players remember: hope rises with success alone, fades with the opponent, and says what they ask."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.simulate.memory import AT_FIRST, NO_MEMORY, Tried, hopes
from stumper.simulate.world import wonder
from stumper.toytown.questions import Skill
from stumper.toytown.sample import sample_scene
from tests.examples import examples

TRIED = st.lists(
    st.builds(Tried, st.sampled_from(Skill), st.booleans(), st.integers(0, 5)), max_size=30
)  # fmt: skip
SCENES = [sample_scene(seed, style="complex") for seed in range(120)]


def asked(hope: Mapping[Skill, float], *, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return [wonder(scene, image_id="i", easy=False, rng=rng, hope=hope).skill for scene in SCENES]


def test_hope_is_what_the_formula_says() -> None:
    tried = [Tried(Skill.PLATE, stumped, 0) for stumped in (True, True, True, False)]
    tried += [Tried(Skill.PLATE, stumped, 1) for stumped in (True, False)]

    # the first hope counts for two questions, those of the last round for half of one each
    assert hopes(tried)[Skill.PLATE] == pytest.approx((1 + 3 + 0.5) / (2 + 4 + 1))


@settings(max_examples=examples(60))
@given(tried=TRIED, kind=st.sampled_from(Skill), rounds_ago=st.integers(0, 5))
def test_hope_rises_with_success_and_falls_with_failure_for_that_kind_alone(
    tried: list[Tried], kind: Skill, rounds_ago: int
) -> None:
    before = hopes(tried)
    won, lost = (hopes([*tried, Tried(kind, stumped, rounds_ago)]) for stumped in (True, False))

    assert lost[kind] < before[kind] < won[kind]
    assert all(won[other] == lost[other] == before[other] for other in Skill if other is not kind)
    assert all(0 < hope < 1 for hope in won.values())  # nothing is given up for good


@settings(max_examples=examples(60))
@given(tried=TRIED)
def test_hope_does_not_depend_on_the_order_and_fades_with_every_opponent(tried: list[Tried]) -> None:
    now, later = hopes(tried), hopes([one._replace(rounds_ago=one.rounds_ago + 1) for one in tried])

    assert hopes(tried[::-1]) == pytest.approx(now)
    assert all(abs(later[kind] - AT_FIRST) <= abs(now[kind] - AT_FIRST) for kind in Skill)


def test_somebody_without_a_memory_asks_by_curiosity_alone() -> None:
    assert asked(NO_MEMORY) == asked(dict.fromkeys(Skill, 1.0))


def test_players_come_back_to_what_worked_leave_what_did_not_and_still_try_it() -> None:
    stumped = hopes([Tried(Skill.COMPARE, True, 0)] * 20)
    learned = hopes([Tried(Skill.COMPARE, False, 0)] * 20)

    few, some, many = (asked(hope).count("compare") for hope in (learned, NO_MEMORY, stumped))

    assert few < some < many
    drawn = Counter(skill for seed in range(5) for skill in asked(learned, seed=seed))
    assert drawn["compare"] > 0
