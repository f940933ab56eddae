"""From a Hugging Face checkpoint to the folder that `vlm/engine.py` runs without torch.

Three graphs in the layout of onnx-community, made by the tracing exporter with an explicit cache. Weights are
stored in half precision, in the graphs and in safetensors; sums are made in single precision. Extra `train`.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stumper.toytown import model as tiny

if TYPE_CHECKING:
    import onnx
    import torch

OPSET: Final = 17
_SMALLEST_HALVED: Final = 256
"""Tensors below this many values stay as they are: shapes, scales and biases weigh nothing."""


def export(checkpoint: Path, out: Path) -> Path:
    """Writes checkpoint (half precision, processor) and `onnx/` graphs into `out`; returns `out`.

    `out` may be the checkpoint's own folder. Raises OSError if `checkpoint` holds no model.
    """
    import torch

    model, processor = tiny.load(checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    model.to(torch.float16).save_pretrained(out)
    processor.save_pretrained(out)
    # Back from the halved weights: both forms of the model then answer alike.
    model = model.float()
    model.set_attn_implementation("eager")
    graphs = out / "onnx"
    shutil.rmtree(graphs, ignore_errors=True)
    graphs.mkdir()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of every shape it reads
        _export_vision(model, graphs / "vision_encoder.onnx")
        _export_embeddings(model, graphs / "embed_tokens.onnx")
        _export_decoder(model, graphs / "decoder_model_merged.onnx")
    for graph in graphs.glob("*.onnx"):
        _halve(graph)
    return out


def _export_vision(model: Any, path: Path) -> None:
    import torch
    from torch import nn

    from stumper.toytown.pretrain import see

    class Eye(nn.Module):  # type: ignore[misc]  # torch is untyped for mypy here
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
            return see(self.model, pixel_values)

    side = model.config.vision_config.image_size
    _trace(
        Eye(), (torch.zeros(2, 3, side, side),), path, ["pixel_values"], ["image_features"], {0: "pictures"}
    )


def _export_embeddings(model: Any, path: Path) -> None:
    import torch

    axes = {0: "questions", 1: "length"}
    _trace(
        model.get_input_embeddings(),
        (torch.zeros(2, 3, dtype=torch.long),),
        path,
        ["input_ids"],
        ["inputs_embeds"],
        axes,
    )


def _export_decoder(model: Any, path: Path) -> None:
    import torch
    from torch import nn

    text = model.config.text_config
    layers, heads, width = (
        text.num_hidden_layers,
        text.num_key_value_heads,
        text.hidden_size // text.num_attention_heads,
    )

    class Decoder(nn.Module):  # type: ignore[misc]  # as above
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, states: Any, visible: Any, places: Any, *past: Any) -> Any:
            return decode(self.model, states, visible, places, past)

    names = [f"{layer}.{part}" for layer in range(layers) for part in ("key", "value")]
    inputs = [
        "inputs_embeds",
        "attention_mask",
        "position_ids",
        *(f"past_key_values.{name}" for name in names),
    ]
    outputs = ["logits", *(f"present.{name}" for name in names)]
    example = (
        torch.zeros(2, 3, text.hidden_size),
        torch.ones(2, 7, dtype=torch.long),
        torch.arange(4, 7).expand(2, 3),
        *(torch.zeros(2, heads, 4, width) for _ in names),
    )
    axes: dict[str, dict[int, str]] = {
        name: {0: "questions", 1: "length"} for name in (*inputs[:3], "logits")
    }
    axes["attention_mask"] = {0: "questions", 1: "total"}
    axes |= {name: {0: "questions", 2: "past"} for name in inputs[3:]}
    axes |= {name: {0: "questions", 2: "total"} for name in outputs[1:]}
    torch.onnx.export(
        Decoder().eval(), example, str(path), input_names=inputs, output_names=outputs,
        dynamic_axes=axes, opset_version=OPSET, dynamo=False,
    )  # fmt: skip


def decode(model: Any, states: Any, visible: Any, places: Any, past: tuple[Any, ...]) -> tuple[Any, ...]:
    """One pass of the text model with an explicit cache: logits of the last column, then keys and values."""
    import torch
    from transformers.models.llama.modeling_llama import rotate_half

    text = model.model.text_model
    cosine, sine = (turn[:, None] for turn in text.rotary_emb(states, places))
    length, total = states.shape[1], visible.shape[1]
    later = torch.triu(torch.ones(total, total), diagonal=1)[total - length :]
    mask = (later[None, None] + (1 - visible)[:, None, None, :].float()).clamp(max=1) * -1e4
    kept: list[Any] = []
    for number, layer in enumerate(text.layers):
        attention = layer.self_attn
        shape = (states.shape[0], length, -1, attention.head_dim)
        normal = layer.input_layernorm(states)
        queries, keys, values = (
            project(normal).view(shape).transpose(1, 2)
            for project in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        queries = queries * cosine + rotate_half(queries) * sine
        keys = torch.cat([past[2 * number], keys * cosine + rotate_half(keys) * sine], dim=2)
        values = torch.cat([past[2 * number + 1], values], dim=2)
        kept += [keys, values]
        weights = torch.softmax(queries @ keys.transpose(2, 3) * attention.scaling + mask, dim=-1)
        mixed = (weights @ values).transpose(1, 2).reshape(states.shape[0], length, -1)
        states = states + attention.o_proj(mixed)
        states = states + layer.mlp(layer.post_attention_layernorm(states))
    return model.lm_head(text.norm(states[:, -1:])), *kept


def _trace(
    module: torch.nn.Module,
    example: tuple[Any, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    axes: dict[int, str],
) -> None:
    import torch

    torch.onnx.export(
        module.eval(), example, str(path), input_names=inputs, output_names=outputs,
        dynamic_axes=dict.fromkeys((*inputs, *outputs), axes), opset_version=OPSET, dynamo=False,
    )  # fmt: skip


def _halve(path: Path) -> None:
    """Stores the large single-precision weights of a graph in half precision, widened again at loading."""
    import onnx

    model = onnx.load(path)
    casts = [
        _halve_one(tensor)
        for tensor in model.graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT and int(np.prod(tensor.dims)) >= _SMALLEST_HALVED
    ]
    # The casts come first, as a graph lists its nodes in the order they run.
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _halve_one(tensor: onnx.TensorProto) -> onnx.NodeProto:
    from onnx import TensorProto, helper, numpy_helper

    name = tensor.name
    small = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}.half")
    tensor.CopyFrom(small)
    return helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT)
