"""Commands from claims to a better model: release, tune, evaluate. No rule lives here."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from stumper.app import build
from stumper.cli import exports
from stumper.cli.forget import WithdrawnOption, refuse_withdrawn, release_list
from stumper.cli.panel import LeastOption, ModelsOption, open_panel
from stumper.cli.shards import EngineOption, GpusOption, RowsOption, way
from stumper.cli.shared import (
    CampaignOption,
    JsonOption,
    SeedOption,
    current_campaign,
    err,
    out,
    run,
    settings,
)
from stumper.config import load
from stumper.curate.panel.journal import Journal
from stumper.curate.panel.panel import LEAST
from stumper.errors import BadSetting
from stumper.shards import ROWS
from stumper.tune.crew import Strategy
from stumper.tune.recipes import Method, Quantize


class Scorer(StrEnum):
    RULES = "rules"
    PANEL = "panel"


releases = typer.Typer(no_args_is_help=True, help="Releases: build, list, verify, export, push.")
releases.command("list")(release_list)
exports.add_to(releases)


@releases.command("build")
def release_build(
    campaign: CampaignOption = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the splits, instead of the campaign's: pictures may change sides.")
    ] = None,
) -> None:
    """Curates the claims of the current round and freezes the accepted ones into a release."""
    from stumper.release.manifest import read_manifest
    from stumper.rounds import Closing

    async def work() -> Any:
        async with build(settings(campaign)) as app:
            owner, current = await current_campaign(app)
            closing = Closing(app, owner, current, seed=1)  # nothing is drawn here
            curated = await closing.curate()
            return await closing.freeze(split_seed=seed), curated["audit"]

    made, audit = run(work())
    if audit:
        out.print(audit)
    out.print(f"Release {made.id} (version {made.version}): {made.examples} examples in {made.path}")
    for line in read_manifest(Path(made.path)).told():
        out.print(line)


@releases.command("verify")
def release_verify(path: Annotated[Path, typer.Argument(help="Folder of a release.")]) -> None:
    """Checks every file of a release against its manifest."""
    from stumper.release.manifest import verify_release

    manifest = verify_release(path)
    out.print(f"Release {manifest.id}: every file is as it was frozen.")


def tune(
    release: Annotated[Path, typer.Argument(help="Folder of a release.")],
    base: Annotated[
        str,
        typer.Option(
            "--base",
            "--model",
            help="Model to tune: onnx:, hf:DIR, or the folder of a checkpoint or adapter.",
        ),
    ] = "onnx:",
    recipe: Annotated[
        str | None, typer.Option(help="How: qwen2-vl, smolvlm, gap, ...; else what fits the checkpoint.")
    ] = None,
    method: Annotated[
        Method | None, typer.Option(help="dpo: prefer corrections to wrong answers; sft+dpo: both losses.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Pairs at once; updates stay as large. Less memory: 1.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Peak learning rate, instead of the recipe's.")] = None,
    patience: Annotated[
        int | None,
        typer.Option(min=0, help="Checks without a lower validation loss that end a run; 0: none do."),
    ] = None,
    quantize: Annotated[
        Quantize | None, typer.Option(help="4bit: QLoRA, for less GPU memory (extra qlora).")
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge/--no-merge", help="Save a whole checkpoint, or the adapter alone.")
    ] = True,
    report_to: Annotated[
        list[str] | None, typer.Option(help="tensorboard, wandb or mlflow; may be repeated.")
    ] = None,
    target: Annotated[Path, typer.Option("--out", help="Folder of the tuned model.")] = Path("tuned"),
    remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Let Python run that lies beside the weights.")
    ] = False,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes on this machine that share every update: one a GPU.")
    ] = 1,
    strategy: Annotated[
        Strategy, typer.Option(help="What each process keeps: all, a part of all (fsdp), DeepSpeed's ZeRO-2.")
    ] = Strategy.DDP,
    seed: SeedOption = 1,
    withdrawn: WithdrawnOption = False,
) -> None:
    """Tunes a model on a release by LoRA (needs the extra "train")."""
    from stumper.tune import fresh_pairs, together
    from stumper.tune.recipes import Wishes, recipe_named

    refuse_withdrawn(release, allowed=withdrawn)
    work = partial(
        _tune_as_one,
        release,
        strategy=strategy,
        base_ref=base if ":" in base else f"hf:{base}",
        target=target.resolve(),
        recipe=recipe_named(recipe) if recipe else None,
        wishes=Wishes(batch=batch, rate=rate, method=method, patience=patience, quantize=quantize),
        remote_code=remote_code,
        merge=merge,
        report_to=report_to or (),
        seed=seed,
    )
    fresh_pairs(release)  # what is wrong with it is said before processes start
    ref = together(processes, work) if processes > 1 else work()
    if ref is not None:
        out.print(f"Tuned model: {ref}")


def _tune_as_one(release: Path, *, strategy: Strategy, **how: Any) -> str | None:
    """Tunes as one process, perhaps of several; returns the model's reference in the main one."""
    from stumper.front.console import StageDisplay
    from stumper.rounds import tune_on
    from stumper.tune import meeting

    with StageDisplay({"tune": 200.0}, console=err) as display, meeting(strategy) as crew:
        tuned = tune_on(
            release,
            say=lambda text: err.print(text, highlight=False, soft_wrap=True, markup=False),
            on_progress=partial(display.tell, "tune"),
            crew=crew,
            **how,
        )
    return tuned.ref if crew.main else None


def evaluate(
    release: Annotated[Path, typer.Argument(help="Folder of a release; its test split is asked.")],
    base: Annotated[str, typer.Option(help="The model as it was.")],
    tuned: Annotated[str, typer.Option(help="The model after tuning.")],
    report: Annotated[Path, typer.Option(help="Where the HTML report goes.")] = Path("report.html"),
    by: Annotated[
        Scorer, typer.Option("--judge", help="panel: models score as well, beside the rules that decide.")
    ] = Scorer.RULES,
    models: ModelsOption = None,
    least: LeastOption = LEAST,
    benchmarks: Annotated[
        Path | None, typer.Option(help="Folder of a benchmarks plan that was run; shown in the report.")
    ] = None,
    engine: EngineOption = None,
    rows: RowsOption = ROWS,
    gpus: GpusOption = 0.0,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Scores base and tuned on held-out pictures: judge by rules, bootstrap intervals, by category."""
    from stumper.evaluate.benchmarks import compare, read_pair
    from stumper.rounds import answers_beside, ask_both_ahead, evaluate_on

    refuse_withdrawn(release, allowed=True)
    if by is Scorer.RULES and models:
        raise BadSetting("The judge by rules asks no model. Say --judge panel, or leave --model out.")

    table = compare(*read_pair(benchmarks)) if benchmarks else None  # before hours are spent
    how = way(engine, rows, gpus)
    if engine is not None:
        ask_both_ahead(
            release,
            base_ref=base,
            tuned_ref=tuned,
            report=report,
            seed=seed,
            secrets=load().model_secrets,
            way=how,
        )

    async def work() -> dict[str, Any]:
        journal = Journal(answers_beside(report) / "opinions.jsonl")
        judges = models or load().judge_refs
        panel = open_panel(judges, least=least, journal=journal) if by is Scorer.PANEL else None
        try:
            return await evaluate_on(
                release,
                base_ref=base,
                tuned_ref=tuned,
                report=report,
                seed=seed,
                secrets=load().model_secrets,
                panel=panel,
                benchmarks=table,
            )
        finally:
            if panel:
                await panel.close()

    figures = run(work())
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        out.print_json(data=figures)
        out.print(f"Report: {report}")
