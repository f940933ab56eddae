"""What goes over the wire: requests in, responses out (pydantic), made from the views of ``play``.

No response holds an image's id, kind or file name, nor anything that differs between controls and targets.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from stumper.curate.desk.dealing import ClaimView, Empty
from stumper.front import noticed
from stumper.front.i18n import Words
from stumper.play.views import ExchangeView, SessionView, Summary, TurnSummary, TurnView
from stumper.records import Category, Exchange, Flag, PlayerId, ReportReason, SkipReason, Suggestion, Verdict
from stumper.trust.grade import Grade
from stumper.trust.watch.kept import Appeal
from stumper.trust.watch.words import Notice

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


class Input(BaseModel):
    """Refuses fields it does not know, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class JoinIn(Input):
    nickname: str = Field(description="What players see; never published.", examples=["Ada"])
    language: str = Field("en", max_length=16, description="Language of the player's questions (BCP 47).")
    time_zone: str = Field("UTC", max_length=64, description="IANA name; an unknown one counts as UTC.")
    consent: bool = Field(description="True: collection and the licence are accepted.")


class StartIn(Input):
    campaign: str | None = Field(None, max_length=80, description="Omitted: the operator's default.")
    quick: bool = Field(False, description="A short session.")


class AskIn(Input):
    question: str
    key: Key = Field(
        description="Drawn by the client for each question; sent again, it returns the same exchange."
    )
    pasted: bool | None = Field(None, description="The question was pasted; null where nobody looked.")
    opening: bool = Field(False, description="It was made of one of the openings that always stand there.")


class VerdictIn(Input):
    verdict: Verdict
    correction: str | None = Field(None, description="The right answer; needed with 'wrong'.")
    pasted: bool | None = Field(None, description="The right answer was pasted; null where nobody looked.")
    confidence: int | None = Field(None, ge=1, le=3, description="1 not sure, 2 fairly, 3 sure.")


class SkipIn(Input):
    reason: SkipReason | None = Field(None, description="Why, if the player says so.")


class ReportIn(Input):
    reason: ReportReason


class IdeasOut(BaseModel):
    """Kinds of questions for this session, those asked least first; the same on every kind of picture."""

    categories: list[Category]


class IdeaOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Suggestion = Field(description="need: a kind that the data lack; model: what a model would ask")
    text: str


class GivenOut(BaseModel):
    """Up to three questions or openings for one picture, the same ones however often they are asked for."""

    ideas: list[IdeaOut]


class VoteIn(Input):
    model_wrong: bool
    correction_right: bool
    unanswerable: bool = False
    better: str | None = Field(None, description="The right answer, where neither of the two is.")
    flag: Flag | None = Field(None, description="Why this should not become data.")


class ErrorBody(BaseModel):
    code: str
    message: str


class ErrorOut(BaseModel):
    """Every refusal of this API has this one shape."""

    error: ErrorBody


class PlayerOut(BaseModel):
    id: PlayerId
    nickname: str
    language: str
    licence: str


class ExchangeOut(BaseModel):
    id: str
    number: int
    question: str
    answer: str | None = Field(description="null while the model thinks")
    verdict: Verdict | None

    @classmethod
    def of(cls, view: ExchangeView) -> Self:
        return cls(
            id=view.id,
            number=view.number,
            question=view.question,
            answer=view.answer,
            verdict=view.verdict,
        )


class TurnOut(BaseModel):
    id: str
    position: int = Field(description="0-based")
    seconds_left: float
    paused: bool = Field(description="true while the clock stands because the model works or is down")
    questions_left: int
    more_at_s: float | None = Field(
        description="With so many seconds left more time may be taken; null once it was taken ten times"
    )
    exchanges: list[ExchangeOut]

    @classmethod
    def of(cls, view: TurnView) -> Self:
        return cls(
            id=view.id,
            position=view.position,
            seconds_left=round(view.seconds_left, 1),
            paused=view.paused,
            questions_left=view.questions_left,
            more_at_s=view.more_at_s,
            exchanges=[ExchangeOut.of(exchange) for exchange in view.exchanges],
        )


class SessionOut(BaseModel):
    id: str
    turns: int
    position: int
    finished: bool
    commitment: str = Field(description="SHA-256 of salt and coins; both are shown after the session")
    turn: TurnOut | None
    undo: str | None = Field(description="the exchange whose verdict may still be taken back")
    undo_s: float = Field(description="for so many seconds")

    @classmethod
    def of(cls, view: SessionView) -> Self:
        return cls(
            id=view.id,
            turns=view.turns,
            position=view.position,
            finished=view.finished,
            commitment=view.commitment,
            turn=TurnOut.of(view.turn) if view.turn else None,
            undo=view.undo,
            undo_s=round(view.undo_s, 1),
        )


class LineOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    position: int
    reason: str
    points: int
    text: str


class RevealedExchangeOut(BaseModel):
    question: str
    answer: str | None
    verdict: Verdict | None
    correction: str | None
    poisoned: bool
    model_answer: str | None

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        return cls(
            question=exchange.question,
            answer=exchange.shown_answer,
            verdict=exchange.verdict,
            correction=exchange.correction,
            poisoned=exchange.poisoned,
            model_answer=exchange.model_answer,
        )


class RevealedTurnOut(BaseModel):
    id: str
    position: int
    control: bool
    coins: str
    end: str | None
    exchanges: list[RevealedExchangeOut]

    @classmethod
    def of(cls, played: TurnSummary) -> Self:
        return cls(
            id=played.turn.id,
            position=played.turn.position,
            control=played.turn.control,
            coins=played.turn.coins,
            end=played.turn.end,
            exchanges=[RevealedExchangeOut.of(exchange) for exchange in played.exchanges],
        )


class SummaryOut(BaseModel):
    """A finished session with everything that was secret while it was played."""

    id: str
    points: int
    balance: int
    e_value: float
    trusted: bool
    payable: int
    waiting: int
    """Points of confirmed claims that are paid once the player is trusted."""
    lines: list[LineOut]
    commitment: str
    salt: str
    turns: list[RevealedTurnOut]

    @classmethod
    def of(cls, summary: Summary, grade: Grade) -> Self:
        return cls(
            id=summary.session.id,
            points=grade.points,
            balance=grade.balance_shown,
            e_value=grade.e_value,
            trusted=grade.trusted,
            payable=grade.payable,
            waiting=grade.waiting,
            lines=[LineOut.model_validate(line) for line in grade.lines],
            commitment=summary.session.commitment,
            salt=summary.session.salt,
            turns=[RevealedTurnOut.of(turn) for turn in summary.turns],
        )


class NoticeLineOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: str
    title: str
    text: str


class AppealIn(Input):
    text: str = Field(description="1 to 1,000 characters.")


class AppealOut(BaseModel):
    text: str
    state: str = Field(description="open, granted or refused")
    answer: str = Field(description="The operator's words, if any.")

    @classmethod
    def of(cls, appeal: Appeal) -> Self:
        return cls(text=appeal.text, state=appeal.decision or "open", answer=appeal.answer)


class NoticeOut(BaseModel):
    """What was noticed about the player, what follows, and where their appeal stands."""

    noticed: list[NoticeLineOut]
    follows: list[str]
    may_appeal: bool
    appeal: AppealOut | None

    @classmethod
    def of(cls, notice: Notice, words: Words) -> Self:
        return cls(
            noticed=[NoticeLineOut.model_validate(noticed.told(line, words)) for line in notice.lines],
            follows=noticed.follows(notice, words),
            may_appeal=notice.may_appeal,
            appeal=AppealOut.of(notice.appeal) if notice.appeal else None,
        )


class ClaimOut(BaseModel):
    """A claim on a referee's desk; both answers, not who gave them."""

    id: str
    question: str
    model_answer: str
    correction: str

    @classmethod
    def of(cls, view: ClaimView) -> Self:
        return cls(
            id=view.id, question=view.question, model_answer=view.model_answer, correction=view.correction
        )


class DeskOut(BaseModel):
    """A referee's desk: one claim, or why it is empty."""

    claim: ClaimOut | None
    empty: Empty | None
