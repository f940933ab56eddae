"""python ms_swift_reads.py FOLDER SPLIT: runs where ms-swift is installed, not where Stumper is.

Prints one JSON line a row, as its own loader hands them to the template: stage, texts, size of the picture.
A row that it would drop with a warning is an error here (strict). ROOT_IMAGE_DIR must be the folder.
"""

from __future__ import annotations

import contextlib
import json
import sys

from swift.dataset import load_dataset
from swift.template.vision_utils import load_image


def main(folder: str, split: str) -> None:
    for part in ("sft", "dpo"):
        with contextlib.redirect_stdout(sys.stderr):
            found, _ = load_dataset(f"{folder}/{part}_{split}.jsonl", strict=True, load_from_cache_file=False)
        for row in found:
            asked, said = row["messages"]
            (picture,) = row["images"]
            said = [said["content"], *([row["rejected_response"]] if part == "dpo" else [])]
            size = load_image(picture["path"]).size
            line = {"part": part, "asked": asked["content"], "said": said, "size": size}
            print(json.dumps(line), flush=True)  # it forks, and a child would print what is kept once more


if __name__ == "__main__":
    main(*sys.argv[1:])
