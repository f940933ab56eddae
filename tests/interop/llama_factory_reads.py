"""python llama_factory_reads.py FOLDER SPLIT: runs where LLaMA-Factory is installed, not where Stumper is.

Prints one JSON line a row, as its own loader hands them to the trainer: stage, texts, size of the picture.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import json
import sys
import types
from types import SimpleNamespace

# Its plugin for media imports torchaudio, for sound alone; PyPI's build of that is nothing without CUDA.
try:
    import torchaudio  # noqa: F401
except (ImportError, OSError):
    stand_in = types.ModuleType("torchaudio")
    stand_in.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
    sys.modules["torchaudio"] = stand_in

from llamafactory.data.loader import _get_merged_dataset
from llamafactory.hparams.data_args import DataArguments
from PIL import Image


def main(folder: str, split: str) -> None:
    model = SimpleNamespace(cache_dir=None, hf_hub_token=None)
    training = SimpleNamespace(local_process_index=0, seed=1, dataloader_num_workers=0)
    for part, stage in (("sft", "sft"), ("dpo", "rm")):
        options = DataArguments(
            dataset=f"stumper_{part}_{split}", dataset_dir=folder, template="qwen2_vl", overwrite_cache=True
        )
        with contextlib.redirect_stdout(sys.stderr):
            found = _get_merged_dataset(options.dataset, model, options, training, stage)
        for row in found:
            (picture,) = row["_images"]
            with Image.open(picture) as image:
                size = image.size
            (asked,) = row["_prompt"]
            said = [one["content"] for one in row["_response"]]
            print(json.dumps({"part": part, "asked": asked["content"], "said": said, "size": size}))


if __name__ == "__main__":
    main(*sys.argv[1:])
