"""What is known of one example, from picture to model, as plain values without any nickname (no database)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stumper.curate.belief import Belief


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    id: str
    file: str
    """Key in the file store."""
    source: str
    licence: str
    kind: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    pseudonym: str
    kind: str
    """human, simulated or model."""
    model: str | None
    """Which model plays; None for people."""
    method: str | None
    """How it finds its questions; None for people."""
    consent_licence: str
    consent_at: float
    language: str | None
    """Their own when they asked."""
    e_value_then: float
    """After the last session graded before the claim; the figure that trust is decided by."""
    e_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The question, what the model said to it, and what became of the answer."""

    session_id: str
    turn: int
    """Place in the session, from 1."""
    turns: int
    number: int
    """Of the question in its turn, from 1."""
    control: bool
    poisoned: bool
    seconds: float | None
    """From the picture to the question."""
    question: str
    round: int
    model: str
    model_answer: str
    shown_answer: str
    latency_ms: float | None
    asked_at: float
    answered_at: float | None
    verdict: str
    correction: str
    judged_at: float | None
    confidence: int | None
    pasted: bool | None
    suggested: str | None
    """What the question was made of (`records.Suggestion`); None if it is the player's own."""
    answered_by: str | None
    """As the endpoint names itself, and whether it stood in; None for a model within the game's process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """Another claim that says the same."""

    claim_id: str
    pseudonym: str
    question: str
    correction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    id: str
    category: str
    confidence: float
    """Of the classifier in the category that it gives now, 0..1."""
    created_at: float
    same_as: str | None
    twins: tuple[Twin, ...]
    blind: str | None
    """What a model says without the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is believed after one more voice; the first is before any vote."""

    belief: Belief
    voter: str | None
    """Pseudonym; None before any vote."""
    says: str
    """In words."""
    gold: bool
    """The claim was settled and tested the voter: not counted."""
    weight: float
    """Share of the vote that counts, 0..1 (`trust.jury`)."""
    told: float
    """By how many logits it moved P(the claim is good)."""
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a judge that is not a person thinks."""

    judge: str
    score: float | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    status: str
    reason: str
    """The cause, in the words of `curate.belief.Cause`."""
    at: float | None
    accept: float
    reject: float
    """The campaign's bounds."""
    posterior: float | None
    """When it was last written."""
    posterior_in_example: float | None
    posterior_of_all: float | None
    """By all marks and votes of the campaign together, now; None where that was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A release that holds the example, or may."""

    id: str
    version: int
    row_id: str
    split: str | None
    """None where its folder is not on this machine."""
    weight: float | None
    """Of the row, where the release has weights."""
    withdrawn_at: float | None
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A model that was tuned on a release that holds it."""

    tuned_ref: str
    base_ref: str
    release_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a tuned model says to the question."""

    tuned_ref: str
    answer: str
    score: float | None
    learned: bool
    held_out: bool
    """No tuning ever saw the picture."""
    passed: bool
    """The model plays, or played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    example_id: str | None
    """None for a claim that is no example (yet)."""
    answer: str
    campaign: str
    licence: str
    picture: Picture | None
    asker: Asker
    asked: Asked
    claimed: Claimed
    steps: tuple[Step, ...]
    opinions: tuple[Opinion, ...]
    decided: Decided
    releases: tuple[Released, ...]
    models: tuple[Taught, ...]
    lessons: tuple[Lesson, ...]
    provenance: dict[str, Any]
    """As it was written when the example was made."""
