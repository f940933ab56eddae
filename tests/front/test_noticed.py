"""What was noticed, in the player's words and language: a sentence for everything, accusing nobody."""

from __future__ import annotations

import pytest

from stumper.front import noticed
from stumper.front.i18n import LANGUAGES, words_in
from stumper.records import PlayerId
from stumper.trust.signals import STRONG, Kind
from stumper.trust.watch.kept import Appeal, Decision, Facts, Noticed, State
from stumper.trust.watch.words import notice


def signal(kind: Kind, *, common: int = 7) -> Noticed:
    facts = Facts(common=common, chances=9, q=1e-8, partners=[PlayerId("bob")])
    return Noticed(
        player_id=PlayerId("ann"), nickname="Ann", kind=kind, strength=8.0, facts=facts, state=State.OPEN,
        found_at=0.0,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(Kind))
def test_every_signal_is_told_in_every_language(kind: Kind, language: str) -> None:
    (line,) = notice([signal(kind)], []).lines

    told = noticed.told(line, words_in(language))

    assert told.title
    assert told.text
    assert "{" not in told.title + told.text
    assert "bob" not in told.text


def test_one_thing_in_common_is_told_as_one() -> None:
    (line,) = notice([signal(Kind.TOGETHER, common=1)], []).lines

    assert noticed.told(line, words_in("en")).text.startswith("1 time you began")


@pytest.mark.parametrize("kind", list(Kind))
def test_what_follows_is_told_to_its_end(kind: Kind) -> None:
    told = noticed.follows(notice([signal(kind)], []), words_in("en"))

    assert told[-1] == "You can go on playing as always."
    assert any("wait" in sentence for sentence in told) == (kind in STRONG)


def test_nothing_follows_from_nothing() -> None:
    assert noticed.follows(notice([], []), words_in("en")) == []


@pytest.mark.parametrize("decision", [None, *Decision])
def test_every_decision_has_words(decision: Decision | None) -> None:
    appeal = Appeal(
        id="a", player_id=PlayerId("ann"), nickname="Ann", text="?", written_at=0.0, decision=decision,
        answer="", decided_at=None,
    )  # fmt: skip

    assert noticed.told_decision(appeal, words_in("en")).endswith(".")
