"""`stumper` as from a shell, but within this process: starting Python and importing everything takes seconds.

`tests/test_cli.py` starts a real process once, which shows that the two are the same.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from stumper import cli


@dataclass(frozen=True, slots=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


class _Stream(io.TextIOWrapper):
    """A stream into memory that refuses what a real one refuses."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self) -> str:
        written = self.buffer
        assert isinstance(written, io.BytesIO)
        return written.getvalue().decode("utf-8")


def stumper(*words: str, folder: Path, **more: str) -> Ended:
    """Runs a command in a folder, with ``more`` in the environment and no other settings of Stumper."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STUMPER_")}
    stdout, stderr = _Stream(), _Stream()
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, environment | more, clear=True),
        mock.patch.object(sys, "argv", ["stumper", *words]),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        status = _status()
    return Ended(status, stdout.text(), stderr.text())


def _status() -> int:
    """Returns what the shell would get. An exception that nobody expected is a traceback there, too."""
    try:
        cli.main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception:
        traceback.print_exc()
        return 1
    return 0
