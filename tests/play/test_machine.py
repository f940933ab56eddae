"""Any sequence of moves, sensible or not, keeps the promises of the game (a stateful property test)."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from stumper.errors import StumperError
from stumper.play.deal import verify_commitment
from stumper.play.views import ExchangeView, SessionView
from stumper.records import (
    Exchange,
    ExchangeId,
    ReportReason,
    Rules,
    Session,
    SkipReason,
    Turn,
    Verdict,
)
from stumper.store.database import Database
from stumper.trust.grade import grade_session
from stumper.vlm import Script, ScriptedModel
from stumper.vlm.picture import ball
from stumper.vlm.scripted import plausible
from tests.examples import examples
from tests.play.conftest import Table, World, furnish

T = TypeVar("T")
_RULES = Rules(turns=4, quick_turns=3, questions_per_turn=2, turn_s=60.0, complex_control_share=1.0)
_KNOWN_QUESTION, _OTHER_QUESTION = "How many cats are there?", "How many dogs are there?"


class PlayMachine(RuleBasedStateMachine):
    """One player with a careless phone: repeats, late moves, crashes of the model, pauses of any length."""

    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.verdicts: dict[ExchangeId, tuple[Verdict, str | None]] = {}
        self.judged_at: dict[ExchangeId, float] = {}
        self.shown: dict[ExchangeId, str] = {}
        self.seen: list[ExchangeView] = []
        self.positions = [0]
        self.keys = 0

    def run(self, move: Awaitable[T]) -> T:
        return self.loop.run_until_complete(move)  # type: ignore[arg-type]

    def attempt(self, move: Awaitable[T]) -> T | None:
        try:
            return self.run(move)
        except StumperError:
            return None

    @initialize(quick=st.booleans())
    def begin(self, quick: bool) -> None:
        self.database = Database(f"sqlite:///{shutil.copy(self.template, self.folder / 'stumper.db')}")
        known = [{"question": "number of cats", "answer": plausible(ball("red"), _KNOWN_QUESTION)}]
        self.world: World = self.run(furnish(self.database, self.folder / "files", rules=_RULES, known=known))
        self.table: Table = self.run(self.world.started(quick=quick))

    def see(self, view: SessionView | None) -> None:
        if view is None:
            return
        if view.id == self.table.view.id:
            self.positions.append(view.position)
        else:
            self.positions = [view.position]
        self.table.view = view

    @rule(again=st.booleans(), question=st.sampled_from([_KNOWN_QUESTION, _OTHER_QUESTION]))
    def ask(self, again: bool, question: str) -> None:
        if self.table.view.turn is None:
            return
        self.keys += not again
        asked = self.attempt(self.table.ask(question, key=f"k{self.keys}"))
        if asked is not None and asked.answer is not None:
            assert self.shown.setdefault(asked.id, asked.answer) == asked.answer
            self.seen.append(asked)

    @rule()
    def ask_a_model_that_fails(self) -> None:
        if self.table.view.turn is None:
            return
        self.world.model = ScriptedModel(Script(fail_every=1))
        self.keys += 1
        assert self.attempt(self.table.ask(key=f"k{self.keys}")) is None
        self.world.model = ScriptedModel()

    @rule(
        wrong=st.booleans(),
        back=st.integers(0, 3),
        correction=st.sampled_from([None, "", "a heron", "two herons"]),
    )
    def judge(self, wrong: bool, back: int, correction: str | None) -> None:
        if not self.seen:
            return
        asked = self.seen[-1 - min(back, len(self.seen) - 1)]
        verdict = Verdict.WRONG if wrong else Verdict.CORRECT
        view = self.attempt(
            self.table.game.judge(self.table.player_id, asked.id, verdict=verdict, correction=correction)
        )
        if view is not None:
            kept = (verdict, correction if wrong else None)
            if asked.id not in self.verdicts:
                self.judged_at[asked.id] = self.world.clock.now
            assert self.verdicts.setdefault(asked.id, kept) == kept
            self.see(view)

    @rule(back=st.integers(0, 3))
    def undo(self, back: int) -> None:
        if not self.seen:
            return
        asked = self.seen[-1 - min(back, len(self.seen) - 1)]
        before = self.verdicts.get(asked.id)
        view = self.attempt(self.table.game.undo(self.table.player_id, asked.id))
        if view is None or before is None:
            return
        newest = max((one.judged_at or 0.0) for one in self.exchanges().values())
        at = self.judged_at[asked.id]
        assert self.world.clock.now - at <= 7.0
        assert newest <= at
        del self.verdicts[asked.id]
        self.positions = []
        self.see(view)

    @rule()
    def take_more_time(self) -> None:
        if self.table.view.turn is not None:
            self.see(self.attempt(self.table.game.more(self.table.player_id, self.table.turn_id)))

    @rule()
    def see_the_result(self) -> None:
        """Grading: from here on the verdicts of the session stay."""
        with contextlib.suppress(StumperError):
            self.run(grade_session(self.database, self.table.view.id, now=self.world.clock.now))

    @rule(reason=st.sampled_from([None, *SkipReason]))
    def skip(self, reason: SkipReason | None) -> None:
        if self.table.view.turn is not None:
            self.see(
                self.attempt(self.table.game.skip(self.table.player_id, self.table.turn_id, reason=reason))
            )

    @rule(reason=st.sampled_from(ReportReason))
    def report(self, reason: ReportReason) -> None:
        if self.table.view.turn is not None:
            self.see(
                self.attempt(self.table.game.report(self.table.player_id, self.table.turn_id, reason=reason))
            )

    @rule()
    def reload(self) -> None:
        self.see(self.run(self.table.game.view(self.table.player_id, self.table.view.id)))

    @rule()
    def start(self) -> None:
        self.see(self.run(self.table.game.start(self.table.player_id, quick=True)))

    @rule(seconds=st.sampled_from([0.5, 3.0, 10.0, 61.0, 63.0, 100_000.0]))
    def wait(self, seconds: float) -> None:
        self.world.clock.now += seconds

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Reads behind the game's back, which is also ten times faster than through it."""
        with closing(sqlite3.connect(self.folder / "stumper.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]

    @invariant()
    def promises_are_kept(self) -> None:
        if not hasattr(self, "table"):
            return
        turns = [Turn(**row) for row in self.rows("turn")]
        exchanges = self.exchanges()
        self._check_turns(turns)
        self._check_grades(exchanges)
        # A verdict is there if it was given and not taken back, and no other one.
        assert {one.id for one in exchanges.values() if one.verdict is not None} == set(self.verdicts)
        for asked_id, (verdict, correction) in self.verdicts.items():
            assert exchanges[asked_id].verdict == verdict
            assert exchanges[asked_id].correction == correction
        for asked_id, answer in self.shown.items():
            assert exchanges[asked_id].shown_answer == answer
        by_id = {one.id: one for one in turns}
        wrong_on_unknown = {
            one.id
            for one in exchanges.values()
            if one.verdict == Verdict.WRONG
            and not (by_id[one.turn_id].control and (one.counts or self.simple(by_id[one.turn_id])))
        }
        claims = self.rows("claim")
        assert {row["exchange_id"] for row in claims} == wrong_on_unknown
        for exchange in (exchanges[row["exchange_id"]] for row in claims):
            assert not exchange.poisoned
            assert not exchange.counts
            assert exchange.shown_answer == exchange.model_answer
        for one in exchanges.values():
            turn = by_id[one.turn_id]
            assert turn.control or not (one.poisoned or one.counts)
            assert one.poisoned == (one.counts and turn.coins[one.number] == "1")
            assert not one.counts or self.simple(turn) or one.question == _KNOWN_QUESTION

    def exchanges(self) -> dict[ExchangeId, Exchange]:
        return {row["id"]: Exchange(**row) for row in self.rows("exchange")}

    def _check_grades(self, exchanges: dict[ExchangeId, Exchange]) -> None:
        """Points and E-value follow from the verdicts that stand, however often others were taken back."""
        graded = {row["id"] for row in self.rows("session") if row["graded_at"] is not None}
        turns = {row["id"] for row in self.rows("turn") if row["session_id"] in graded and row["control"]}
        marks = [
            one
            for one in exchanges.values()
            if one.turn_id in turns and one.counts and one.verdict is not None
        ]
        for line in self.rows("ledger"):
            assert line["session_id"] in graded
            assert exchanges[line["exchange_id"]].verdict == Verdict.WRONG
        (e_value,) = (row["e_value"] for row in self.rows("player"))
        if not marks:
            assert e_value == 1.0
        assert len(self.rows("ledger")) <= sum(one.verdict == Verdict.WRONG for one in marks)

    def simple(self, turn: Turn) -> bool:
        return int(turn.image_id.removeprefix("image")) < 40

    def _check_turns(self, turns: list[Turn]) -> None:
        assert len({one.image_id for one in turns}) == len(turns)
        assert self.positions == sorted(self.positions)
        columns = {field.name for field in fields(Session)}  # what a model spent is no part of the game
        for values in self.rows("session"):
            row = Session(**{name: value for name, value in values.items() if name in columns})
            own = sorted((one for one in turns if one.session_id == row.id), key=lambda one: one.position)
            states = [(one.opened_at is not None, one.closed_at is not None) for one in own]
            assert states == sorted(states, reverse=True)
            assert sum(opened and not closed for opened, closed in states) == (row.finished_at is None)
            assert all(closed for _, closed in states) is (row.finished_at is not None)
            assert abs(sum(one.control and self.simple(one) for one in own) - len(own) / 2) <= 0.5
            assert verify_commitment(row, own)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)


def test_no_sequence_of_moves_breaks_a_promise(sqlite_template: Path) -> None:
    PlayMachine.template = sqlite_template
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        PlayMachine, settings=settings(max_examples=examples(10), stateful_step_count=25, deadline=None)
    )


@pytest.mark.slow
def test_no_long_sequence_of_moves_breaks_a_promise(sqlite_template: Path) -> None:
    PlayMachine.template = sqlite_template
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        PlayMachine, settings=settings(max_examples=30, stateful_step_count=40, deadline=None)
    )
