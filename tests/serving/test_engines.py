"""Exports with real weights: merged says what the adapter says, graphs say what the checkpoint says."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

if importlib.util.find_spec("torch") is None:
    pytest.skip("the extra train (torch, transformers) is not installed", allow_module_level=True)

from stumper.errors import ModelRefused
from stumper.serving import Form, Origin, export_model, open_source
from stumper.vlm.onnx import SHIPPED
from tests.commands import stumper
from tests.tiny_models import save_adapter, save_checkpoint

pytestmark = pytest.mark.slow


def test_a_merged_adapter_plays_like_the_adapter_and_unlike_its_base(tmp_path: Path) -> None:
    base = save_checkpoint(tmp_path / "base")
    adapter = save_adapter(tmp_path / "adapter", base)
    words = ("models", "export", str(adapter), "--out", "out", "--to", "hf", "--to", "adapter")

    done = stumper(*words, "--check", "8", "--json", folder=tmp_path)

    told = json.loads(done.stdout)
    assert [(one["equal"], one["asked"]) for one in told["checks"]] == [(8, 8)], told
    assert told["to"] == ["hf", "adapter"]
    unlike = stumper(
        "models", "check", f"hf:{base}", f"hf:{tmp_path / 'out'}", "--pictures", "4", folder=tmp_path
    )
    assert unlike.returncode == 1
    on_base = stumper(
        "models", "check", f"hf:{tmp_path / 'out' / 'adapter'}", f"hf:{adapter}", "--pictures", "4",
        folder=tmp_path,
    )  # fmt: skip
    assert on_base.returncode == 0


def test_an_adapter_of_another_base_leaves_nothing_behind(tmp_path: Path) -> None:
    from dataclasses import replace

    from tests.tiny_models import SHAPE

    base = save_checkpoint(tmp_path / "base")
    other = save_checkpoint(tmp_path / "other", shape=replace(SHAPE, text_width=32))
    adapter = save_adapter(tmp_path / "adapter", base)
    config = adapter / "adapter_config.json"
    config.write_text(config.read_text().replace(str(base), str(other)))

    with pytest.raises(ModelRefused, match="does not fit its base"):
        export_model(open_source(str(adapter)), tmp_path / "out", forms=[Form.HF], origin=Origin())
    assert {path.name for path in tmp_path.iterdir()} == {"base", "other", "adapter"}


def test_the_shipped_model_is_exported_for_both_engines(tmp_path: Path) -> None:
    done = stumper(
        "models", "export", "onnx:", "--out", "o", "--to", "onnx", "--check", "16", folder=tmp_path
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("16 of 16 answers are equal") == 2
    assert (tmp_path / "o/model.safetensors").stat().st_size == (SHIPPED / "model.safetensors").stat().st_size
