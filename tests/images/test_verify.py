"""Candidates become controls, are refused, or stay: an answer decides, and no answer decides nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import BadInput, ModelUnavailable, NotFound
from stumper.images.files import FolderFiles
from stumper.images.ingest import add_folder
from stumper.images.probes import Probe, known_probes, label_probes, says, scene_probes
from stumper.images.queries import count_kinds, load, of_kind, said_on_controls
from stumper.images.toytown import add_toytown
from stumper.images.verify import COMPLEX_PROBES, WORTH, VerifyReport, verify, verify_complex
from stumper.records import CampaignId, Image, ImageKind
from stumper.store.database import Database
from stumper.toytown.world import NAMED_KINDS, Scene
from stumper.vlm.base import Answer
from stumper.vlm.scripted import Script, ScriptedModel
from tests.images import pictures


async def candidates(
    database: Database, files: FolderFiles, campaign_id: CampaignId, folder: Path, n: int
) -> None:
    pictures.write_zoo(folder, n)
    await add_folder(
        database,
        files,
        campaign_id=campaign_id,
        path=folder,
        licence="CC0",
        source="zoo",
        now=1.0,
        kind=ImageKind.CANDIDATE,
    )


async def kinds(database: Database, campaign_id: CampaignId) -> dict[ImageKind, int]:
    async with database.read() as tx:
        return {kind: n for kind, n in (await count_kinds(tx, campaign_id)).items() if n}


class Oracle(ScriptedModel):
    """Answers the default probes from the scene graph; of every third scene it knows nothing."""

    def __init__(self, truth: dict[tuple[bytes, str], str]) -> None:
        super().__init__()
        self._truth = truth

    async def answer(self, image: bytes, question: str) -> Answer:
        return Answer(f"{self._truth[image, question]}.".capitalize(), 1.0)


def unknown_to_oracle(image: Image) -> bool:
    return Scene.from_json(image.scene or {}).seed % 3 == 0


async def oracle(files: FolderFiles, images: list[Image]) -> Oracle:
    truth = {}
    for image in images:
        data = await files.get(image.file)
        for probe in await known_probes()(image, data):
            truth[data, probe.question] = "Seventeen" if unknown_to_oracle(image) else probe.answer
    return Oracle(truth)


async def test_a_model_that_knows_a_picture_makes_it_a_control(
    database: Database, files: FolderFiles, campaign_id: CampaignId, tmp_path: Path
) -> None:
    await candidates(database, files, campaign_id, tmp_path / "in", 20)
    async with database.read() as tx:
        images = await of_kind(tx, campaign_id, ImageKind.CANDIDATE)
    known = {image.id for image in images[:12]}

    async def probes(image: Image, data: bytes) -> Sequence[Probe]:
        assert data == await files.get(image.file)
        return [Probe("one?", "yes"), Probe("two?", "yes" if image.id in known else "no")]

    told: list[tuple[int, int]] = []
    report = await verify(
        database,
        files,
        ScriptedModel(Script(text="Yes, it is.")),
        campaign_id=campaign_id,
        probes=probes,
        on_progress=lambda done, of: told.append((done, of)),
    )
    assert report == VerifyReport(tainted=12, refused=8, undecided=0)
    async with database.read() as tx:
        tainted = await of_kind(tx, campaign_id, ImageKind.TAINTED)
        said = await said_on_controls(tx, campaign_id, most=20)
        assert [image.said for image in await of_kind(tx, campaign_id, ImageKind.REFUSED)] == [None] * 8
    assert said == Counter(answer for image in tainted for answer in image.said or ())
    assert said.total() >= 12
    assert told == [(done, 20) for done in range(1, 21)]
    assert await kinds(database, campaign_id) == {ImageKind.TAINTED: 12, ImageKind.REFUSED: 8}
    async with database.read() as tx:
        assert {image.id for image in await of_kind(tx, campaign_id, ImageKind.TAINTED)} == known


async def test_toytown_is_verified_by_its_scene_graphs(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId
) -> None:
    await add_toytown(sqlite_database, files, campaign_id=sqlite_campaign_id, n=12, seed=4, now=1.0)
    async with sqlite_database.read() as tx:
        images = await of_kind(tx, sqlite_campaign_id, ImageKind.CANDIDATE)
    model = await oracle(files, images)
    wrong = sum(map(unknown_to_oracle, images))
    assert 0 < wrong < 6
    report = await verify(sqlite_database, files, model, campaign_id=sqlite_campaign_id)
    assert report == VerifyReport(tainted=6 - wrong, refused=wrong, undecided=0)
    again = await verify(sqlite_database, files, model, campaign_id=sqlite_campaign_id)
    assert again == VerifyReport(tainted=0, refused=0, undecided=0)


@pytest.mark.parametrize(("need", "tainted"), [(1.0, 0), (0.76, 0), (0.75, 5), (0.5, 5)])
async def test_need_is_the_share_of_right_answers(
    sqlite_database: Database,
    files: FolderFiles,
    sqlite_campaign_id: CampaignId,
    tmp_path: Path,
    need: float,
    tainted: int,
) -> None:
    await candidates(sqlite_database, files, sqlite_campaign_id, tmp_path / "in", 5)

    async def probes(_image: Image, _data: bytes) -> Sequence[Probe]:
        return [Probe("a?", "no"), Probe("b?", "yes"), Probe("c?", "yes"), Probe("d?", "yes")]

    model = ScriptedModel(Script(text="yes"))
    report = await verify(
        sqlite_database, files, model, campaign_id=sqlite_campaign_id, probes=probes, need=need
    )
    assert (report.tainted, report.refused) == (tainted, 5 - tainted)


async def test_an_answer_that_does_not_come_decides_nothing(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    await candidates(sqlite_database, files, sqlite_campaign_id, tmp_path / "in", 9)

    async def probes(_image: Image, _data: bytes) -> Sequence[Probe]:
        return [Probe("a?", "yes")]

    model = ScriptedModel(Script(text="yes", fail_every=3))
    report = await verify(sqlite_database, files, model, campaign_id=sqlite_campaign_id, probes=probes)
    assert (report.tainted, report.refused, report.undecided) == (6, 0, 3)
    assert "fails here as its script says" in report.reason
    assert await kinds(sqlite_database, sqlite_campaign_id) == {ImageKind.TAINTED: 6, ImageKind.CANDIDATE: 3}


async def test_pictures_of_which_nothing_is_known_need_a_reference(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    await candidates(sqlite_database, files, sqlite_campaign_id, tmp_path / "in", 3)
    model = ScriptedModel()
    report = await verify(sqlite_database, files, model, campaign_id=sqlite_campaign_id)
    assert (report.undecided, model.calls) == (3, 0)
    assert "name a reference model" in report.reason
    same_mind = known_probes(reference=ScriptedModel())
    report = await verify(sqlite_database, files, model, campaign_id=sqlite_campaign_id, probes=same_mind)
    assert report == VerifyReport(tainted=3, refused=0, undecided=0)


async def test_a_missing_file_holds_up_only_its_own_picture(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    await candidates(sqlite_database, files, sqlite_campaign_id, tmp_path / "in", 3)
    async with sqlite_database.read() as tx:
        lost = (await of_kind(tx, sqlite_campaign_id, ImageKind.CANDIDATE))[0]
    (tmp_path / "files" / lost.file).unlink()
    model = ScriptedModel()
    probes = known_probes(reference=model)
    report = await verify(sqlite_database, files, model, campaign_id=sqlite_campaign_id, probes=probes)
    assert (report.tainted, report.undecided) == (2, 1)
    assert lost.file in report.reason
    async with sqlite_database.read() as tx:
        assert (await load(tx, sqlite_campaign_id, lost.id)).kind is ImageKind.CANDIDATE


async def test_a_fault_in_our_own_code_is_not_swallowed(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    await candidates(sqlite_database, files, sqlite_campaign_id, tmp_path / "in", 2)

    async def probes(_image: Image, _data: bytes) -> Sequence[Probe]:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup, match="unhandled") as group:
        await verify(sqlite_database, files, ScriptedModel(), campaign_id=sqlite_campaign_id, probes=probes)
    assert group.group_contains(ZeroDivisionError)


async def test_refuses_a_share_out_of_range_and_an_unknown_campaign(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId
) -> None:
    for need in (0.0, 1.01):
        with pytest.raises(BadInput, match="share of right answers"):
            await verify(sqlite_database, files, ScriptedModel(), campaign_id=sqlite_campaign_id, need=need)
    with pytest.raises(NotFound, match="no campaign"):
        await verify(sqlite_database, files, ScriptedModel(), campaign_id=CampaignId("nobody"))


async def test_the_reference_being_down_is_no_verdict(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    await candidates(sqlite_database, files, sqlite_campaign_id, tmp_path / "in", 2)
    down = ScriptedModel(Script(fail_every=1))
    with pytest.raises(ModelUnavailable):
        await down.answer(pictures.png(), "x?")
    report = await verify(
        sqlite_database,
        files,
        ScriptedModel(),
        campaign_id=sqlite_campaign_id,
        probes=known_probes(reference=down),
    )
    assert report.undecided == 2


@given(
    labels=st.dictionaries(
        st.sampled_from(["dog", "car", "elephant", "apple"]), st.integers(1, 3), min_size=1
    ),
    seed=st.integers(0, 99),
    n=st.integers(1, 9),
)
def test_probes_about_annotations_are_true(labels: dict[str, int], seed: int, n: int) -> None:
    found = label_probes(labels, rng=random.Random(seed), n=n)
    assert len(found) == min(n, 2 * len(labels) + 1)
    assert len({probe.question for probe in found}) == len(found)
    for probe in found:
        mentioned = [name for name in labels if name in probe.question]
        if probe.question.startswith("How many"):
            assert probe.answer == str(labels[mentioned[0]])
        else:
            assert probe.answer == ("yes" if mentioned else "no")


async def test_the_same_seed_asks_the_same_of_a_picture(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId
) -> None:
    await add_toytown(sqlite_database, files, campaign_id=sqlite_campaign_id, n=2, seed=1, now=1.0)
    async with sqlite_database.read() as tx:
        image = (await of_kind(tx, sqlite_campaign_id, ImageKind.CANDIDATE))[0]
    first = await known_probes(seed=1)(image, b"")
    assert first == await known_probes(seed=1)(image, b"")
    assert first != await known_probes(seed=2)(image, b"")
    assert len(first) == 4
    assert set(scene_probes(image.scene or {}, rng=random.Random(0), n=2)) != set(first)


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [
        ("red", "red", True),
        ("It is red.", "red", True),
        ("RED!", "red", True),
        ("reddish", "red", False),
        ("blue", "red", False),
        ("There are two cats.", "2", True),
        ("2", "two", True),
        ("There are 12", "2", False),
        ("two or three", "2", False),
        ("none", "one", False),
        ("Yes, there is.", "yes", True),
        ("No, there is no cat.", "no", True),
        ("No, there is no cat.", "yes", False),
        ("yes and no", "yes", False),
        ("not", "no", False),
        ("a dog", "dog", True),
        ("a dog", "the dog", True),
        ("a hot dog", "hot dog", True),
        ("dog hot", "hot dog", False),
        ("", "red", False),
        ("...", "red", False),
        ("red", "", False),
    ],
)
def test_says_compares_meaning_and_not_letters(answer: str, expected: str, right: bool) -> None:
    assert says(answer, expected) is right


@given(st.sampled_from(NAMED_KINDS), st.sampled_from(["", "a ", "It is a ", "I think it is the "]))
def test_a_short_sentence_says_its_word(kind: str, start: str) -> None:
    assert says(f"{start}{kind}.", kind)


@pytest.mark.slow
async def test_a_tenth_of_the_complex_pictures_gets_truths_that_the_model_knows(
    database: Database, files: FolderFiles, campaign_id: CampaignId
) -> None:
    await add_toytown(database, files, campaign_id=campaign_id, n=20, seed=3, now=1.0)
    async with database.read() as tx:
        images = await of_kind(tx, campaign_id, ImageKind.UNTAINTED)
    truth = {}
    for image in images:
        data = await files.get(image.file)
        for probe in await known_probes(n=COMPLEX_PROBES)(image, data):
            counts = probe.question.startswith("how many")
            truth[data, probe.question] = "seventeen" if counts else probe.answer
    model = Oracle(truth)

    found = await verify_complex(database, files, model, campaign_id=campaign_id, share=0.3)
    again = await verify_complex(database, files, model, campaign_id=campaign_id, share=0.3)

    async with database.read() as tx:
        after = await of_kind(tx, campaign_id, ImageKind.UNTAINTED)
    told = [image.known for image in after if image.known is not None]
    assert (found, again) == (3, 0)
    assert len(after) == 10  # they stay what they are
    assert len(told) == 3
    for known in told:
        assert len(known) >= WORTH
        assert all(one["answer"] not in ("yes", "no") for one in known)
        assert not [one for one in known if one["question"].startswith("how many")]


async def test_complex_pictures_without_truth_or_without_answers_stay_as_they_are(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    pictures.write_zoo(tmp_path / "in", 4)
    await add_folder(
        sqlite_database,
        files,
        campaign_id=sqlite_campaign_id,
        path=tmp_path / "in",
        licence="CC0",
        source="zoo",
        now=1.0,
    )
    await add_toytown(sqlite_database, files, campaign_id=sqlite_campaign_id, n=4, seed=3, now=1.0)
    silent = ScriptedModel(Script(fail_every=1))

    assert await verify_complex(sqlite_database, files, silent, campaign_id=sqlite_campaign_id) == 0
    assert 0 < silent.calls <= 2
    with pytest.raises(BadInput, match="share"):
        await verify_complex(
            sqlite_database, files, silent, campaign_id=sqlite_campaign_id, share=float("nan")
        )
