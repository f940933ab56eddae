"""The command line: one command a stage, plus demo, serve, work and simulate. No rule lives here.

``stumper --help`` lists the commands; every refusal is one line on standard error with the way out, status 1.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer
from rich.markup import escape

from stumper import __version__
from stumper.cli import learn, play, questions
from stumper.cli.audit import audit
from stumper.cli.claims import claims
from stumper.cli.coverage import coverage
from stumper.cli.explain import explain
from stumper.cli.forget import forget
from stumper.cli.images import images
from stumper.cli.insight import insight
from stumper.cli.models import models, toytown
from stumper.cli.players import players
from stumper.cli.raw import export_raw
from stumper.cli.retention import retention
from stumper.cli.shared import err, out
from stumper.cli.telegram import telegram
from stumper.errors import StumperError

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
for name, group in (
    ("images", images),
    ("models", models),
    ("round", learn.rounds),
    ("release", learn.releases),
    ("claims", claims),
    ("players", players),
    ("toytown", toytown),
):
    cli.add_typer(group, name=name)
for command in (
    play.demo,
    play.serve,
    play.simulate,
    play.arena,
    learn.tune,
    learn.evaluate,
    coverage,
    insight,
    retention,
    questions.classify,
    questions.judge,
    audit,
    explain,
    forget,
    play.work,
    telegram,
):
    cli.command()(command)
cli.command("verify-session")(play.verify_session)
cli.command("export")(export_raw)


def main() -> None:
    """Entry point of ``stumper``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name need not be text, and must not end a command
            stream.reconfigure(errors="backslashreplace")
    try:
        cli(standalone_mode=True)
    except StumperError as error:
        err.print(f"[bold red]Error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


@cli.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if show:
        out.print(__version__)
        raise typer.Exit
