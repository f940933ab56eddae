"""``stumper models export``: a tuned model as a folder that others serve; it appears whole or not at all.

`source` looks at what is there, `vllm` and `embedded` refuse what would not run, before anything is written.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from stumper.errors import BadInput, BadSetting
from stumper.release.export.writing import whole
from stumper.serving import embedded, vllm
from stumper.serving.card import card
from stumper.serving.checkpoint import tidy, write_adapter, write_whole_model
from stumper.serving.origin import Origin
from stumper.serving.source import Source

_ROOM: Final = 1.2
"""Free disk that is asked for, times the bytes that will be written."""


class Form(StrEnum):
    """What an export is for."""

    HF = "hf"
    ADAPTER = "adapter"
    ONNX = "onnx"
    VLLM = "vllm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export that is done."""

    folder: Path
    forms: tuple[Form, ...]
    refs: tuple[str, ...]
    """References under which it is played on this machine, best first."""
    served: str = ""
    """The reference once ``serve.sh`` runs; empty without one."""


def export_model(
    source: Source,
    target: Path,
    *,
    forms: Sequence[Form],
    origin: Origin,
    licence: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Writes the model into ``target``, which must not be there; returns how it is played.

    A whole model lies in the folder itself (``onnx/`` beside it), an adapter in ``adapter/``. ``serve.sh`` is
    vLLM's command. ``licence`` is the model's, ``say`` hears what is being done. Raises BadSetting for what
    cannot be made of this model, ModelRefused for an adapter of another base, BadInput for a target that is
    there or cannot be written; then nothing is left.
    """
    chosen = _chosen(source, forms)
    name = served_name(target)
    _refuse(source, chosen)
    _need_room(source, target, chosen)
    with whole(target) as folder:
        try:
            _write(source, folder, chosen, say)
        except Exception as error:  # safetensors and torch have no class of their own for a full disk
            if "no space left" not in str(error).lower():
                raise
            raise _full(target) from error
        if Form.VLLM in chosen:
            _write_script(source, folder, chosen, name, origin)
        uses = _uses(source, target, chosen, name)
        text = card(name, origin, base=source.base, licence=licence, whole=_whole(chosen), uses=uses)
        (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
        _open_to_readers(folder)
    played = tuple(ref for _, ref in _refs(target, chosen))
    served = vllm.ref(name) if Form.VLLM in chosen else ""
    return Exported(folder=target, forms=tuple(chosen), refs=played, served=served)


def served_name(target: Path) -> str:
    """The folder's name as it may stand in a reference and in a shell."""
    return re.sub(r"[^\w.-]+", "-", target.resolve().name).strip("-.") or "model"


def _chosen(source: Source, forms: Sequence[Form]) -> list[Form]:
    """Without a choice a whole model; the graphs, and vLLM without an adapter, need one too."""
    wanted = set(forms) or {Form.HF}
    if Form.ADAPTER in wanted and source.base is None:
        raise BadSetting(
            f"{source.folder} is a whole model; no run kept its adapter. Leave out --to adapter, or tune "
            "with an adapter that is kept."
        )
    if Form.ONNX in wanted or wanted == {Form.VLLM}:
        wanted.add(Form.HF)
    return [form for form in Form if form in wanted]


def _whole(chosen: Sequence[Form]) -> bool:
    return Form.HF in chosen


def _refuse(source: Source, chosen: Sequence[Form]) -> None:
    if Form.ONNX in chosen:
        embedded.refuse_model(source)
    if Form.VLLM in chosen:
        vllm.refuse_model(source)
        if not _whole(chosen):
            vllm.refuse_adapter(source)


def _need_room(source: Source, target: Path, chosen: Sequence[Form]) -> None:
    needed = source.weight_bytes * (int(_whole(chosen)) + int(Form.ONNX in chosen))
    place = next((one for one in (target, *target.resolve().parents) if one.is_dir()), Path("/"))
    if needed * _ROOM > shutil.disk_usage(place).free:
        raise _full(target)


def _full(target: Path) -> BadInput:
    return BadInput(
        f"The disk of {target} is too full; nothing was written there. Free some room, or name a folder on "
        "another disk."
    )


def _write(source: Source, folder: Path, chosen: Sequence[Form], say: Callable[[str], None]) -> None:
    if Form.HF in chosen:
        say("merging" if source.base else "copying")
        write_whole_model(source, folder)
    if Form.ADAPTER in chosen:
        write_adapter(source, folder / "adapter")
    if Form.ONNX in chosen:
        from transformers.utils.logging import disable_progress_bar

        from stumper.toytown.export import export

        say("drawing the graphs")
        disable_progress_bar()
        export(folder, folder)
        tidy(folder)


def _write_script(source: Source, folder: Path, chosen: Sequence[Form], name: str, origin: Origin) -> None:
    if _whole(chosen):
        command = vllm.serve_model(name)
    else:
        command = vllm.serve_adapter(name, source, recipe=origin.recipe)
    script = folder / "serve.sh"
    script.write_text(vllm.script(command), encoding="utf-8", newline="\n")
    script.chmod(0o755)


def _open_to_readers(folder: Path) -> None:
    """safetensors makes its files private, and a server may run as somebody else."""
    for path in folder.rglob("*"):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))


def _refs(target: Path, chosen: Sequence[Form]) -> list[tuple[str, str]]:
    place = target.resolve()
    found = [("Play it without torch", f"onnx:{place}")] if Form.ONNX in chosen else []
    if _whole(chosen):
        return [*found, ("Play it with transformers", f"hf:{place}")]
    return [*found, ("Play it with transformers, on its base", f"hf:{place / 'adapter'}")]


def _uses(source: Source, target: Path, chosen: Sequence[Form], name: str) -> list[tuple[str, str]]:
    # A card travels: its commands name the folder, not where it lay.
    refs = [
        (what, f"stumper models check {ref.replace(str(target.resolve()), target.resolve().name)}")
        for what, ref in _refs(target, chosen)
    ]
    if Form.VLLM not in chosen:
        return refs
    serve = "Serve it with vLLM" + ("" if _whole(chosen) else f" as a LoRA module of {source.base}")
    return [*refs, (serve, "sh serve.sh"), ("Then play it", f"stumper models check {vllm.ref(name)}")]
