"""What the bot says about a session, and the buttons under it (pure). Data of a button: 64 bytes at most."""

from __future__ import annotations

from urllib.parse import quote

from stumper.front import naming
from stumper.front.i18n import Words
from stumper.front.telegram.client import Button, Rows
from stumper.play.views import SessionView, Summary
from stumper.progress.standing import Standing
from stumper.progress.streaks import Streak
from stumper.records import ClaimId, Exchange, ExchangeId, ReportReason, SkipReason, TurnId, Verdict
from stumper.trust.grade import Grade

_FULL, _EMPTY = "▰", "▱"
_QUOTE_CHARS = 120


def bar(words: Words, *, position: int, turns: int, seconds_left: float) -> str:
    """Returns such as ``▰▰▱▱ 2/4 · 1:20 left``; ``position`` is 0-based."""
    full = position + 1
    blocks = _FULL * full + _EMPTY * (turns - full)
    minutes, seconds = divmod(max(0, round(seconds_left)), 60)
    left = words("{time} left", time=f"{minutes}:{seconds:02}")
    return f"{blocks} {full}/{turns} · {left}"


def bar_buttons(words: Words, turn_id: TurnId, *, more: bool = False) -> Rows:
    """Returns the buttons of an open picture; ``more``: its time runs low, and may be extended."""
    rows = [
        [Button(words("Skip this picture"), f"next:{turn_id}")],
        [Button(words("Skip with a reason, or report"), f"why:{turn_id}")],
    ]
    return [[Button("⏳ " + words("More time"), f"more:{turn_id}")], *rows] if more else rows


def reason_buttons(words: Words, turn_id: TurnId) -> Rows:
    def button(text: str, reason: SkipReason) -> Button:
        return Button(text, f"skip:{reason}:{turn_id}")

    return [
        [button(words("Too easy"), SkipReason.TOO_EASY), button(words("Unclear"), SkipReason.UNCLEAR)],
        [button(words("Dull"), SkipReason.DULL), button(words("Broken"), SkipReason.BROKEN)],
        [button(words("Something else"), SkipReason.OTHER)],
        [Button("🚩 " + words("Report this picture"), f"report:{turn_id}")],
        [Button(words("Stay with this picture"), f"stay:{turn_id}")],
    ]


def report_buttons(words: Words, turn_id: TurnId) -> Rows:
    def button(text: str, reason: ReportReason) -> Button:
        return Button(text, f"flag:{reason}:{turn_id}")

    return [
        [button(words("It is offensive"), ReportReason.OFFENSIVE)],
        [button(words("It shows something private"), ReportReason.PRIVATE)],
        [button(words("It does not load"), ReportReason.BROKEN)],
        [button(words("It is not allowed"), ReportReason.NOT_ALLOWED)],
        [Button(words("Stay with this picture"), f"stay:{turn_id}")],
    ]


def next_button(words: Words, turn_id: TurnId) -> Rows:
    return [[Button(words("Next picture"), f"next:{turn_id}")]]


def verdict_buttons(words: Words, exchange_id: ExchangeId) -> Rows:
    return [
        [
            Button("👍 " + words("It is right"), f"right:{exchange_id}"),
            Button("👎 " + words("It is wrong"), f"wrong:{exchange_id}"),
        ]
    ]


def judged_buttons(words: Words, exchange_id: ExchangeId, view: SessionView) -> Rows:
    """Returns what can be done after a verdict, of which ``view`` came."""
    undo = Button("↩️ " + words("Undo"), f"undo:{exchange_id}")
    if view.finished:
        return [[undo, Button(words("See how it went"), f"end:{view.id}")]]
    if view.turn is not None and any(one.id == exchange_id for one in view.turn.exchanges):
        return [[undo], *next_button(words, view.turn.id)]
    return [[undo]]


def answer(shown: str, words: Words, *, verdict: Verdict | None = None) -> str:
    """Returns the answer, with the player's mark under it if there is one."""
    said = f"🤖 {shown}"
    if verdict is Verdict.CORRECT:
        return f"{said}\n\n👍 " + words("You say: right. Ask again, or go on to the next picture.")
    if verdict is Verdict.WRONG:
        return f"{said}\n\n👎 " + words("You say: wrong. Thank you!")
    return said


def end(summary: Summary, grade: Grade, stands: Standing, words: Words) -> str:
    """Tells a finished session: what was falsified, whether it was seen, points, and what comes next."""
    parts = [words("That was the last picture."), *_falsified(summary, words), _points(grade, words)]
    if stands.streak.days:
        parts.append(streak(stands.streak, words))
    parts.append("➡️ " + naming.next_goal(stands.next, words))
    if grade.trusted:
        parts.append(words("We trust your eyes: you may judge other players' catches. Try /referee."))
    return "\n\n".join(parts)


def _falsified(summary: Summary, words: Words) -> list[str]:
    judged = [one for turn in summary.turns for one in turn.exchanges if one.verdict is not None]
    falsified = [one for one in judged if one.poisoned]
    if not falsified:
        return [words("None of the answers you judged was falsified.")]
    caught = sum(one.verdict is Verdict.WRONG for one in falsified)
    told = words.count(
        "We falsified {n} of Pixel's answers, and you saw {caught}:",
        "We falsified {n} of Pixel's answers, and you saw {caught}:",
        len(falsified),
        caught=caught,
    )
    return [told, *(_revealed(one, words) for one in falsified)]


def _revealed(one: Exchange, words: Words) -> str:
    mark = "✅" if one.verdict is Verdict.WRONG else "❌"
    said = words(
        "{question} We said “{shown}”, Pixel had said “{own}”.",
        question=_short(one.question),
        shown=_short(one.shown_answer or ""),
        own=_short(one.model_answer or ""),
    )
    return f"{mark} {said}"


def streak(now: Streak, words: Words) -> str:
    """Returns how long the streak is, 0 days too."""
    return "🔥 " + words.count("Streak: {n} day in a row", "Streak: {n} days in a row", now.days)


def _points(grade: Grade, words: Words) -> str:
    points = words(
        "Points: {points}. Your account: {balance}.", points=f"{grade.points:+d}", balance=grade.balance_shown
    )
    if not grade.waiting:
        return points
    waiting = words.count(
        "{n} point waits until we know you better.",
        "{n} points wait until we know you better.",
        grade.waiting,
    )
    return f"{points}\n{waiting}"


def end_buttons(
    words: Words, *, invitation: str, card: str, caught: int, falsified: int, trusted: bool
) -> Rows:
    """``invitation`` and ``card`` are addresses; an empty card is not offered."""
    invite = words("I play against a robot that looks at pictures. Can you stump it?")
    rows = [
        [Button(words("Play again"), "play"), Button(words("Three pictures"), "quick")],
        [Button(words("Invite a friend"), url=_share(invitation, invite))],
    ]
    if card:
        told = words("I caught {caught} of {falsified} false answers", caught=caught, falsified=falsified)
        rows.append([Button(words("Share this result"), url=_share(card, told))])
    return [*rows, [Button(words("Be a referee"), "referee")]] if trusted else rows


def _share(address: str, text: str) -> str:
    return f"https://t.me/share/url?url={quote(address, safe='')}&text={quote(text, safe='')}"


def ruling_buttons(words: Words, claim_id: ClaimId) -> Rows:
    def button(text: str, ruling: str) -> Button:
        return Button(text, f"rule:{ruling}:{claim_id}")

    return [
        [button(words("The player is right"), "player"), button(words("Pixel is right"), "robot")],
        [button(words("Neither"), "neither"), button(words("Nobody can tell"), "unanswerable")],
        [button(words("Not about the picture"), "flag")],
    ]


def _short(text: str) -> str:
    return text if len(text) <= _QUOTE_CHARS else text[: _QUOTE_CHARS - 1] + "…"
