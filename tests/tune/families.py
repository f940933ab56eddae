"""Vision-language models of a few thousand random weights, one of every family that has a recipe.

Their processors are built here too, so nothing is downloaded. The answers are noise; shapes, names of layers,
chat templates and what is saved are those of the real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import CONFIG_MAPPING, AutoModelForImageTextToText, PreTrainedTokenizerFast, set_seed

TEXT: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
SEES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}
MROPE: dict[str, Any] = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
_CHAT = (
    "{% for message in messages %}{% if message['role'] == 'user' %}<s>{% endif %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}PICTURE{% else %}"
    "{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "{% if message['role'] == 'assistant' %}</s>{% endif %}{% endfor %}"
)


class Family(NamedTuple):
    config: Any
    processor: Any


def tokenizer(*special: str, **named: str) -> PreTrainedTokenizerFast:
    """Bytes and a handful of special tokens."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<pad>", "<s>", "</s>", *special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(["what colour is the cat? red"], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        extra_special_tokens=named or None,
    )


def chat(picture: str) -> str:
    return _CHAT.replace("PICTURE", picture)


def _qwen(kind: str, patch: int, vision: dict[str, Any], text: dict[str, Any]) -> Family:
    import transformers

    words = tokenizer("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    id_of = words.convert_tokens_to_ids
    config = CONFIG_MAPPING[kind](
        vision_config={"num_heads": 2, "patch_size": patch, **vision},
        text_config={**TEXT, "vocab_size": len(words), **text},
        image_token_id=id_of("<|image_pad|>"),
        video_token_id=id_of("<|video_pad|>"),
        vision_start_token_id=id_of("<|vision_start|>"),
        vision_end_token_id=id_of("<|vision_end|>"),
        bos_token_id=1,
        eos_token_id=2,
    )
    name = {"qwen2_vl": "Qwen2VL", "qwen2_5_vl": "Qwen2_5_VL", "qwen3_vl": "Qwen3VL"}[kind]
    cut = {"patch_size": patch, "merge_size": 2, "temporal_patch_size": 2}
    least, most = 4 * patch**2, 16 * patch**2
    video = transformers.Qwen3VLVideoProcessor if kind == "qwen3_vl" else transformers.Qwen2VLVideoProcessor
    processor = getattr(transformers, f"{name}Processor")(
        transformers.Qwen2VLImageProcessor(**cut, min_pixels=least, max_pixels=most),
        words,
        video(**cut),
        chat_template=chat("<|vision_start|><|image_pad|><|vision_end|>"),
    )
    return Family(config, processor)


def qwen2_vl() -> Family:
    vision = {"depth": 1, "embed_dim": 32, "hidden_size": 32, "mlp_ratio": 2}
    return _qwen("qwen2_vl", 14, vision, {"rope_parameters": MROPE})


def qwen2_5_vl() -> Family:
    vision = {
        "depth": 1,
        "hidden_size": 32,
        "intermediate_size": 64,
        "out_hidden_size": 32,
        "fullatt_block_indexes": [0],
        "window_size": 56,
    }
    return _qwen("qwen2_5_vl", 14, vision, {"rope_parameters": MROPE})


def qwen3_vl() -> Family:
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "out_hidden_size": 32,
        "deepstack_visual_indexes": [0],
        "num_position_embeddings": 64,
    }
    turns = {**MROPE, "mrope_interleaved": True}
    return _qwen("qwen3_vl", 16, vision, {"head_dim": 8, "rope_parameters": turns})


def llava() -> Family:
    from transformers import CLIPImageProcessor, LlavaProcessor

    words = tokenizer("<image>")
    config = CONFIG_MAPPING["llava"](
        vision_config={
            "model_type": "clip_vision_model",
            **SEES,
            "image_size": 28,
            "patch_size": 14,
            "projection_dim": 32,
            "num_hidden_layers": 2,
        },
        text_config={"model_type": "llama", **TEXT, "vocab_size": len(words)},
        image_token_id=words.convert_tokens_to_ids("<image>"),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        vision_feature_select_strategy="default",
        vision_feature_layer=-2,
    )
    side = {"height": 28, "width": 28}
    processor = LlavaProcessor(
        CLIPImageProcessor(size={"shortest_edge": 28}, crop_size=side),
        words,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=chat("<image>"),
    )
    return Family(config, processor)


def internvl() -> Family:
    import transformers

    marks = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    words = tokenizer(*marks.values(), **marks)
    config = CONFIG_MAPPING["internvl"](
        vision_config={**SEES, "image_size": [28, 28], "patch_size": [14, 14]},
        text_config={"model_type": "qwen2", **TEXT, "vocab_size": len(words)},
        image_token_id=words.convert_tokens_to_ids("<IMG_CONTEXT>"),
        downsample_ratio=0.5,
    )
    side = {"height": 28, "width": 28}
    processor = transformers.InternVLProcessor(
        transformers.GotOcr2ImageProcessor(size=side, crop_to_patches=False),
        words,
        transformers.InternVLVideoProcessor(size=side),
        image_seq_length=1,
        chat_template=chat("<IMG_CONTEXT>"),
    )
    return Family(config, processor)


_LOOK = ("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", "<row_1_col_1>")


def _idefics(kind: str) -> Any:
    words = tokenizer(*_LOOK)
    config = CONFIG_MAPPING[kind](
        vision_config={**SEES, "image_size": 28, "patch_size": 14},
        text_config={"model_type": "llama", **TEXT, "vocab_size": len(words)},
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=0,
    )
    return words, config


def idefics3() -> Family:
    import transformers

    words, config = _idefics("idefics3")
    eyes = transformers.Idefics3ImageProcessor(
        size={"longest_edge": 28}, max_image_size={"longest_edge": 28}, do_image_splitting=False
    )
    return Family(
        config, transformers.Idefics3Processor(eyes, words, image_seq_len=1, chat_template=chat("<image>"))
    )


def smolvlm() -> Family:
    import transformers

    words, config = _idefics("smolvlm")
    eyes = transformers.SmolVLMImageProcessor(
        size={"longest_edge": 28}, max_image_size={"longest_edge": 28}, do_image_splitting=False
    )
    video = transformers.SmolVLMVideoProcessor(size={"longest_edge": 28}, max_image_size={"longest_edge": 28})
    return Family(
        config,
        transformers.SmolVLMProcessor(eyes, words, video, image_seq_len=1, chat_template=chat("<image>")),
    )


def minicpm_v() -> Family:
    import transformers

    names = {
        f"{part}_token": f"<{mark}>"
        for part, mark in (
            ("image", "image_pad"), ("image_start", "image"), ("image_end", "/image"),
            ("slice_start", "slice"), ("slice_end", "/slice"),
            ("image_id_start", "image_id"), ("image_id_end", "/image_id"), ("video", "video_pad"),
        )
    }  # fmt: skip
    words = tokenizer(*names.values(), **names)
    config = CONFIG_MAPPING["minicpmv4_6"](
        vision_config={**SEES, "image_size": 56, "patch_size": 14},
        text_config={**TEXT, "vocab_size": len(words), "layer_types": ["linear_attention", "full_attention"]},
        image_token_id=words.convert_tokens_to_ids("<image_pad>"),
        video_token_id=words.convert_tokens_to_ids("<video_pad>"),
    )
    processor = transformers.MiniCPMV4_6Processor(
        transformers.MiniCPMV4_6ImageProcessor(scale_resolution=56, patch_size=14, max_slice_nums=1),
        transformers.MiniCPMV4_6VideoProcessor(scale_resolution=56, patch_size=14),
        words,
        chat_template=chat("<image_pad>"),
    )
    return Family(config, processor)


EASY = ("idefics3", "llava")
"""Their processors need neither torchvision nor num2words."""
FAMILIES: dict[str, Callable[[], Family]] = {
    "smolvlm": smolvlm,
    "idefics3": idefics3,
    "qwen2-vl": qwen2_vl,
    "qwen2.5-vl": qwen2_5_vl,
    "qwen3-vl": qwen3_vl,
    "llava": llava,
    "internvl": internvl,
    "minicpm-v": minicpm_v,
}


def build(name: str, folder: Path, *, seed: int = 1) -> Path:
    """Saves a model of the family with its processor; returns the folder."""
    family = FAMILIES[name]()
    set_seed(seed)
    AutoModelForImageTextToText.from_config(family.config).save_pretrained(folder)
    family.processor.save_pretrained(folder)
    return folder
