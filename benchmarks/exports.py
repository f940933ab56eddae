"""python benchmarks/exports.py [--rows 100000] [--format NAME ...]

Seconds and memory of every export, from a made-up release. Each runs in a process of its own; its memory is
the most that the process held, Python and the libraries included.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from stumper.release.export import FORMATS, export
from stumper.release.manifest import FORMAT, Manifest, digest_over, hash_folder, write_manifest

EACH = 5
"""Questions a picture."""
SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}


def picture(number: int) -> bytes:
    """A small PNG that is like no other."""
    target = io.BytesIO()
    Image.new("RGB", (16, 16), (number % 256, number // 256 % 256, number // 65536)).save(target, "PNG")
    return target.getvalue()


def line(number: int, image: str) -> str:
    question = f"How many red things stand to the left of number {number}?"
    return json.dumps(
        {
            "id": hashlib.sha256(str(number).encode()).hexdigest()[:16],
            "images": [image],
            "prompt": [{"role": "user", "content": question}],
            "completion": [{"role": "assistant", "content": str(number % 7)}],
            "wrong_answer": str(number % 7 + 1),
            "category": "counting",
            "round": 1,
            "image_licence": "CC0 1.0",
            "weight": 1.0,
        }
    )


def make(folder: Path, rows: int) -> None:
    """Writes a release that verifies. Its parquet files hold nothing: they are only copied."""
    import pyarrow
    from pyarrow import parquet

    (folder / "images").mkdir(parents=True)
    (folder / "data").mkdir()
    number = 0
    counts = {}
    for split, share in SHARES.items():
        counts[split] = round(rows * share)
        with (folder / f"{split}.jsonl").open("w") as file:
            for place in range(counts[split]):
                if place % EACH == 0:
                    data = picture(number)
                    image = f"images/{hashlib.sha256(data).hexdigest()[:20]}.png"
                    (folder / image).write_bytes(data)
                file.write(line(number, image) + "\n")
                number += 1
        name = {"val": "validation"}.get(split, split)
        parquet.write_table(pyarrow.table({"id": ["x"]}), folder / f"data/{name}-00000-of-00001.parquet")
    files = hash_folder(folder)
    write_manifest(
        folder,
        Manifest(
            format=FORMAT,
            id=digest_over(files)[:16],
            digest=digest_over(files),
            campaign="made up",
            round=1,
            seed=1,
            licence="CC0 1.0",
            images=len(files),
            splits=counts,
            categories={"counting": rows},
            files=files,
        ),
    )


def measure(release: Path, out: Path, name: str) -> None:
    """Runs one export here, and prints its figures as JSON."""
    start = time.perf_counter()
    tally = export(release, out, name=name)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "written": sum(tally.written.values())}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--format", action="append", choices=list(FORMATS))
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        measure(Path(asked.one[0]), Path(asked.one[1]), asked.one[2])
        return
    with tempfile.TemporaryDirectory() as scratch:
        release, out = Path(scratch) / "release", Path(scratch) / "out"
        make(release, asked.rows)
        print("| format | rows written | seconds | most memory MB |\n|---|---|---|---|")
        for name in asked.format or FORMATS:
            done = subprocess.run(
                [sys.executable, __file__, "--one", release, out, name],
                capture_output=True,
                text=True,
                check=True,
            )
            found = json.loads(done.stdout)
            figures = f"{found['written']:,} | {found['seconds']:.1f} | {found['peak_mb']:.0f}"
            print(f"| {name} | {figures} |", flush=True)
            shutil.rmtree(out)


if __name__ == "__main__":
    main()
