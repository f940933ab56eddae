"""The command line: one command a stage, plus demo, serve, work and simulate. No rule lives here.

``stumper --help`` lists the commands; every refusal is one line on standard error with the way out, status 1.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated, Final

import typer

from stumper import __version__
from stumper.cli.lazy import group_of
from stumper.errors import StumperError

COMMANDS: Final = {
    "demo": (
        "play:demo",
        "The whole loop on this machine: play, collect, tune, evaluate, play the better model.",
    ),
    "serve": (
        "play:serve",
        "Starts the game. In an empty Toytown pictures are drawn meanwhile; "
        "the first session waits a moment.",
    ),
    "simulate": (
        "play:simulate",
        "Lets simulated people play and vote in the open round of a campaign with Toytown pictures.",
    ),
    "arena": (
        "play:arena",
        "Plays every known way to cheat against the rules; status 1 if honest play or the data fall behind.",
    ),
    "tune": ("learn:tune", 'Tunes a model on a release by LoRA (needs the extra "train").'),
    "evaluate": (
        "learn:evaluate",
        "Scores base and tuned on held-out pictures: judge by rules, bootstrap intervals, by category.",
    ),
    "coverage": (
        "coverage:coverage",
        "What is collected of each kind, what the model fails on, what is missing, and what finding it pays.",
    ),
    "insight": (
        "insight:insight",
        "What play tells: the model's error rate by category, whoever asked; how players see and tire.",
    ),
    "retention": (
        "retention:retention",
        "Who comes back: sessions a week, pictures a session, return on days 1 and 7, what brought people.",
    ),
    "classify": (
        "questions:classify",
        'Adds "category" and "confidence" to lines with "question" (and "answer", if there).',
    ),
    "judge": (
        "questions:judge",
        'Adds "score" (0 to 1, null: missing) and "why": what each answer is worth beside the right one.',
    ),
    "audit": (
        "audit:audit",
        "Says what a VQA data set holds and what is wrong with it: balance, repeats, contradictions, leaks.",
    ),
    "explain": (
        "explain:explain",
        "Prints where an example comes from: picture, question, votes, belief, releases, models.",
    ),
    "forget": (
        "forget:forget",
        "Deletes all that a player typed and all that names them, and builds the next release without it.",
    ),
    "check": (
        "upkeep:check",
        "Adds up again all that is stored, by rules written a second time; status 1 if anything differs.",
    ),
    "doctor": (
        "upkeep:doctor",
        "Says what is wrong with this installation, and what to do; status 1 if anything is.",
    ),
    "backup": (
        "upkeep:backup",
        "Copies database, jobs, pictures, releases and models to a new folder while players play on.",
    ),
    "restore": (
        "upkeep:restore",
        "Restores a backup into an empty place, forgets again who was forgotten since, and checks it all.",
    ),
    "work": ("play:work", "Runs a worker: resumes and runs long jobs until it is stopped."),
    "telegram": (
        "telegram:telegram",
        "Plays in Telegram: asks for messages by itself, so no public address is needed.",
    ),
    "verify-session": (
        "play:verify_session",
        "Checks that a session's coins were drawn before it, and that its answers followed them.",
    ),
    "export": (
        "raw:export_raw",
        "Writes all marks, votes, claims or players of a campaign under pseudonyms, for research.",
    ),
    "images": ("images:images", "Pictures: add, draw, verify."),
    "ai": ("ai:ai", "Models that play and help: play, ideas, examples."),
    "models": ("models:models", "Opponents: check a reference, compare two, export."),
    "campaign": (
        "campaign:campaign",
        "What a campaign's model costs, and may cost; a pause for its players.",
    ),
    "round": ("rounds:rounds", "Rounds: list, report, close, judge, approval, approve, refuse, rollback."),
    "benchmarks": ("benchmarks:benchmarks", "The paper's ten benchmarks: plan, read."),
    "experiment": ("experiment:experiment", "Experiments: controls, matrix."),
    "release": ("learn:releases", "Releases: build, list, verify, export, push."),
    "claims": ("claims:claims", "Claims that wait for your word: list, decide, ask models."),
    "players": (
        "players:players",
        "Players: list, what was noticed about them, appeals, decide, sign out, lapse, forget.",
    ),
    "staff": ("staff:staff", "Who runs the game: list, give, take."),
    "acts": (
        "staff:acts",
        "Shows what people who run the game did, newest first: roles, rounds, releases, pictures, claims.",
    ),
    "toytown": ("models:toytown", "The embedded world and its tiny model."),
}
"""``module:attribute`` within this package, and the first paragraph of the help, by name."""

cli = typer.Typer(
    cls=group_of({name: (f"{__name__}.{place}", summary) for name, (place, summary) in COMMANDS.items()}),
    no_args_is_help=True,
    add_completion=False,
    help=__doc__,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point of ``stumper``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name need not be text, and must not end a command
            stream.reconfigure(errors="backslashreplace")
    try:
        cli(standalone_mode=True)
    except StumperError as error:
        _tell(error)
        sys.exit(1)


def _tell(error: StumperError) -> None:
    from rich.markup import escape

    from stumper.cli.shared import err
    from stumper.redact import redacted

    told = redacted(str(error), _secrets())
    err.print(f"[bold red]Error:[/] {escape(told)}", highlight=False, soft_wrap=True)


def _secrets() -> frozenset[str]:
    """Returns what may be in no message; nothing while the settings cannot be read."""
    from stumper.config import load

    try:
        return load().secrets
    except StumperError:
        return frozenset()


@cli.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if show:
        typer.echo(__version__)
        raise typer.Exit
