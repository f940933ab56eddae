"""Any sequence of moves, sensible or not, keeps the promises of the game (a stateful property test)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from stumper.errors import StumperError
from stumper.play.deal import verify_commitment
from stumper.play.views import ExchangeView, SessionView
from stumper.records import Exchange, ExchangeId, Rules, Session, Turn, Verdict
from stumper.store.database import Database
from stumper.vlm import Script, ScriptedModel
from stumper.vlm.picture import ball
from stumper.vlm.scripted import plausible
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
            assert self.verdicts.setdefault(asked.id, kept) == kept
            self.see(view)

    @rule()
    def skip(self) -> None:
        if self.table.view.turn is not None:
            self.see(self.attempt(self.table.game.skip(self.table.player_id, self.table.turn_id)))

    @rule()
    def reload(self) -> None:
        self.see(self.run(self.table.game.view(self.table.player_id, self.table.view.id)))

    @rule()
    def start(self) -> None:
        self.see(self.run(self.table.game.start(self.table.player_id, quick=True)))

    @rule(seconds=st.sampled_from([0.5, 10.0, 61.0, 63.0, 100_000.0]))
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
        exchanges = {row["id"]: Exchange(**row) for row in self.rows("exchange")}
        self._check_turns(turns)
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

    def simple(self, turn: Turn) -> bool:
        return int(turn.image_id.removeprefix("image")) < 40

    def _check_turns(self, turns: list[Turn]) -> None:
        assert len({one.image_id for one in turns}) == len(turns)
        assert self.positions == sorted(self.positions)
        for row in (Session(**values) for values in self.rows("session")):
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
        PlayMachine, settings=settings(max_examples=10, stateful_step_count=25, deadline=None)
    )


@pytest.mark.slow
def test_no_long_sequence_of_moves_breaks_a_promise(sqlite_template: Path) -> None:
    PlayMachine.template = sqlite_template
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        PlayMachine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
