"""The script runs what it says: its command lines are taken down by a stand-in for the harness."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stumper.errors import BadSetting, Conflict, NotFound
from stumper.evaluate.benchmarks import Harness, Plan, write_plan
from stumper.evaluate.benchmarks.ten import chosen

BASE, TUNED = "openai:http://127.0.0.1:8000/v1#base", "openai:http://127.0.0.1:8001/v1#it's tuned"
JUDGE = {"JUDGE_URL": "http://judge/v1", "JUDGE_MODEL": "grader", "OPENAI_API_KEY": "sk-secret"}
TOLD = ("OPENAI_API_BASE", "OPENAI_API_URL", "LOCAL_LLM", "MODEL_VERSION", "OPENAI_API_KEY")


def plan(harness: Harness, *only: str, **more: Any) -> Plan:
    return Plan(**{"harness": harness, "base": BASE, "tuned": TUNED, "benchmarks": chosen(only), **more})


def checkpoint(folder: Path, kind: str) -> str:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": kind, "vision_config": {"depth": 1}}))
    return f"hf:{folder}"


def ran(folder: Path, **environment: str) -> tuple[list[dict[str, Any]], subprocess.CompletedProcess[str]]:
    """Runs the script with a stand-in for the harness's Python; returns what that was called with."""
    log = folder / "calls"
    kit = folder / "kit"
    python = kit / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    told = "".join(f'printf "%s\\037" "{name}=${{{name}:-}}" >> {log}\n' for name in TOLD)
    python.write_text(f'#!/bin/sh\n{told}printf "%s\\037" "$@" >> {log}\nprintf "\\n" >> {log}\n')
    python.chmod(0o755)
    found = subprocess.run(
        [folder / "run.sh"],
        env={
            "PATH": os.environ["PATH"],
            "VLMEVALKIT": str(kit),
            "LMMS_EVAL_PYTHON": str(python),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    calls = []
    for line in log.read_text().splitlines() if log.exists() else ():
        words = line.split("\x1f")[:-1]
        calls.append({**dict(word.split("=", 1) for word in words[: len(TOLD)]), "words": words[len(TOLD) :]})
    return calls, found


def after(call: dict[str, Any], option: str) -> str:
    words: list[str] = call["words"]
    return words[words.index(option) + 1]


def test_vlmevalkit_is_run_on_both_models_with_the_judge_of_the_environment(tmp_path: Path) -> None:
    write_plan(plan(Harness.VLMEVALKIT), tmp_path)

    calls, found = ran(tmp_path, **JUDGE)

    assert found.returncode == 0, found.stderr
    assert [call["words"][0] for call in calls] == ["run.py", "run.py"]
    assert [after(call, "--work-dir") for call in calls] == [f"{tmp_path}/before", f"{tmp_path}/after"]
    assert {call["OPENAI_API_BASE"] for call in calls} == {"http://judge/v1/chat/completions"}
    assert {call["LOCAL_LLM"] for call in calls} == {"grader"}
    config = json.loads(Path(after(calls[1], "--config")).read_text())
    assert config["model"]["after"] == {
        "class": "GPT4V", "model": "it's tuned", "api_base": "http://127.0.0.1:8001/v1/chat/completions",
        "key": "sk-none", "temperature": 0, "max_tokens": 2048, "img_size": -1, "img_detail": "high",
        "timeout": 300,
    }  # fmt: skip
    assert len(config["data"]) == 10
    assert config["data"]["MMMU_DEV_VAL"] == {"class": "MMMUDataset", "dataset": "MMMU_DEV_VAL"}


def test_lmms_eval_gets_the_judges_address_as_each_task_reads_it(tmp_path: Path) -> None:
    write_plan(plan(Harness.LMMS_EVAL), tmp_path)

    calls, found = ran(tmp_path, **JUDGE)

    assert found.returncode == 0, found.stderr
    by_tasks = {after(call, "--tasks"): call["OPENAI_API_URL"] for call in calls[:3]}
    assert by_tasks == {
        "ocrbench,mme,realworldqa,textvqa_val,mmmu_val,docvqa_val": "",
        "llava_in_the_wild,mmvet": "http://judge/v1",
        "mmbench_en_dev,hallusion_bench_image": "http://judge/v1/chat/completions",
    }
    assert len(calls) == 6
    assert {after(call, "--model") for call in calls} == {"openai_compatible"}
    assert after(calls[5], "--model_args") == "model_version=it's tuned"
    assert calls[5]["OPENAI_API_BASE"] == "http://127.0.0.1:8001/v1"
    assert after(calls[5], "--output_path") == f"{tmp_path}/after"
    assert {call["MODEL_VERSION"] for call in calls} == {"grader"}


@pytest.mark.parametrize("harness", Harness)
def test_a_judge_is_asked_for_only_where_one_is_needed(tmp_path: Path, harness: Harness) -> None:
    write_plan(plan(harness), tmp_path / "all")
    calls, found = ran(tmp_path / "all")
    assert found.returncode != 0
    assert not calls
    assert "JUDGE_URL: address of the judge" in found.stderr

    write_plan(plan(harness, "mme", "docvqa"), tmp_path / "two")
    calls, found = ran(tmp_path / "two")
    assert found.returncode == 0, found.stderr
    assert len(calls) == 2


@pytest.mark.parametrize("harness", Harness)
def test_no_key_is_written(tmp_path: Path, harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in JUDGE.items():
        monkeypatch.setenv(name, value)
    files = write_plan(plan(harness), tmp_path)

    assert not any("secret" in path.read_text() for path in files)


def test_a_checkpoints_folder_is_loaded_by_its_familys_class(tmp_path: Path) -> None:
    base, tuned = checkpoint(tmp_path / "b", "qwen2_5_vl"), checkpoint(tmp_path / "t", "qwen2_5_vl")

    write_plan(plan(Harness.VLMEVALKIT, base=base, tuned=tuned), tmp_path / "kit")
    write_plan(plan(Harness.LMMS_EVAL, "mme", base=base, tuned=tuned), tmp_path / "lmms")

    config = json.loads((tmp_path / "kit" / "before.json").read_text())
    assert config["model"] == {"before": {"class": "Qwen2VLChat", "model_path": str(tmp_path / "b")}}
    calls, _ = ran(tmp_path / "lmms")
    assert after(calls[1], "--model") == "qwen2_5_vl"
    assert after(calls[1], "--model_args") == f"pretrained={tmp_path / 't'}"


def test_models_that_no_harness_loads_are_refused_before_hours_are_spent(tmp_path: Path) -> None:
    odd = checkpoint(tmp_path / "odd", "brand_new")
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    for more, error, says in (
        ({"base": "onnx:"}, BadSetting, "'onnx:' cannot be loaded.*openai:URL#NAME"),
        ({"base": odd}, BadSetting, "brand_new.*--model-class"),
        ({"base": f"hf:{tmp_path}/adapter"}, BadSetting, "LoRA adapter.*merged"),
        ({"base": f"hf:{tmp_path}/none"}, NotFound, "no config.json"),
        ({"base": "openai:http://host/v1"}, BadSetting, "after '#'"),
    ):
        with pytest.raises(error, match=says):
            write_plan(plan(Harness.VLMEVALKIT, **more), tmp_path / "out")
    with pytest.raises(BadSetting, match="comma"):
        write_plan(plan(Harness.LMMS_EVAL, base="openai:http://host/v1#a,b"), tmp_path / "out")
    with pytest.raises(BadSetting, match=r"no benchmark 'mme2'.*llava-bench"):
        chosen(["mme2"])
    assert not (tmp_path / "out").exists()

    write_plan(plan(Harness.VLMEVALKIT, base=odd, model_class="BrandNew"), tmp_path / "out")
    assert "BrandNew" in (tmp_path / "out" / "before.json").read_text()


def test_a_plan_is_not_written_over_one_of_other_models(tmp_path: Path) -> None:
    write_plan(plan(Harness.VLMEVALKIT), tmp_path)
    write_plan(plan(Harness.VLMEVALKIT, "mme"), tmp_path)

    with pytest.raises(Conflict, match="other models or another harness"):
        write_plan(plan(Harness.VLMEVALKIT, tuned="openai:http://127.0.0.1:8001/v1#third"), tmp_path)
