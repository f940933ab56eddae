"""What to run: a script with the exact command lines, and VLMEvalKit's configuration files.

No key is written anywhere: the judge's address, name and key come from the environment of the script.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, Final

from stumper.errors import BadSetting, Conflict
from stumper.evaluate.benchmarks.ten import Asked, Benchmark, Harness
from stumper.release.paper import write_whole
from stumper.tune.recipes import model_config
from stumper.vlm.openai import places

SIDES: Final = ("before", "after")
SCRIPT: Final = "run.sh"

_KIT_CLASSES: Final = {
    "qwen2_vl": "Qwen2VLChat",
    "qwen2_5_vl": "Qwen2VLChat",
    "qwen3_vl": "Qwen3VLChat",
    "smolvlm": "SmolVLM",
    "idefics3": "IDEFICS2",
}
"""``vlmeval.vlm`` classes that take a checkpoint's folder as ``model_path``, by ``model_type``."""
_LMMS_MODELS: Final = {
    "qwen2_vl": "qwen2_vl",
    "qwen2_5_vl": "qwen2_5_vl",
    "qwen3_vl": "qwen3_vl",
    "llava": "llava_hf",
    "llava_next": "llava_hf",
    "minicpmv": "minicpm_v",
}
"""lmms-eval's models that take one as ``pretrained``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    harness: Harness
    base: str
    """``openai:URL#NAME`` or ``hf:FOLDER``."""
    tuned: str
    benchmarks: tuple[Benchmark, ...]
    model_class: str | None = None
    """The harness's own name for what loads ``hf:`` folders, where the family is not known here."""

    @property
    def judged(self) -> tuple[Benchmark, ...]:
        """Those that have no score without a judge."""
        return tuple(one for one in self.benchmarks if one.needs_judge(self.harness))

    def to_json(self) -> dict[str, Any]:
        names = [one.slug for one in self.benchmarks]
        return {"harness": self.harness, "base": self.base, "tuned": self.tuned, "benchmarks": names}


def write_plan(plan: Plan, folder: Path) -> list[Path]:
    """Writes ``run.sh``, what it needs and ``plan.json``; returns the files.

    Raises BadSetting for a reference that no harness can load, NotFound for a folder without a checkpoint,
    Conflict if the folder is the plan of other models: their results would be taken for these.
    """
    files = _files(plan)
    record = folder / "plan.json"
    if record.exists():
        _refuse_another(record, plan)
    written = [write_whole(folder / name, text) for name, text in files.items()]
    (folder / SCRIPT).chmod(0o755)
    return [*written, write_whole(record, json.dumps(plan.to_json(), indent=1) + "\n")]


def _refuse_another(record: Path, plan: Plan) -> None:
    try:
        there = json.loads(record.read_text(encoding="utf-8"))
        same = all(there.get(key) == plan.to_json()[key] for key in ("harness", "base", "tuned"))
    except (OSError, ValueError, AttributeError):
        same = False
    if not same:
        raise Conflict(
            f"{record.parent} is the plan of other models or another harness. Choose another --out."
        )


def _files(plan: Plan) -> dict[str, str]:
    if plan.harness is Harness.LMMS_EVAL:
        return {SCRIPT: _lmms_script(plan)}
    configs = {
        f"{side}.json": json.dumps(_kit_config(plan, side, ref), indent=1) + "\n"
        for side, ref in zip(SIDES, (plan.base, plan.tuned), strict=True)
    }
    return {SCRIPT: _kit_script(plan), **configs}


def _kit_config(plan: Plan, side: str, ref: str) -> dict[str, Any]:
    """Returns what ``run.py --config`` takes: the model's class and arguments, and the data sets."""
    scheme, where, name = _place(ref)
    if scheme == "openai":
        model: dict[str, Any] = {
            "class": "GPT4V",
            "model": name,
            "api_base": f"{where}/chat/completions",
            "key": "sk-none",  # else it would send the judge's key to this address
            "temperature": 0,
            "max_tokens": 2048,
            "img_size": -1,  # else every picture is shrunk to 512 pixels
            "img_detail": "high",
            "timeout": 300,
        }
    else:
        model = {"class": _loader(plan, Path(where), _KIT_CLASSES), "model_path": where}
    data = {
        one.cell.datasets[0]: {"class": one.cell.kind, "dataset": one.cell.datasets[0]}
        for one in plan.benchmarks
    }
    return {"model": {side: model}, "data": data}


def _kit_script(plan: Plan) -> str:
    lines = [
        *_head(plan),
        "# Once, in an environment of its own:",
        "#   git clone https://github.com/open-compass/VLMEvalKit && cd VLMEvalKit",
        "#   python3 -m venv .venv && .venv/bin/pip install -e .",
        ': "${VLMEVALKIT:?folder of a VLMEvalKit clone}"',
        'VLMEVALKIT="$(cd "$VLMEVALKIT" && pwd)"',
        'python="${PYTHON:-$VLMEVALKIT/.venv/bin/python}"',
    ]
    if plan.judged:
        # it asks the judge under the name in LOCAL_LLM, and wants the whole address
        lines += ['export OPENAI_API_BASE="$JUDGE_URL/chat/completions" LOCAL_LLM="$JUDGE_MODEL"']
    lines.append('cd "$VLMEVALKIT"')
    more = "--api-nproc 8 --reuse" + ("" if plan.judged else " --judge exact_matching")
    for side in SIDES:
        lines.append(f'"$python" run.py --config "$here/{side}.json" --work-dir "$here/{side}" {more}')
    return "\n".join([*lines, *_tail()])


def _lmms_script(plan: Plan) -> str:
    lines = [
        *_head(plan),
        "# Once, in an environment of its own:",
        "#   python3 -m venv lmms",
        "#   lmms/bin/pip install git+https://github.com/EvolvingLMMs-Lab/lmms-eval.git",
        ': "${LMMS_EVAL_PYTHON:?python of the environment that holds lmms-eval, 0.4 or newer}"',
        'export OPENAI_API_KEY="${OPENAI_API_KEY:-none}"',
    ]
    if plan.judged:
        lines += ['export API_TYPE=openai MODEL_VERSION="$JUDGE_MODEL"']
    if any(one.slug == "hallusionbench" for one in plan.benchmarks):
        lines += [
            "# HallusionBench asks the judge under the name gpt-4: let its server know it by this name too."
        ]
    for side, ref in zip(SIDES, (plan.base, plan.tuned), strict=True):
        lines += _lmms_side(plan, side, ref)
    return "\n".join([*lines, *_tail()])


def _lmms_side(plan: Plan, side: str, ref: str) -> list[str]:
    scheme, where, name = _place(ref)
    lines = ["", f"# {side}"]
    if scheme == "openai":
        lines += [f"export OPENAI_API_BASE={quote(where)}"]
        model, arguments = "openai_compatible", f"model_version={name}"
    else:
        model, arguments = _loader(plan, Path(where), _LMMS_MODELS), f"pretrained={where}"
    if "," in arguments or arguments.count("=") > 1:
        raise BadSetting(
            f"{ref!r} holds a comma or '=', which lmms-eval takes apart. Give the model another name."
        )
    for asked, address in (
        (Asked.NOT, ""),
        (Asked.BY_CLIENT, "$JUDGE_URL"),
        (Asked.BY_POST, "$JUDGE_URL/chat/completions"),
    ):
        tasks = ",".join(one.metric.task for one in plan.benchmarks if one.metric.asked is asked)
        if tasks:
            judge = f'OPENAI_API_URL="{address}" ' if address else ""
            lines.append(
                f'{judge}"$LMMS_EVAL_PYTHON" -m lmms_eval --model {quote(model)} '
                f"--model_args {quote(arguments)} --tasks {tasks} "
                f'--batch_size 1 --log_samples --output_path "$here/{side}"'
            )
    return lines


def _head(plan: Plan) -> list[str]:
    lines = [
        "#!/usr/bin/env bash",
        f"# {len(plan.benchmarks)} benchmarks before and after tuning. Run again to go on.",
        "set -eu",
        'here="$(cd "$(dirname "$0")" && pwd)"',
    ]
    if plan.judged:
        names = ", ".join(one.name for one in plan.judged)
        lines += [
            f"# A judge scores {names}. Any OpenAI-compatible server will do; the same one before and after.",
            ': "${JUDGE_URL:?address of the judge up to /v1}" "${JUDGE_MODEL:?its name for the judge}"',
            ': "${OPENAI_API_KEY:?key of the judge; sk-none for a server without keys}"',
        ]
    return lines


def _tail() -> list[str]:
    return ["", 'echo "Read the results: stumper benchmarks read $here"', ""]


def _place(ref: str) -> tuple[str, str, str]:
    """Returns scheme, address or folder, and name. Raises BadSetting for what no harness can load."""
    scheme, _, rest = ref.partition(":")
    if scheme == "openai":
        return scheme, *places(rest)[0][0]
    if scheme == "hf":
        return scheme, str(Path(rest).expanduser().resolve()), ""
    raise BadSetting(
        f"{ref!r} cannot be loaded by another harness. Give hf:FOLDER of a checkpoint, or serve the model "
        "(vllm serve FOLDER) and give openai:URL#NAME."
    )


def _loader(plan: Plan, folder: Path, known: dict[str, str]) -> str:
    """Returns the harness's name for what loads this checkpoint. Raises BadSetting, NotFound."""
    if (folder / "adapter_config.json").exists():
        raise BadSetting(
            f"{folder} is a LoRA adapter, which the harness does not load. Give the merged checkpoint."
        )
    kind = model_config(folder).get("model_type")
    if name := plan.model_class or known.get(str(kind)):
        return name
    raise BadSetting(
        f"Which class of {plan.harness.called} loads a {kind!r} checkpoint is not known here. Say "
        f"--model-class NAME, or serve it (vllm serve {folder}) and give openai:URL#NAME."
    )
