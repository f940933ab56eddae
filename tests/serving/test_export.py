"""An export is whole, clean and told, or it is not there."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stumper.errors import BadInput, BadSetting
from stumper.serving import Form, Origin, export_model, open_source
from tests.serving.folders import TOYTOWN, adapter, checkpoint

NOWHERE = Origin()


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_whole_model_is_copied_without_what_the_run_left(tmp_path: Path) -> None:
    source = checkpoint(tmp_path / "m", {**TOYTOWN, "architectures": ["SmolVLMForConditionalGeneration"]})

    made = export_model(open_source(str(source)), tmp_path / "out", forms=[], origin=NOWHERE)

    out = tmp_path / "out"
    kept = files(source) - {"tuned.json"}
    assert files(out) == kept | {"README.md", "generation_config.json"}
    assert (out / "model.safetensors").read_bytes() == (source / "model.safetensors").read_bytes()
    assert json.loads((out / "config.json").read_text())["use_cache"] is True
    assert json.loads((out / "generation_config.json").read_text()) == {"eos_token_id": 2, "do_sample": False}
    assert made.refs == (f"hf:{out}",)
    assert (made.forms, made.served) == ((Form.HF,), "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "out"]


def test_files_can_be_read_by_whoever_serves_them(tmp_path: Path) -> None:
    source = checkpoint(tmp_path / "m")
    (source / "model.safetensors").chmod(0o600)

    export_model(open_source(str(source)), tmp_path / "out", forms=[Form.VLLM], origin=NOWHERE)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()}
    assert modes["model.safetensors"] == 0o644
    assert modes["serve.sh"] == 0o755


def test_vllm_gets_a_command_and_stumper_its_reference(tmp_path: Path) -> None:
    out = tmp_path / "birds-2"

    made = export_model(open_source(str(checkpoint(tmp_path / "m"))), out, forms=[Form.VLLM], origin=NOWHERE)

    assert made.served == "openai:http://127.0.0.1:8000/v1#birds-2"
    assert made.forms == (Form.HF, Form.VLLM)
    said = _run_with_fake_vllm(out, tmp_path, "--max-model-len", "4096")
    assert said == [
        "serve", str(out), "--served-model-name", "birds-2", "--host", "127.0.0.1", "--port", "8000",
        "--max-model-len", "4096",
    ]  # fmt: skip


def test_an_adapter_is_served_on_its_base(tmp_path: Path) -> None:
    base, out = checkpoint(tmp_path / "base"), tmp_path / "out"
    source = open_source(str(adapter(tmp_path / "a", "../base")))

    made = export_model(source, out, forms=[Form.ADAPTER, Form.VLLM], origin=NOWHERE)

    config = json.loads((out / "adapter/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(base)
    assert files(out) == {"README.md", "serve.sh", "adapter/adapter_config.json",
                          "adapter/adapter_model.safetensors"}  # fmt: skip
    assert made.refs == (f"hf:{out / 'adapter'}",)
    said = _run_with_fake_vllm(out, tmp_path)
    assert said[:2] == ["serve", str(base)]
    assert f"out={out}/adapter" in said


def _run_with_fake_vllm(out: Path, folder: Path, *words: str) -> list[str]:
    """Runs serve.sh from elsewhere; returns the words that vLLM would get."""
    fake = folder / "bin" / "vllm"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    path = f"{fake.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", str(out / "serve.sh"), *words],
        capture_output=True, text=True, check=True, cwd="/", env={"PATH": path},
    )  # fmt: skip
    return done.stdout.splitlines()


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    source = open_source(str(checkpoint(tmp_path / "m")))
    export_model(source, tmp_path / "out", forms=[], origin=NOWHERE)

    with pytest.raises(BadInput, match="is there already"):
        export_model(source, tmp_path / "out", forms=[], origin=NOWHERE)


@pytest.mark.parametrize("forms", [[Form.ADAPTER], [Form.ONNX], [Form.ONNX, Form.HF]])
def test_what_cannot_be_made_of_this_model_writes_nothing(tmp_path: Path, forms: list[Form]) -> None:
    source = open_source(str(checkpoint(tmp_path / "m")))

    with pytest.raises(BadSetting):
        export_model(source, tmp_path / "out", forms=forms, origin=NOWHERE)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(str(checkpoint(tmp_path / "m")))
    copied: list[str] = []

    def full(of: Path, to: Path) -> None:
        copied.append(to.name)
        if len(copied) > 1:
            raise OSError(errno.ENOSPC, "No space left on device", str(to))
        to.write_bytes(of.read_bytes())

    monkeypatch.setattr(shutil, "copyfile", full)

    with pytest.raises(BadInput, match="too full; nothing was written"):
        export_model(source, tmp_path / "out", forms=[], origin=NOWHERE)
    assert len(copied) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_disk_without_room_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(str(checkpoint(tmp_path / "m")))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=source.weight_bytes))
    monkeypatch.setattr(shutil, "copyfile", lambda *_: pytest.fail("nothing is to be copied"))

    with pytest.raises(BadInput, match="too full"):
        export_model(source, tmp_path / "deep" / "out", forms=[], origin=NOWHERE)


def test_a_killed_export_leaves_no_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_source(str(checkpoint(tmp_path / "m")))

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "copyfile", killed)

    with pytest.raises(KeyboardInterrupt):
        export_model(source, tmp_path / "out", forms=[], origin=NOWHERE)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
