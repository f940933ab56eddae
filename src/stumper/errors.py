"""One tree of errors; each class has its HTTP status, each message names the value and the way out.

StumperError
  BadInput 422            what was sent cannot be used
    BadQuestion, BadCorrection, BadImage, BadSetting, BadRelease, BadDataset
  NotYours 403            another player's session, turn or exchange
  NotSignedIn 401         no cookie, or one that was tampered with
  CrossSite 403           a move sent by another site's page
  NoConsent 403           consent and licence not accepted yet
  NotFound 404            unknown campaign, round, session, turn, exchange, claim, model
  Conflict 409            the state has moved on
    TurnClosed, StillThinking, AlreadyJudged, SessionOver, RoundClosed, AlreadyVoted, BudgetSpent,
        CampaignPaused
  PoolEmpty 409           not enough fresh images for a session
  TooMany 429             a rate limit
  ModelError 503          the opponent cannot answer now
    ModelUnavailable 503 (ModelBusy: too many wait already), ModelTimeout 504,
    ModelRefused 502 (key, address, no vision)
  StoreError 503          the database is not there, or of another version
  ServiceError 503        a service beside the game (Telegram) does not do what was asked
    ServiceAway 503, ServiceRefused 502, Blocked 403 (this person takes no messages)
"""

from __future__ import annotations

from typing import ClassVar


class StumperError(Exception):
    """Base of every expected refusal; ``str(error)`` may be shown to whoever asked."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"

    def __init_subclass__(cls) -> None:
        cls.code = "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).lstrip("_")


class BadInput(StumperError):
    status = 422


class BadQuestion(BadInput):
    pass


class BadCorrection(BadInput):
    pass


class BadImage(BadInput):
    pass


class BadSetting(BadInput):
    pass


class BadRelease(BadInput):
    pass


class BadDataset(BadInput):
    """A file that was to be read as a data set and cannot be."""


class NotYours(StumperError):
    status = 403


class NotSignedIn(StumperError):
    status = 401


class CrossSite(StumperError):
    status = 403


class NoConsent(StumperError):
    status = 403


class NotFound(StumperError):
    status = 404


class Conflict(StumperError):
    status = 409


class TurnClosed(Conflict):
    pass


class StillThinking(Conflict):
    """The model has not answered the last question yet: ask again with the same key to get its answer."""


class AlreadyJudged(Conflict):
    pass


class SessionOver(Conflict):
    pass


class RoundClosed(Conflict):
    pass


class AlreadyVoted(Conflict):
    pass


class BudgetSpent(Conflict):
    """The campaign may not ask its model any more: what its operator set aside is spent."""


class CampaignPaused(Conflict):
    """No session begins, for the operator wants it so; what is open goes on."""


class PoolEmpty(Conflict):
    pass


class TooMany(StumperError):
    status = 429

    def __init__(self, message: str, *, after_s: float = 10.0) -> None:
        """``after_s``: seconds after which it is worth trying again."""
        super().__init__(message)
        self.after_s = after_s


class ModelError(StumperError):
    status = 503


class ModelUnavailable(ModelError):
    pass


class ModelBusy(ModelUnavailable):
    """The line in front of the model is full: nothing was sent, and nothing is kept waiting."""


class ModelTimeout(ModelError):
    status = 504


class ModelRefused(ModelError):
    status = 502


class StoreError(StumperError):
    status = 503


class ServiceError(StumperError):
    status = 503


class ServiceAway(ServiceError):
    pass


class ServiceRefused(ServiceError):
    """The service understood what was asked and does not do it: a message is gone, a button too old."""

    status = 502


class Blocked(ServiceError):
    """Nothing can be sent to this person: they blocked the bot, or their account is gone."""

    status = 403


class JobFailed(StumperError):
    """A long job (release, tuning, evaluation) ended with an error."""

    status = 500
