"""Commands about pictures. No rule lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stumper.app import build
from stumper.cli.shared import (
    CampaignOption,
    ModelOption,
    SeedOption,
    current_campaign,
    err,
    operator,
    out,
    run,
    settings,
)

images = typer.Typer(no_args_is_help=True, help="Pictures: add, draw, verify.")


@images.command("add")
def images_add(
    path: Annotated[Path, typer.Argument(help="A folder (searched to its end), or a file.")],
    licence: Annotated[
        str,
        typer.Option(help="Licence of the pictures, kept with every example; COCO files may name their own."),
    ] = "",
    source: Annotated[str, typer.Option(help="Where they come from.")] = "",
    coco: Annotated[Path | None, typer.Option(help="COCO instances.json with their annotations.")] = None,
    simple: Annotated[
        bool, typer.Option("--simple", help="All are easy: candidates for controls, to be verified.")
    ] = False,
    skip_alike: Annotated[
        bool, typer.Option("--skip-alike", help="Leave out what looks like a picture that is there.")
    ] = False,
    campaign: CampaignOption = None,
) -> None:
    """Adds pictures to a campaign's pool; broken or hostile files are named and left out."""
    from stumper.images.coco import add_coco
    from stumper.images.ingest import add_folder
    from stumper.records import ImageKind

    async def work() -> Any:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            if coco is not None:
                return await add_coco(
                    app.database,
                    app.files,
                    campaign_id=owner.id,
                    instances=coco,
                    folder=path,
                    licence=licence,
                    source=source or "COCO",
                    now=app.clock(),
                    skip_alike=skip_alike,
                )
            return await add_folder(
                app.database,
                app.files,
                campaign_id=owner.id,
                path=path,
                licence=licence,
                source=source or str(path),
                now=app.clock(),
                kind=ImageKind.CANDIDATE if simple else ImageKind.UNTAINTED,
                skip_alike=skip_alike,
            )

    report = run(work())
    out.print(f"{report.added} added, {report.known} known already, {len(report.refused)} refused")
    if report.alike:
        fate = "left out" if skip_alike else "kept in one split with it (--skip-alike leaves such out)"
        out.print(f"{report.alike} look like one that is there: {fate}")
    for refusal in report.refused:
        err.print(f"  {refusal.name}: {refusal.reason}", highlight=False, soft_wrap=True)
    if report.refused and not report.added and not report.known:
        raise typer.Exit(1)


@images.command("toytown")
def images_toytown(
    n: Annotated[int, typer.Option("-n", min=2, max=100_000, help="How many pictures to draw.")] = 600,
    seed: SeedOption = 1,
    campaign: CampaignOption = None,
) -> None:
    """Draws Toytown pictures: half easy (candidates for controls), half busy."""
    from stumper.images.toytown import add_toytown

    async def work() -> Any:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            return await add_toytown(
                app.database, app.files, campaign_id=owner.id, n=n, seed=seed, now=app.clock()
            )

    report = run(work())
    out.print(f"{report.added} drawn, {report.known} known already")
    out.print("Next: stumper images verify")


@images.command("look")
def images_look(campaign: CampaignOption = None) -> None:
    """Looks at pictures that came in before looks were kept; what looks alike goes into one split."""
    from stumper.images.fill import FillReport, fill_looks

    async def work() -> FillReport:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            return await fill_looks(app.database, app.files, owner.id)

    report = run(work())
    out.print(f"{report.looked} looked at, {report.alike} look like an older one")
    if report.missing:
        err.print(f"{report.missing} have no readable file: restore the folder of STUMPER_FILES, then repeat")


@images.command("verify")
def images_verify(
    campaign: CampaignOption = None,
    model: ModelOption = None,
    reference: Annotated[
        str | None, typer.Option(help="Model trusted on pictures of which nothing else is known.")
    ] = None,
) -> None:
    """Lets the opponent answer probe questions on the candidates; those it knows become controls."""
    from stumper.images.probes import known_probes
    from stumper.images.verify import verify, verify_complex

    async def work() -> Any:
        async with build(settings(campaign, model)) as app:
            owner, current = await current_campaign(app)
            opponent = await app.open_model(model or current.model_ref)
            trusted = await app.open_model(reference) if reference else None
            found = await verify(
                app.database,
                app.files,
                opponent,
                campaign_id=owner.id,
                probes=known_probes(reference=trusted),
            )
            return found, await verify_complex(app.database, app.files, opponent, campaign_id=owner.id)

    report, hidden = run(work())
    out.print(
        f"{report.tainted} verified as controls, {report.refused} refused, {report.undecided} undecided"
    )
    if hidden:
        out.print(f"{hidden} complex pictures can be controls too")
    if report.reason:
        err.print(report.reason, highlight=False, soft_wrap=True)


@images.command("reports")
def images_reports(campaign: CampaignOption = None) -> None:
    """Lists the pictures that players reported, why, and which are dealt to nobody for it."""
    from stumper.images.queries import reported

    async def work() -> Any:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            async with app.database.read() as tx:
                return await reported(tx, owner.id)

    found = run(work())
    for one in found:
        why = ", ".join(f"{reason} {n}" for reason, n in sorted(one.reasons.items()))
        state = "hidden" if one.hidden else "dealt"
        out.print(f"{one.image_id}  {state}  {why}  {one.file}", highlight=False, soft_wrap=True)
    if not found:
        out.print("No picture was reported.")


@images.command("restore")
def images_restore(
    image: Annotated[str, typer.Argument(help="Id of the picture, as `images reports` tells it.")],
    campaign: CampaignOption = None,
) -> None:
    """Takes the reports of a picture away: it is dealt again."""
    from stumper.errors import NotFound
    from stumper.images.queries import withdraw
    from stumper.records import ImageId
    from stumper.store.acts import note

    async def work() -> Any:
        async with build(settings(campaign)) as app:
            owner, _ = await current_campaign(app)
            async with app.database.begin() as tx:
                taken = await withdraw(tx, owner.id, ImageId(image))
                if not taken:
                    raise NotFound(f"No report names the picture {image!r}. See: stumper images reports")
                now = app.clock()
                await note(tx, actor=operator(), act="image.restored", about=image, now=now, reports=taken)
            return taken

    out.print(f"{run(work())} reports taken away: the picture is dealt again.")
