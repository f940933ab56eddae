"""Trainers that pin older libraries than ours read their exports in environments of their own.

`make test-interop` makes the environments (some 4 GB) and runs this; without them every test here is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stumper.records import Split
from stumper.release.export import export, rows
from stumper.release.export.fit import unpaired
from stumper.release.export.source import HUB_NAMES

ROOT = Path(__file__).parents[2]
READERS = ("llama-factory", "ms-swift")

pytestmark = pytest.mark.slow


@pytest.fixture
def read(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """Runs the reader of a format over a folder and a split; returns the rows it says."""

    def run(name: str, folder: Path, split: Split) -> list[dict[str, Any]]:
        python = ROOT / f".venv-interop-{name}" / "bin" / "python"
        if not python.exists():
            pytest.skip(f"{name} has no environment here: make test-interop")
        script = Path(__file__).parent / f"{name.replace('-', '_')}_reads.py"
        done = subprocess.run(
            [python, script, folder, HUB_NAMES[split]],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "ROOT_IMAGE_DIR": str(folder),
                "HF_HUB_OFFLINE": "1",
                "MODELSCOPE_CACHE": str(tmp_path / "cache"),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    return run


@pytest.mark.parametrize("name", READERS)
def test_a_trainer_reads_every_row(release: Path, tmp_path: Path, read: Any, name: str) -> None:
    export(release, tmp_path / "out", name=name, splits=[Split.TRAIN])

    found = read(name, tmp_path / "out", Split.TRAIN)

    wanted = [
        {"part": part, "asked": f"<image>{row.question}", "said": said, "size": [12, 8]}
        for part in ("sft", "dpo")
        for row in rows(release, Split.TRAIN)
        if part == "sft" or unpaired(row) is None
        for said in ([row.answer] if part == "sft" else [row.answer, row.wrong_answer],)
    ]
    assert found == wanted


def test_a_benchmark_reads_and_scores_every_row(release: Path, tmp_path: Path, read: Any) -> None:
    export(release, tmp_path / "out", name="lmms-eval", splits=[Split.TEST])

    found = read("lmms-eval", tmp_path / "out", Split.TEST)

    after = "\nAnswer with a single word or a short phrase."
    assert found == [
        {"asked": row.question + after, "said": row.answer, "size": [12, 8], "scores": [1.0, 0.0, None]}
        for row in rows(release, Split.TEST)
    ]
