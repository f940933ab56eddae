"""python benchmarks/base_install.py [--limit 260]

Installs the wheel without extras into a fresh environment, weighs it, and imports what `stumper serve` needs.
Ends with an error above the limit. Needs the package registry; takes one to two minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
TOOLS = {"pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils"}
PROBE = "import stumper.cli, stumper.front.web, sys; print('torch' in sys.modules)"


def install(folder: Path) -> Path:
    """Builds the wheel and installs it with the project's constraints; returns the environment's Python."""
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("stumper-*.whl")
    subprocess.run([*pip, "install", "--constraint", ROOT / "constraints.txt", wheel], check=True)
    return python


class Weight(NamedTuple):
    """Megabytes (10^6 bytes)."""

    by_entry: dict[str, float]
    """Of each top-level entry of site-packages, without byte code; pip and setuptools are left out."""
    byte_code: float
    """What Python writes beside the modules to start faster; it can be removed at any time."""


def weigh(python: Path) -> Weight:
    """Adds up the files that were installed."""
    (site,) = (python.parent.parent / "lib").glob("python*/site-packages")
    by_entry: dict[str, float] = {}
    byte_code = 0.0
    for file in site.rglob("*"):
        entry = file.relative_to(site).parts[0].split("-")[0].removesuffix(".libs").lower()
        if entry in TOOLS or file.is_symlink() or not file.is_file():
            continue
        if file.suffix == ".pyc":
            byte_code += file.stat().st_size / 1e6
        else:
            by_entry[entry] = by_entry.get(entry, 0) + file.stat().st_size / 1e6
    return Weight(by_entry, byte_code)


def import_s(python: Path) -> float:
    """Seconds until everything of the server is imported, and a check that torch is not among it."""
    began = time.perf_counter()
    done = subprocess.run([python, "-c", PROBE], stdout=subprocess.PIPE, text=True, check=False)
    if done.stdout.strip() != "False":
        sys.exit("the server does not import without extras, or it imported torch")
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--limit", type=float, default=260, help="megabytes")
    limit = parser.parse_args().limit
    with tempfile.TemporaryDirectory(prefix="stumper-base-") as name:
        python = install(Path(name))
        weight = weigh(python)
        total = sum(weight.by_entry.values())
        for entry, part in sorted(weight.by_entry.items(), key=lambda pair: -pair[1])[:12]:
            print(f"{part:8.1f} MB  {entry}")
        print(
            f"{total:8.1f} MB  in all (limit {limit:.0f}), and {weight.byte_code:.1f} MB of byte code",
            flush=True,
        )
        # The first import also writes the byte code.
        import_s(python)
        print(f"the server imports in {import_s(python):.1f} s")
    if total > limit:
        sys.exit(f"the base install is {total - limit:.0f} MB too heavy")


if __name__ == "__main__":
    main()
