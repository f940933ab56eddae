"""Two processes train what one trains, to the same losses and weights; and they end together."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadSetting, JobFailed
from stumper.tune import STANDARD, TINY, Crew, Recipe, Strategy, meeting, together
from stumper.tune.lora import DONE
from stumper.tune.recipes import Method, Quantize
from tests.examples import examples
from tests.tune import small
from tests.tune.crew_run import Case, compare, fail_or_wait, tell_and_wait

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("trl") is None, reason="the extra train (torch, trl, peft) is not installed"
)
ROOT = Path(__file__).parents[2]
APART = Path(sys.prefix) / "families"
"""Where `make` puts torchvision and num2words."""
SEEN = APART.is_dir() or importlib.util.find_spec("torchvision") is not None
SMALL = {"rank": 4, "alpha": 4, "most_steps": 2, "rate": 1e-2, "replay_share": 0.0}
"""Validation is looked at after each update; where the recipe has patience the best one is kept."""
PAIRS = {"batch": 2, "accumulate": 2}
PREFERS = {"method": Method.DPO, "preference_rate": 1e-2, "epochs": 2, "most_steps": 3}
FAMILY = "qwen2-vl" if SEEN else "idefics3"
CASES = [
    Case("ddp", FAMILY, FAMILY, SMALL | PAIRS),
    Case("llava", "llava", "gap", SMALL | {"batch": 4, "accumulate": 1}),  # a batch is cut in two
    Case("tiny", "toytown", "tiny", SMALL | {"batch": 4, "accumulate": 1}, breaks=True),  # trains words
    Case("dpo", "llava", "gap", SMALL | PAIRS | PREFERS),
    Case("fsdp", FAMILY, FAMILY, SMALL | PAIRS, Strategy.FSDP, breaks=True),
]
CLOSE = 1e-5
"""Relative; what is added in another order differs in the last digit of single precision."""


# --- what each process takes


@given(
    batch=st.integers(1, 64), accumulate=st.integers(1, 64), size=st.integers(1, 16), rank=st.integers(0, 15)
)
@settings(max_examples=examples(100))
def test_the_shares_of_an_update_are_the_update(batch: int, accumulate: int, size: int, rank: int) -> None:
    recipe = replace(STANDARD, batch=batch, accumulate=accumulate)
    crew = Crew(rank=rank % size, size=size)
    if batch * accumulate % size:
        with pytest.raises(BadSetting, match="evenly"):
            crew.share(recipe)
        return

    share = crew.share(recipe)

    assert share.batch * share.accumulate * size == batch * accumulate
    assert 1 <= share.batch <= batch
    assert replace(share, batch=batch, accumulate=accumulate) == recipe
    if accumulate % size == 0:
        assert share.batch == batch


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (replace(TINY, words=False), "ahead.*--strategy ddp"),
        (replace(TINY, ahead=False), "embeddings.*--strategy ddp"),
        (replace(STANDARD, quantize=Quantize.FOUR_BIT), "4 bits.*--strategy ddp, or leave --quantize out"),
    ],
)
def test_what_cannot_lie_in_parts_is_refused(recipe: Recipe, told: str) -> None:
    trainer = SimpleNamespace(accelerator=None, is_fsdp_enabled=True)

    with pytest.raises(BadSetting, match=told):
        Crew(size=2, strategy=Strategy.FSDP).prepare(trainer, recipe)


def test_a_launchers_zero_3_is_refused_before_it_trains() -> None:
    state = SimpleNamespace(deepspeed_plugin=SimpleNamespace(zero_stage=3))
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(state=state), is_fsdp_enabled=False, is_deepspeed_enabled=True
    )

    with pytest.raises(BadSetting, match="--strategy fsdp"):
        Crew(size=2).prepare(trainer, STANDARD)


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize("strategy", [Strategy.FSDP, Strategy.ZERO2])
def test_a_strategy_for_several_is_refused_alone(strategy: Strategy) -> None:
    with pytest.raises(BadSetting, match="--processes 2"), meeting(strategy):
        pass


@pytest.mark.slow
@needs_torch
def test_accelerate_takes_the_strategies_settings() -> None:
    from accelerate.utils import FullyShardedDataParallelPlugin
    from accelerate.utils.deepspeed import HfDeepSpeedConfig

    assert HfDeepSpeedConfig(Strategy.ZERO2.settings()["deepspeed"]).is_zero2()
    sharded = dict(Strategy.FSDP.settings()["fsdp_config"])
    plugin = FullyShardedDataParallelPlugin(fsdp_version=sharded.pop("version"), **sharded)
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward


# --- the same losses and weights


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def runs(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every case, alone and together."""
    folder = tmp_path_factory.mktemp("crew")
    libraries = [str(APART)] if APART.is_dir() else []
    together(2, partial(compare, CASES, release, folder, libraries))
    return folder


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_two_processes_train_as_one(name: str, runs: Path) -> None:
    _assert_same_losses(runs, name)
    _assert_same_change(runs, name, next(case.base for case in CASES if case.name == name))


@pytest.mark.slow
@needs_torch
@pytest.mark.skipif(
    importlib.util.find_spec("deepspeed") is None, reason="deepspeed is not installed (no extra brings it)"
)
def test_zero_2_trains_as_one_process(release: Path, tmp_path: Path) -> None:
    settings = SMALL | PAIRS | {"patience": 1}
    cases = [Case("zero2", "llava", "gap", settings, Strategy.ZERO2, breaks=True)]

    together(2, partial(compare, cases, release, tmp_path, []))

    _assert_same_losses(tmp_path, "zero2")
    _assert_same_change(tmp_path, "zero2", "llava")


def _assert_same_losses(folder: Path, name: str) -> None:
    """Of training and validation, after every update; broken off and started again, it kept the first."""
    alone, both = (json.loads((folder / how / name / DONE).read_text()) for how in ("alone", "together"))
    assert [point[0] for point in both["curve"]] == list(range(1, both["steps"] + 1))
    assert len(both["curve"]) == len(alone["curve"]) >= 2
    for one, two in zip(alone["curve"], both["curve"], strict=True):
        assert two[1:3] == pytest.approx(one[1:3], rel=CLOSE)
    assert both["kept_step"] == alone["kept_step"]


def _assert_same_change(folder: Path, name: str, base: str) -> None:
    """What two processes changed differs from what one changed by at most a thousandth of it."""
    import torch
    from safetensors.torch import load_file

    places = (folder / "base-0" / base, folder / "alone" / name, folder / "together" / name)
    before, one, two = (load_file(place / "model.safetensors") for place in places)
    assert one.keys() == two.keys()
    changed = torch.cat([(one[key] - before[key]).flatten() for key in before])
    apart = torch.cat([(one[key] - two[key]).flatten() for key in before])
    assert changed.norm() > 0
    assert apart.norm() <= changed.norm() / 1000


# --- they end together


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize(
    ("how", "error", "told"),
    [
        ("refuse", BadSetting, "^The second one will not do that. Ask the first.$"),
        ("break", JobFailed, "^Process 2 of 2 failed: ZeroDivisionError: by nought"),
        ("kill", JobFailed, "^Process 2 of 2 was ended by SIGKILL.*--batch"),
    ],
)
def test_an_error_in_one_process_ends_all_and_is_told(how: str, error: type[Exception], told: str) -> None:
    began = time.monotonic()

    with pytest.raises(error, match=told):
        together(2, partial(fail_or_wait, how))

    assert time.monotonic() - began < 50  # nobody waited for the first one


@pytest.mark.slow
@needs_torch
def test_interrupted_it_ends_the_others(tmp_path: Path) -> None:
    def interrupt() -> None:
        _await(lambda: len(list(tmp_path.iterdir())) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        together(2, partial(tell_and_wait, tmp_path))

    assert not any(_lives(int(path.name.split("-")[0])) for path in tmp_path.iterdir())


@pytest.mark.slow
@needs_torch
def test_no_process_outlives_the_one_that_started_it(tmp_path: Path) -> None:
    code = (
        "from functools import partial; from pathlib import Path; import sys; "
        "from stumper.tune import together; from tests.tune.crew_run import tell_and_wait; "
        "together(2, partial(tell_and_wait, Path(sys.argv[1])))"
    )
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    parent = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "2"},
    )
    try:
        _await(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()

    told = [path.name.split("-") for path in tmp_path.iterdir()]
    assert [threads for _, threads in told] == ["1", "1"]  # each its share of two
    _await(lambda: not any(_lives(int(pid)) for pid, _ in told))


def _await(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
