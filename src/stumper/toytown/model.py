"""The shape of Toytown's tiny vision-language model: tokenizer, processor, configuration, fresh weights.

A standard Idefics3 of about two million parameters, so that transformers, TRL, PEFT and `transformers serve`
load it like any larger model. The chat template puts the question before the image: a causal model this small
binds the question's words to the picture only in that order (docs/log.md). Needs the extra `train`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import Idefics3ForConditionalGeneration, Idefics3Processor, PreTrainedTokenizerFast

PAD, BOS, EOS = "<pad>", "<s>", "</s>"
FAKE, GLOBAL, IMAGE = "<fake_token_around_image>", "<global-img>", "<image>"
ANSWER = "<answer>"
SPECIAL_TOKENS = (PAD, BOS, EOS, FAKE, GLOBAL, IMAGE, "<end_of_utterance>", ANSWER)

# The parts of a message are sorted here (text first) because most clients send the image first.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}<answer>{% else %}<s>{% endif %}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{% endif %}{% endfor %}"
    "{% endif %}"
    "{% if message['role'] == 'assistant' %}</s>{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<answer>{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the model; the defaults are the shipped ones."""

    image_px: int = 96
    patch_px: int = 8
    shuffle: int = 2
    """Pixel shuffle: `shuffle` x `shuffle` patches become one image token."""
    vision_layers: int = 4
    vision_width: int = 128
    text_layers: int = 4
    text_width: int = 128
    text_inner: int = 352
    heads: int = 4
    vocabulary: int = 900

    @property
    def side(self) -> int:
        """Image tokens along one side of the picture."""
        return self.image_px // self.patch_px // self.shuffle

    @property
    def image_tokens(self) -> int:
        """Image tokens of one picture."""
        return self.side**2


def train_tokenizer(texts: Iterable[str], *, vocabulary: int) -> PreTrainedTokenizerFast:
    """A lower-case byte-level BPE tokenizer; byte level means that no question is out of its reach."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"[?!]+"), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        extra_special_tokens=[FAKE, GLOBAL, IMAGE, "<end_of_utterance>", ANSWER],
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def build_processor(tokenizer: PreTrainedTokenizerFast, shape: Shape) -> Idefics3Processor:
    """Image processor (one tile, no splitting), tokenizer and chat template in one."""
    from transformers import Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    images = Idefics3ImageProcessorPil(
        size={"longest_edge": shape.image_px},
        max_image_size={"longest_edge": shape.image_px},
        resample=4,  # box: closest to what `draw` makes at 96 px (docs/log.md)
        do_image_splitting=False,
    )
    processor: Idefics3Processor = Idefics3Processor(
        images, tokenizer, image_seq_len=shape.image_tokens, chat_template=CHAT_TEMPLATE
    )
    return processor


def build_model(
    tokenizer: PreTrainedTokenizerFast, shape: Shape, *, seed: int
) -> Idefics3ForConditionalGeneration:
    """The model with fresh weights, reproducible by `seed`."""
    import torch
    from transformers import Idefics3ForConditionalGeneration

    torch.manual_seed(seed)
    model = Idefics3ForConditionalGeneration(_config(tokenizer, shape))
    _initialise(model)
    return model


def _config(tokenizer: PreTrainedTokenizerFast, shape: Shape) -> Any:
    from transformers import Idefics3Config

    # ReLU: gelu and silu take a tenth of a training step on one core, and the answers are as good.
    vision = {
        "hidden_size": shape.vision_width,
        "intermediate_size": shape.vision_width * 4,
        "num_hidden_layers": shape.vision_layers,
        "hidden_act": "relu",
        "num_attention_heads": shape.heads,
        "image_size": shape.image_px,
        "patch_size": shape.patch_px,
    }
    text = {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": shape.text_width,
        "intermediate_size": shape.text_inner,
        "num_hidden_layers": shape.text_layers,
        "hidden_act": "relu",
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    return Idefics3Config(
        vision_config=vision,
        text_config=text,
        scale_factor=shape.shuffle,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


def _initialise(model: torch.nn.Module) -> None:
    """Linear layers at 1/sqrt(fan_in): the library's 0.02 suits larger widths and learns nothing."""
    import torch
    from torch import nn

    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, nn.Linear) and not name.endswith("lm_head"):
                module.weight.normal_(0.0, 1.0 / math.sqrt(module.in_features))
            elif isinstance(module, nn.Conv2d):
                fan_in = module.in_channels * module.kernel_size[0] * module.kernel_size[1]
                module.weight.normal_(0.0, 1.0 / math.sqrt(fan_in))
            elif isinstance(module, nn.Embedding):
                module.weight.normal_(0.0, 1.0 / math.sqrt(module.embedding_dim))
        tower = model.get_submodule("model.vision_model")
        places = tower.get_submodule("embeddings").position_embedding.weight
        places.copy_(_waves(math.isqrt(len(places)), places.shape[1]))
        for layer in tower.get_submodule("encoder").layers:
            # Equal queries and keys look at places that are alike, which with these waves means near.
            layer.self_attn.k_proj.weight.copy_(layer.self_attn.q_proj.weight)


def _waves(side: int, width: int) -> torch.Tensor:
    """Sine and cosine waves of row and column, (side * side, width): neighbours start out alike."""
    import torch

    count = width // 4
    pitch = 100.0 ** -(torch.arange(count) / count) * math.pi / 2
    angle = torch.arange(side)[:, None] * pitch
    line = torch.cat([angle.sin(), angle.cos()], dim=1)
    rows = line[:, None].expand(side, side, 2 * count)
    columns = line[None].expand(side, side, 2 * count)
    return torch.cat([rows, columns], dim=-1).reshape(side * side, 4 * count)


def describe(shape: Shape) -> dict[str, Any]:
    """The shape as plain values, for the model card and the log."""
    return {**asdict(shape), "image_tokens": shape.image_tokens}


def load(directory: Path) -> tuple[Idefics3ForConditionalGeneration, Idefics3Processor]:
    """Model (float32, evaluation mode) and processor from a checkpoint directory."""
    import torch
    from transformers import Idefics3ForConditionalGeneration, Idefics3Processor

    model = Idefics3ForConditionalGeneration.from_pretrained(directory, dtype=torch.float32)
    return model.eval(), Idefics3Processor.from_pretrained(directory)
