"""The columns of raw files, in their order; docs/guide/raw-data.md says what each one means."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a raw file holds, one a row."""

    MARKS = "marks"
    VOTES = "votes"
    CLAIMS = "claims"
    PLAYERS = "players"


class Type(StrEnum):
    """Of a column, as Arrow calls it; any value may be missing."""

    TEXT = "string"
    WHOLE = "int64"
    NUMBER = "float64"
    YES_NO = "bool"


COLUMNS: Final[Mapping[Kind, Mapping[str, Type]]] = {
    Kind.MARKS: {
        "id": Type.TEXT,
        "player": Type.TEXT,
        "asked_by": Type.TEXT,
        "consent_licence": Type.TEXT,
        "session": Type.TEXT,
        "turn": Type.WHOLE,
        "number": Type.WHOLE,
        "round": Type.WHOLE,
        "model": Type.TEXT,
        "image": Type.TEXT,
        "image_licence": Type.TEXT,
        "language": Type.TEXT,
        "control": Type.YES_NO,
        "poisoned": Type.YES_NO,
        "counts": Type.YES_NO,
        "graded": Type.YES_NO,
        "question": Type.TEXT,
        "model_answer": Type.TEXT,
        "shown_answer": Type.TEXT,
        "verdict": Type.TEXT,
        "correction": Type.TEXT,
        "confidence": Type.WHOLE,
        "pasted": Type.YES_NO,
        "suggested": Type.TEXT,
        "ideas": Type.WHOLE,
        "opened_at": Type.NUMBER,
        "asked_at": Type.NUMBER,
        "answered_at": Type.NUMBER,
        "judged_at": Type.NUMBER,
        "latency_ms": Type.NUMBER,
        "answered_by": Type.TEXT,
    },
    Kind.VOTES: {
        "claim": Type.TEXT,
        "player": Type.TEXT,
        "consent_licence": Type.TEXT,
        "model_wrong": Type.YES_NO,
        "correction_right": Type.YES_NO,
        "unanswerable": Type.YES_NO,
        "better": Type.TEXT,
        "flag": Type.TEXT,
        "gold": Type.YES_NO,
        "voted_at": Type.NUMBER,
    },
    Kind.CLAIMS: {
        "id": Type.TEXT,
        "mark": Type.TEXT,
        "player": Type.TEXT,
        "asked_by": Type.TEXT,
        "consent_licence": Type.TEXT,
        "round": Type.WHOLE,
        "model": Type.TEXT,
        "image": Type.TEXT,
        "image_licence": Type.TEXT,
        "question": Type.TEXT,
        "model_answer": Type.TEXT,
        "correction": Type.TEXT,
        "category": Type.TEXT,
        "status": Type.TEXT,
        "reason": Type.TEXT,
        "posterior": Type.NUMBER,
        "votes": Type.WHOLE,
        "same_as": Type.TEXT,
        "blind": Type.TEXT,
        "example": Type.TEXT,
        "created_at": Type.NUMBER,
        "decided_at": Type.NUMBER,
    },
    Kind.PLAYERS: {
        "player": Type.TEXT,
        "kind": Type.TEXT,
        "plays": Type.TEXT,
        "method": Type.TEXT,
        "language": Type.TEXT,
        "consent_licence": Type.TEXT,
        "consent_at": Type.NUMBER,
        "e_value": Type.NUMBER,
        "sees": Type.NUMBER,
        "alarms": Type.NUMBER,
        "fake": Type.NUMBER,
        "weight": Type.NUMBER,
        "group": Type.WHOLE,
        "forgotten": Type.YES_NO,
    },
}
