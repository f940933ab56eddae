"""Commands that are imported when they are called, so that ``stumper --help`` need not import everything.

A command is known here by its name, where it is and its first paragraph of help; a test holds that
paragraph against the docstring of the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup


class Later(TyperCommand):
    """Stands for a command or a group of commands in a list, and turns into it when it is called."""

    def __init__(self, name: str, place: str, summary: str) -> None:
        """``place`` is ``module:attribute``, a function or a ``typer.Typer``."""
        super().__init__(name=name, help=summary)
        self.place = place

    @cached_property
    def real(self) -> TyperCommand | TyperGroup:
        """The command itself. The first use imports its module."""
        module, attribute = self.place.split(":")
        found = getattr(import_module(module), attribute)
        around = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        around.callback()(lambda: None)  # else Typer takes a single command for the whole program
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=self.name)
        else:
            around.command(self.name)(found)
        group = cast(TyperGroup, typer.main.get_command(around))
        return cast("TyperCommand | TyperGroup", group.commands[str(self.name)])

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Returns the context of the real command; what runs next is the command of the context."""
        return self.real.make_context(*args, **more)


def group_of(commands: Mapping[str, tuple[str, str]]) -> type[TyperGroup]:
    """Returns the class of a group that has these commands: (place, summary) by name, in the order shown."""

    class Group(TyperGroup):
        def __init__(self, **more: Any) -> None:
            super().__init__(**more)
            for name, (place, summary) in commands.items():
                self.add_command(Later(name, place, summary))

    return Group
