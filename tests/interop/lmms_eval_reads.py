"""python lmms_eval_reads.py FOLDER SPLIT: runs where lmms-eval is installed, not where Stumper is.

Prints one JSON line a document, as its own task hands it to a model: question, target, size of the picture,
and the score of the target itself, of another answer, and of none.
"""

from __future__ import annotations

import json
import sys

from lmms_eval.api.task import ConfigurableTask
from lmms_eval.utils import load_yaml_config


def main(folder: str, split: str) -> None:
    task = ConfigurableTask(config=load_yaml_config(f"{folder}/stumper_{split}.yaml"))
    for doc in task.test_docs():
        (picture,) = task.doc_to_visual(doc)
        target = task.doc_to_target(doc)
        scores = [task.process_results(doc, [said])["exact_match"] for said in (target, "a zebra", "")]
        line = {"asked": task.doc_to_text(doc), "said": target, "size": picture.size, "scores": scores}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
