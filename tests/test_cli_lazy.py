"""Commands are imported when they are called; what is listed before is what they say of themselves."""

from __future__ import annotations

import subprocess
import sys
from typing import cast

import pytest
import typer
from typer.core import TyperGroup

from stumper.cli import COMMANDS, cli
from stumper.cli.lazy import Later

COMMAND_LINE = cast(TyperGroup, typer.main.get_command(cli)).commands


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_tells_the_first_paragraph_of_a_command(name: str) -> None:
    listed = COMMAND_LINE[name]

    assert isinstance(listed, Later)
    assert listed.real.name == name
    assert listed.help == " ".join((listed.real.help or "").split("\n\n")[0].split())


def test_help_imports_no_command_and_nothing_of_the_data_set() -> None:
    code = "import sys, stumper.cli; print(*sys.modules)"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(ended.stdout.split())
    ours = {name for name in loaded if name.startswith("stumper")}
    assert ours == {"stumper", "stumper.cli", "stumper.cli.lazy", "stumper.errors"}
    assert not loaded & {"sqlalchemy", "numpy", "pydantic", "PIL", "fastapi"}
