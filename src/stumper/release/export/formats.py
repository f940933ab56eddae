"""Every format by name: who reads it, how it is written, and the command that starts a training there.

A format is one line here and one file beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from stumper.errors import BadInput
from stumper.records import Split
from stumper.release.export import (
    imagefolder,
    llama_factory,
    llava,
    lmms_eval,
    ms_swift,
    parquet,
    trl,
    vlmevalkit,
    webdataset,
)
from stumper.release.export.writing import Images, Task

_BESIDE: Final = (Images.COPY, Images.LINK)
_ANYWHERE: Final = (Images.COPY, Images.LINK, Images.ABSOLUTE)
_INSIDE: Final = (Images.COPY,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a release is written for one reader."""

    name: str
    reader: str
    """Who reads it, with the version it was tested with."""
    start: str
    """The command that trains or evaluates; FOLDER is the export, MODEL a checkpoint."""
    write: Callable[[Task], None]
    images: tuple[Images, ...]
    """How pictures may get there, the default first."""
    hub_files: str = ""
    """What `load_dataset` reads of a split; empty if it is no data set of the Hub."""
    splits: tuple[Split, ...] = tuple(Split)
    """Written unless others are asked for."""


_ALL: Final = (
    Format(
        name="trl-sft",
        reader="TRL 1.16 SFTTrainer, `trl sft`",
        start="trl sft --model_name_or_path MODEL --dataset_name FOLDER --output_dir tuned",
        write=trl.write_sft,
        images=_BESIDE,
        hub_files="{split}/**",
    ),
    Format(
        name="trl-dpo",
        reader="TRL 1.16 DPOTrainer, `trl dpo`",
        start="trl dpo --model_name_or_path MODEL --dataset_name FOLDER --output_dir tuned",
        write=trl.write_dpo,
        images=_BESIDE,
        hub_files="{split}/**",
    ),
    Format(
        name="trl-kto",
        reader="TRL 1.16 KTOTrainer, `trl kto`",
        start="trl kto --model_name_or_path MODEL --dataset_name FOLDER --output_dir tuned",
        write=trl.write_kto,
        images=_BESIDE,
        hub_files="{split}/**",
    ),
    Format(
        name="parquet",
        reader="datasets 5.2, the Hub, Croissant",
        start='datasets.load_dataset("FOLDER")',
        write=parquet.write,
        images=_INSIDE,
        hub_files="data/{split}-*",
    ),
    Format(
        name="imagefolder",
        reader="datasets 5.2",
        start='datasets.load_dataset("FOLDER")',
        write=imagefolder.write,
        images=_BESIDE,
        hub_files="{split}/**",
    ),
    Format(
        name="webdataset",
        reader="webdataset 1.0",
        start='webdataset.WebDataset("FOLDER/train-000000.tar", shardshuffle=False).decode("pil")',
        write=webdataset.write,
        images=_INSIDE,
    ),
    Format(
        name="llama-factory",
        reader="LLaMA-Factory 0.9.5, SFT and DPO",
        start="llamafactory-cli train --stage sft --do_train --finetuning_type lora --template qwen2_vl "
        "--model_name_or_path MODEL --dataset_dir FOLDER --dataset stumper_sft_train --output_dir tuned "
        "(DPO: --stage dpo --dataset stumper_dpo_train)",
        write=llama_factory.write,
        images=_ANYWHERE,
    ),
    Format(
        name="ms-swift",
        reader="ms-swift 4.6, SFT and DPO",
        start="ROOT_IMAGE_DIR=FOLDER swift sft --model MODEL --dataset FOLDER/sft_train.jsonl "
        "(DPO: swift rlhf --rlhf_type dpo --dataset FOLDER/dpo_train.jsonl)",
        write=ms_swift.write,
        images=_ANYWHERE,
    ),
    Format(
        name="llava",
        reader="LLaVA, LLaVA-NeXT",
        start="python llava/train/train_mem.py --data_path FOLDER/train.json --image_folder FOLDER "
        "(and what your model needs)",
        write=llava.write,
        images=_ANYWHERE,
    ),
    Format(
        name="vlmevalkit",
        reader="VLMEvalKit, custom VQA; inference, then `stumper judge`",
        start="LMUData=FOLDER python run.py --data stumper_test_openended --model MODEL --mode infer",
        write=vlmevalkit.write,
        images=_INSIDE,
        splits=(Split.TEST,),
    ),
    Format(
        name="lmms-eval",
        reader="lmms-eval 0.7",
        start="lmms-eval --model MODEL --tasks stumper_test --include_path FOLDER --output_path results "
        "--log_samples",
        write=lmms_eval.write,
        images=_INSIDE,
        splits=(Split.TEST,),
    ),
)
FORMATS: Final[Mapping[str, Format]] = {one.name: one for one in _ALL}


def format_called(name: str) -> Format:
    """Returns the format. Raises BadInput that names them all."""
    if name not in FORMATS:
        raise BadInput(f"There is no format {name!r}. Choose one of: {', '.join(FORMATS)}.")
    return FORMATS[name]
