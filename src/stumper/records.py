"""The nouns of Stumper as frozen dataclasses, ids as NewTypes, choices as StrEnums.

One thing, one word: the same word names the record, the table, the JSON key and the page.
Times are Unix seconds (float), shares and probabilities lie in 0..1.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

CampaignId = NewType("CampaignId", str)
RoundId = NewType("RoundId", str)
ImageId = NewType("ImageId", str)
PlayerId = NewType("PlayerId", str)
SessionId = NewType("SessionId", str)
TurnId = NewType("TurnId", str)
ExchangeId = NewType("ExchangeId", str)
ClaimId = NewType("ClaimId", str)
VoteId = NewType("VoteId", str)
ExampleId = NewType("ExampleId", str)
ReleaseId = NewType("ReleaseId", str)

ID_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(rng: random.Random) -> str:
    """Returns a 16-letter id with 80 random bits; give ``random.SystemRandom()`` outside simulations."""
    return "".join(ID_SIGNS[rng.getrandbits(5)] for _ in range(16))


class Category(StrEnum):
    """What a question is about; the same twelve words everywhere."""

    EXISTENCE = "existence"
    COUNTING = "counting"
    COLOR = "color"
    ATTRIBUTE = "attribute"
    IDENTIFICATION = "identification"
    TEXT = "text"
    SPATIAL = "spatial"
    ACTION = "action"
    SCENE = "scene"
    COMPARISON = "comparison"
    REASONING = "reasoning"
    INVALID = "invalid"


class ImageKind(StrEnum):
    """Candidate: simple enough for a control, not yet verified. Refused: failed verification. Retired: was a
    control until too many had seen it.
    """

    CANDIDATE = "candidate"
    TAINTED = "tainted"
    UNTAINTED = "untainted"
    REFUSED = "refused"
    RETIRED = "retired"


class Verdict(StrEnum):
    CORRECT = "correct"
    WRONG = "wrong"


class TurnEnd(StrEnum):
    """Why a turn closed."""

    WRONG = "wrong"
    DONE = "done"
    SKIPPED = "skipped"
    TIMEOUT = "timeout"


class SkipReason(StrEnum):
    """Why a player left a picture, if they say so."""

    TOO_EASY = "too_easy"
    UNCLEAR = "unclear"
    DULL = "dull"
    BROKEN = "broken"
    OTHER = "other"


class ReportReason(StrEnum):
    """Why a player thinks that a picture should be shown to nobody."""

    OFFENSIVE = "offensive"
    PRIVATE = "private"
    BROKEN = "broken"
    NOT_ALLOWED = "not_allowed"


class RoundStatus(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Decision(StrEnum):
    """What a person says to a tuned model that passed the gate, where one is asked."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


class PlayerKind(StrEnum):
    HUMAN = "human"
    SIMULATED = "simulated"
    MODEL = "model"


class Role(StrEnum):
    """What somebody may do, from least to most; who may more may all that comes before it."""

    STRANGER = "stranger"
    PLAYER = "player"
    REFEREE = "referee"
    OPERATOR = "operator"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def covers(self, needed: Role) -> bool:
        """Whether whoever has this role may do what ``needed`` may."""
        return self.rank >= needed.rank


class Method(StrEnum):
    """How a model that plays finds its questions."""

    STRONGER = "stronger"
    """It asks what it thinks that the opponent gets wrong, and knows better."""
    UNSURE = "unsure"
    """The opponent itself: it asks what it answers differently when it is asked in other words."""


class Suggestion(StrEnum):
    """What a question was made of that its player did not think of alone."""

    OPENING = "opening"
    """One of the openings that always stand there, by the word of the player's phone."""
    NEED = "need"
    """An idea the player asked for: an opening of a kind that the data lack."""
    MODEL = "model"
    """An idea the player asked for: what a model that sees the picture would ask."""

    @property
    def asked_for(self) -> bool:
        """Whether the player asked for it: it never pays a bounty (decision 28)."""
        return self is not Suggestion.OPENING


@dataclass(frozen=True, slots=True)
class Idea:
    """A question, or its opening, that a player is given."""

    kind: Suggestion
    text: str

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> Idea:
        return cls(Suggestion(stored["kind"]), stored["text"])

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind.value, "text": self.text}


class ClaimStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DISPUTED = "disputed"

    @property
    def settled(self) -> bool:
        """Whether it was decided, either way."""
        return self in (ClaimStatus.ACCEPTED, ClaimStatus.REJECTED)


class Flag(StrEnum):
    """Why a voter thinks that a claim should not be data at all."""

    OFFENSIVE = "offensive"
    PRIVATE = "private"
    NONSENSE = "nonsense"


class Split(StrEnum):
    TRAIN = "train"
    VAL = "val"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers of the game; a campaign stores its own copy."""

    turns: int = 10
    quick_turns: int = 3
    control_share: float = 0.5
    """Share of turns on tainted images, for players who are not trusted."""
    complex_control_share: float = 0.15
    """Complex pictures that are controls too, beside the tainted ones, as a share of these (decision 22)."""
    control_views: int = 200
    """A control that was dealt so often is retired."""
    poison_rate: float = 0.4
    """P(the shown answer is falsified) on a control turn (MECHANISM 3)."""
    turn_s: float = 120.0
    hit_points: int = 20
    false_alarm_factor: float = 1.5
    """kappa: F = kappa H p / (1 - p) (MECHANISM 2)."""
    questions_per_turn: int = 8
    question_chars: int = 300
    correction_chars: int = 300
    min_paid_turn_s: float = 10.0
    paid_day_s: float = 7200.0
    """Play time a day after which marks neither pay nor cost: a robot has 24 hours, a person has not."""
    bonus_stake: float = 16.0
    """V = stake / pi for a confirmed claim, pi the model's error rate (MECHANISM 4)."""
    trust_e: float = 100.0
    """E-value from which a player is trusted (Ville: a blind one gets there with P <= 1 %)."""
    cap_e: float = 1000.0
    accept: float = 0.95
    reject: float = 0.05
    max_votes: int = 9
    min_paid_vote_s: float = 3.0
    """A vote cast sooner after its claim was dealt earns nothing."""
    gold_share: float = 0.25
    """Share of settled claims among those on a referee's desk."""
    speaks: str | None = None
    """The one language its models understand (BCP 47); None where they are not limited to one."""
    split_seed: int = 1
    """Which pictures and players are held out: fixed before the first is dealt, so that they stay apart."""
    target_mix: dict[str, float] | None = None
    """Share of each category that the data should have (they need not sum to 1); None: all alike."""
    approval: bool = False
    """A tuned model that passed the gate plays only once a person has approved it."""
    ideas: bool = False
    """Players may ask for ideas what to ask."""
    model_examples: bool = False
    """Releases also hold what models that play found, not only what people did."""
    paused: bool = False
    """No session begins; those that are open go on to their end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    id: CampaignId
    name: str
    licence: str
    rules: Rules
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    id: RoundId
    campaign_id: CampaignId
    number: int
    model_ref: str
    status: RoundStatus
    opened_at: float
    closed_at: float | None = None
    reason: str = ""
    """Why this model is the opponent; empty for a campaign's first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture of a campaign's pool; ``id`` starts the SHA-256 of its stored bytes."""

    id: ImageId
    campaign_id: CampaignId
    file: str
    """Key in the file store."""
    kind: ImageKind
    width_px: int
    height_px: int
    source: str
    licence: str
    objects: int | None = None
    """Annotated objects; None if unknown."""
    scene: dict[str, Any] | None = None
    """Scene graph, where the picture was drawn from one."""
    labels: dict[str, int] | None = None
    """Annotated objects by name, such as {"dog": 2}; None if unknown."""
    said: list[str] | None = None
    """What the model said to the probe questions, if the picture is one it was found to know."""
    known: list[dict[str, str]] | None = None
    """Truths about a complex picture, for a control: question, answer, and the claim behind them, if any."""
    look: str | None = None
    """Perceptual hash in hex; empty for a picture with nothing in it, None if it was not looked at."""
    held_out: bool | None = None
    """Whether it is dealt to held-out players first; None if that was not decided yet."""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    id: PlayerId
    nickname: str
    language: str
    kind: PlayerKind
    consent_at: float
    licence: str
    e_value: float = 1.0
    network: str | None = None
    """Keyed hash of the network they joined from; None where unknown."""
    time_zone: str = "UTC"
    """IANA name: days of a streak begin at the player's midnight."""
    invited_by: PlayerId | None = None
    model_ref: str | None = None
    """Which model plays; None for people."""
    method: Method | None = None
    """How it finds its questions; None for people."""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    id: SessionId
    player_id: PlayerId
    round_id: RoundId
    campaign_id: CampaignId
    turns: int
    started_at: float
    finished_at: float | None = None
    graded_at: float | None = None
    poison_rate: float = 0.4
    salt: str = ""
    """Secret of the poison coins, shown after the session."""
    commitment: str = ""
    """SHA-256 of salt and coins, shown before it."""
    day: int | None = None
    """The player's own day (since 1970) on which it was finished; None where it counts for no streak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    id: TurnId
    session_id: SessionId
    position: int
    """0-based."""
    image_id: ImageId
    control: bool
    coins: str
    """One '0' or '1' for each possible question: poison it? All '0' off control."""
    opened_at: float | None = None
    deadline_at: float | None = None
    closed_at: float | None = None
    end: TurnEnd | None = None
    extensions: int = 0
    """How often its time was extended."""
    reason: SkipReason | None = None
    """Why it was skipped, if the player said so."""
    ideas: list[dict[str, str]] | None = None
    """What was suggested once the player asked for ideas: kind (`Suggestion`) and text of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    id: ExchangeId
    turn_id: TurnId
    number: int
    """0-based place in its turn."""
    key: str
    """The phone's idempotency key."""
    question: str
    model_answer: str | None
    """What the model said; None while it is thinking (no answered_at) or after it failed (with one)."""
    shown_answer: str | None
    """What the player saw; differs from model_answer when poisoned."""
    poisoned: bool
    asked_at: float
    counts: bool = False
    """Says something about its player: the answer was falsified, or would have been had the coin said so."""
    answered_at: float | None = None
    latency_ms: float | None = None
    verdict: Verdict | None = None
    correction: str | None = None
    judged_at: float | None = None
    pasted: bool | None = None
    """Question or correction was pasted; None where the phone did not say."""
    language: str | None = None
    """The player's when they asked (BCP 47)."""
    confidence: int | None = None
    """How sure they were of the verdict: 1 not sure, 2 fairly, 3 sure; None if they did not say."""
    suggested: Suggestion | None = None
    """What the question was made of; None if it is the player's own."""
    answered_by: str | None = None
    """Who answered, as an endpoint names itself; None for a model within this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    id: ClaimId
    exchange_id: ExchangeId
    campaign_id: CampaignId
    round_id: RoundId
    player_id: PlayerId
    image_id: ImageId
    question: str
    model_answer: str
    correction: str
    status: ClaimStatus = ClaimStatus.OPEN
    posterior: float | None = None
    """P(model wrong and correction right | marks and votes)."""
    category: Category | None = None
    reason: str = ""
    """Why it was decided as it was."""
    votes: int = 0
    same_as: ClaimId | None = None
    """The older claim that says the same about the same picture; its decision holds here too."""
    blind: str | None = None
    """What a model says to the question without the picture; None where none was asked."""
    created_at: float = 0.0
    decided_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    id: VoteId
    claim_id: ClaimId
    player_id: PlayerId
    model_wrong: bool
    correction_right: bool
    unanswerable: bool = False
    better: str | None = None
    """What the voter thinks is right, where neither answer is."""
    flag: Flag | None = None
    gold: bool = False
    """The claim was settled already and tests the voter."""
    voted_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """Points for an exchange of a session, or for a vote (then there is no session)."""

    player_id: PlayerId
    session_id: SessionId | None
    exchange_id: ExchangeId | None
    vote_id: VoteId | None = None
    reason: str
    points: int
    written_at: float


@dataclass(frozen=True, slots=True)
class WaitingGain:
    """What an accepted claim will pay once its player is trusted."""

    exchange_id: ExchangeId
    player_id: PlayerId
    session_id: SessionId
    points: int
    since: float
    bounty: int = 0
    """Extra points, because it is what the player's quest looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    id: ExampleId
    claim_id: ClaimId
    campaign_id: CampaignId
    round_id: RoundId
    image_id: ImageId
    question: str
    answer: str
    wrong_answer: str
    category: Category
    posterior: float
    provenance: dict[str, Any] = field(default_factory=dict)
    """Player pseudonym, trust then, votes, model, consent and image licence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    id: ReleaseId
    campaign_id: CampaignId
    round_id: RoundId
    version: int
    digest: str
    """SHA-256 over the sorted digests of all files of the release."""
    path: str
    examples: int
    created_at: float
    replaces: ReleaseId | None = None
    """The release that this one was built to replace, because somebody in it was forgotten."""
    withdrawn_at: float | None = None
