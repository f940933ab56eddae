"""The report: complete, self-contained, harmless whatever players typed, honest about losses."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stumper.curate.panel.panel import JudgeFigure, PanelFigures
from stumper.evaluate.cards import piles, thumbnail
from stumper.evaluate.charts import number, pair
from stumper.evaluate.metrics import Interval
from stumper.evaluate.panel import PanelScores, Unheard
from stumper.evaluate.report import ReportData, render, write_report
from stumper.evaluate.run import Figure, Item, Outcome
from stumper.records import Category
from stumper.release.drawing import stack
from tests.evaluate.reporting import report_data
from tests.evaluate.test_run import picture

NAN = float("nan")


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_data(n=28)


def figure(base: float, tuned: float, *, guess: float = 0.2) -> Figure:
    return Figure(
        name="x",
        items=9,
        base=Interval(base, max(base - 0.1, 0), base + 0.1, 9),
        tuned=Interval(tuned, tuned, tuned, 9),
        gain=Interval(tuned - base, 0.0, 1.0, 9),
        guess=guess,
        missing=0,
    )


def outcome(name: str, base: float, tuned: float, **more: str) -> Outcome:
    item = Item(
        id=name, image=picture(), question=more.get("question", "Is it?"), reference="yes",
        category=Category.EXISTENCE,
    )  # fmt: skip
    return Outcome(item, more.get("before", "no"), more.get("after", "yes"), base, tuned, 0.5)


class Balance(HTMLParser):
    """Collects tags that were opened and not closed, and every address."""

    VOID = frozenset(("meta", "img", "input", "link", "br", "line", "rect", "path", "circle"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def parsed(text: str) -> Balance:
    found = Balance()
    found.feed(text)
    return found


@pytest.mark.slow
def test_a_report_is_one_well_formed_file_that_fetches_nothing(data: ReportData, tmp_path: Path) -> None:
    path = write_report(tmp_path / "deep" / "report.html", data)

    text = path.read_text(encoding="utf-8")
    found = parsed(text)
    assert found.open == []
    assert found.addresses
    assert all(address.startswith("data:image/webp;base64,") for address in found.addresses)
    assert not re.search(r"url\((?!\"data:)", text)
    assert "<script" not in text
    assert path.stat().st_size < 3_000_000
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]


def test_the_figures_of_the_run_are_in_it(data: ReportData) -> None:
    text = render(data)

    score = data.examination.score.overall
    assert f'<b class="from">{score.base.mean:.2f}</b>' in text
    assert f'<b class="to">{score.tuned.mean:.2f}</b>' in text
    assert "11,204" in text
    assert "97.1%" in text
    assert "gate passed" in text
    assert "10.4 minutes" in text
    assert text.count("Counting four to nine") == 1
    assert "always wrong" in text
    assert "0123456789abcdef" in text


def test_what_was_tested_beside_the_score_is_in_it(data: ReportData) -> None:
    text = render(data)

    assert "by chance alone: p " in text
    assert "In other words" in text
    assert "Mirrored" in text
    assert "52 ms" in text  # mean latency of the tuned model
    assert "158 ms" in text  # and the 95th percentile
    assert len(data.examination.score.dimensions) >= 3


def test_without_variants_and_costs_their_sections_are_left_out(data: ReportData) -> None:
    bare = replace(data.examination, consistency=None, score=replace(data.examination.score, costs=None))
    text = render(replace(data, examination=bare))

    assert "Does it stay right?" not in text
    assert "What an answer costs" not in text
    assert parsed(text).open == []


def test_the_losses_of_the_tuning_are_drawn_where_they_are_known(data: ReportData) -> None:
    assert "training loss from 2.40 to 0.50; validation loss from 1.30 to 0.90" in render(data)
    unchecked = render(replace(data, curve=((10, 2.4, None), (20, 1.1, None))))
    assert "How it learned" in unchecked
    assert "validation split" not in unchecked
    assert "How it learned" not in render(replace(data, curve=()))


def test_the_worst_losses_come_first() -> None:
    losses = [outcome(f"{tuned}", 1.0, tuned) for tuned in (0.5, 0.0, 0.75, 0.25) for _ in range(4)]

    (lost,) = [pile for pile in piles(losses, seed=1) if pile.name == "lost"]

    assert (lost.total, len(lost.cards)) == (16, 12)
    assert [card.after_right for card in lost.cards] == [False] * 12
    assert "worst first" in lost.title


def test_the_same_data_give_the_same_report(data: ReportData) -> None:
    assert render(data) == render(data)


def test_what_players_type_stays_text(data: ReportData) -> None:
    evil = "<script>alert(1)</script>"
    score = data.examination.score
    outcomes = tuple(
        replace(one, item=replace(one.item, question=evil, reference=evil), before=evil, after=evil)
        for one in score.outcomes
    )
    told = replace(
        data,
        title=evil,
        verdict=evil,
        facts=((evil, evil),),
        examination=replace(data.examination, score=replace(score, outcomes=outcomes)),
    )

    text = render(told)

    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_report_without_loop_players_or_toytown_still_stands(data: ReportData) -> None:
    empty = replace(
        data.examination.known,
        outcomes=(),
        groups=(),
        overall=replace(
            figure(NAN, NAN, guess=NAN),
            items=0,
            base=Interval(NAN, NAN, NAN, 0),
            gain=Interval(NAN, NAN, NAN, 0),
        ),
    )
    told = replace(
        data,
        loop=None,
        standings=(),
        facts=(),
        examination=replace(data.examination, known=empty, withheld=empty),
    )

    text = render(told)

    assert parsed(text).open == []
    assert "nan" not in re.sub(r"base64,[^\"]+", "", text)
    assert "Who played" not in text


def test_a_failed_gate_and_forgetting_are_said(data: ReportData) -> None:
    known = data.examination.known
    worse = replace(known, overall=replace(known.overall, tuned=Interval(0.5, 0.4, 0.6, 28)))

    text = render(replace(data, passed=False, examination=replace(data.examination, known=worse)))

    assert "gate not passed" in text
    assert "it forgot more than the 0.03 allowed" in text


def test_losses_are_shown_beside_wins() -> None:
    outcomes = [
        *(outcome(f"w{n}", 0, 1) for n in range(20)),
        *(outcome(f"l{n}", 1, 0) for n in range(3)),
        *(outcome(f"o{n}", 0, 0.5) for n in range(7)),
        outcome("missing", NAN, 1),
    ]

    found = {pile.name: pile for pile in piles(outcomes, seed=1)}

    assert {name: pile.total for name, pile in found.items()} == {"won": 20, "open": 7, "lost": 3, "kept": 0}
    assert len(found["won"].cards) == 12
    assert found["lost"].share == pytest.approx(0.1)
    assert (found["lost"].cards[0].before_right, found["lost"].cards[0].after_right) == (True, False)
    assert piles(outcomes, seed=1) == piles(outcomes, seed=1)


def test_every_category_of_a_pile_has_its_turn() -> None:
    many = [outcome(f"many{n}", 0, 1) for n in range(40)]
    few = [
        replace(one, item=replace(one.item, category=Category.TEXT))
        for one in (outcome(f"few{n}", 0, 1) for n in range(3))
    ]

    (won,) = [pile for pile in piles([*many, *few], seed=1) if pile.name == "won"]

    assert sorted(card.category for card in won.cards) == ["existence"] * 9 + ["text"] * 3


def test_cards_can_be_filtered_by_category_without_a_script(data: ReportData) -> None:
    text = render(data)

    kinds = set(re.findall(r'data-kind="(\w+)">', text))
    assert len(kinds) > 3
    assert set(re.findall(r'id="kind-(\w+)"', text)) == kinds
    assert set(re.findall(r"#kind-(\w+):checked", text)) == kinds


@pytest.fixture
def heard() -> PanelScores:
    judge = JudgeFigure(
        name="openai:http://127.0.0.1:8000/v1#my<one>", scored=30, missing=2, mean=0.5, wavering=0.1,
        calls=60, tokens=9, latency_s=0.2,
    )  # fmt: skip
    return PanelScores(
        base=Interval(0.06, 0.0, 0.1, 26),
        tuned=Interval(0.58, 0.5, 0.7, 26),
        gain=Interval(0.52, 0.4, 0.6, 26),
        missing=2,
        from_rules=0.07,
        figures=PanelFigures(alpha=0.81, alpha_right=0.8, judges=(judge, replace(judge, name="two"))),
        why="missing: 1 of 2 judges gave a score",
    )


def test_the_panel_stands_beside_the_rules_which_decide(data: ReportData, heard: PanelScores) -> None:
    text = render(replace(data, examination=replace(data.examination, panel=heard)))

    assert parsed(text).open == []
    for said in (
        "By the rules",
        "By the panel",
        "2 models",
        "The rules decide the gate",
        "missing 2",
        "0.81",
    ):
        assert said in text
    assert '<td class="long">my&lt;one&gt;</td>' in text
    assert "because 1 of 2 judges gave a score" in text


def test_a_panel_that_was_not_heard_is_said_with_the_reason(data: ReportData) -> None:
    text = render(replace(data, examination=replace(data.examination, panel=Unheard("No key is set."))))

    assert "could not: No key is set." in text
    assert "stumper round judge" in text
    assert "Rules and panel" not in render(data)


def test_a_picture_that_cannot_be_read_leaves_its_card_without_one() -> None:
    assert thumbnail(b"no picture") == ""
    assert thumbnail(picture()).startswith("data:image/webp;base64,")


def test_bars_are_as_long_as_their_values() -> None:
    text = str(pair(figure(0.25, 0.8, guess=0.1)))

    assert '<rect class="base" x="0.00%" y="5" width="25.00%"' in text
    assert '<rect class="tuned" x="0.00%"' in text
    assert 'width="80.00%"' in text
    assert '<line class="guess" x1="10.00%" x2="10.00%"' in text
    assert '<line class="ci" x1="15.00%" x2="35.00%"' in text
    assert text.count('class="ci"') == 1  # the tuned interval is a point
    assert 'aria-label="base 0.25, tuned 0.80, guessing 0.10"' in text


def test_what_was_not_scored_has_no_bar() -> None:
    nothing = replace(figure(0.1, 0.2, guess=NAN), base=Interval(NAN, NAN, NAN, 0))

    text = str(pair(nothing))

    assert 'class="base"' not in text
    assert 'class="guess"' not in text
    assert "nan" not in text
    assert number(math.inf) == number(NAN) == "–"


def test_a_chart_never_leaves_its_frame_and_escapes_its_label() -> None:
    text = str(stack([("part", 1.7)], label='"<x>'))

    assert 'width="100.00%" height="14" rx' in text
    assert "<x>" not in text


@pytest.fixture
def browser_pages(data: ReportData, tmp_path: Path) -> list[dict[str, float]]:
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = Path("/usr/bin/chromium")
    if not chromium.exists():
        pytest.skip("no /usr/bin/chromium (Debian: apt-get install chromium)")
    path = write_report(tmp_path / "report.html", data)
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        found = []
        for width in (320, 390, 768, 1280):
            page = browser.new_context(viewport={"width": width, "height": 800}, offline=True).new_page()
            faults: list[str] = []
            page.on("console", lambda message, into=faults: into.append(message.text))
            page.goto(path.as_uri())
            size = page.evaluate("document.documentElement.scrollWidth")
            drawn = page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
            found.append({"width": width, "needed": size, "drawn": drawn, "faults": len(faults)})
        browser.close()
    return found


@pytest.mark.browser
def test_it_fits_every_screen_and_draws_every_picture_offline(browser_pages: list[dict[str, float]]) -> None:
    for page in browser_pages:
        assert page["needed"] <= page["width"]
        assert page["drawn"]
        assert page["faults"] == 0
