"""What the bot says about a session, and the buttons under it (pure)."""

from __future__ import annotations

from urllib.parse import quote

from stumper.front.i18n import Words
from stumper.front.telegram.client import Button, Rows
from stumper.play.views import ExchangeView, Summary
from stumper.records import ClaimId, ExchangeId, TurnId, Verdict
from stumper.trust.grade import Grade

_FULL, _EMPTY = "▰", "▱"
_QUOTE_CHARS = 120


def bar(words: Words, *, position: int, turns: int, seconds_left: float | None) -> str:
    """Returns such as ``▰▰▱▱ 2/4 · 1:20 left``; ``position`` is 0-based, None: the picture is behind us."""
    full = position + 1
    blocks = _FULL * full + _EMPTY * (turns - full)
    if seconds_left is None:
        return f"{blocks} {full}/{turns}"
    minutes, seconds = divmod(max(0, round(seconds_left)), 60)
    left = words("{time} left", time=f"{minutes}:{seconds:02}")
    return f"{blocks} {full}/{turns} · {left}"


def skip_button(words: Words, turn_id: TurnId) -> Rows:
    return [[Button(words("Skip this picture"), f"next:{turn_id}")]]


def next_button(words: Words, turn_id: TurnId) -> Rows:
    return [[Button(words("Next picture"), f"next:{turn_id}")]]


def verdict_buttons(words: Words, exchange_id: ExchangeId) -> Rows:
    return [
        [
            Button("👍 " + words("It is right"), f"right:{exchange_id}"),
            Button("👎 " + words("It is wrong"), f"wrong:{exchange_id}"),
        ]
    ]


def answer(exchange: ExchangeView, words: Words, *, correction: str | None = None) -> str:
    """Returns the answer, with the player's mark under it if there is one."""
    said = f"🤖 {exchange.answer}"
    if exchange.verdict is Verdict.CORRECT:
        return f"{said}\n\n👍 " + words("You say: right. Ask again, or go on to the next picture.")
    if exchange.verdict is Verdict.WRONG:
        return f"{said}\n\n👎 " + words("You say: wrong. Right is: {answer}", answer=correction or "…")
    return said


def end(summary: Summary, grade: Grade, words: Words) -> str:
    """Tells a finished session: what was falsified, whether it was seen, points, and what comes next."""
    judged = [one for turn in summary.turns for one in turn.exchanges if one.verdict is not None]
    falsified = [one for one in judged if one.poisoned]
    caught = sum(one.verdict is Verdict.WRONG for one in falsified)
    parts = [words("That was the last picture.")]
    if falsified:
        parts.append(
            words.count(
                "We falsified {n} of Pixel's answers, and you saw {caught}:",
                "We falsified {n} of Pixel's answers, and you saw {caught}:",
                len(falsified),
                caught=caught,
            )
        )
    for one in falsified:
        mark = "✅" if one.verdict is Verdict.WRONG else "❌"
        said = words(
            "{question} We said “{shown}”, Pixel had said “{own}”.",
            question=_short(one.question),
            shown=_short(one.shown_answer or ""),
            own=_short(one.model_answer or ""),
        )
        parts.append(f"{mark} {said}")
    if not falsified:
        parts.append(words("None of the answers you judged was falsified."))
    parts.append(_points(grade, words))
    return "\n\n".join(parts)


def _points(grade: Grade, words: Words) -> str:
    points = words(
        "Points: {points}. Your account: {balance}.", points=f"{grade.points:+d}", balance=grade.balance_shown
    )
    if grade.trusted:
        goal = words("We trust your eyes: you may judge other players' catches. Try /referee.")
    elif grade.e_value > 1:
        goal = words(
            "Next goal: become a referee. A few more careful sessions and we can be sure of your eyes."
        )
    else:
        goal = words("Next goal: become a referee. Look twice before you tap.")
    if not grade.waiting:
        return f"{points}\n{goal}"
    waiting = words.count(
        "{n} point waits until we know you better.",
        "{n} points wait until we know you better.",
        grade.waiting,
    )
    return f"{points}\n{waiting}\n{goal}"


def end_buttons(words: Words, *, bot_name: str, host: str, trusted: bool) -> Rows:
    """``host`` is the player whose invitation the shared link is."""
    invitation = f"https://t.me/{bot_name}?start=p_{host}"
    told = words("I play against a robot that looks at pictures. Can you stump it?")
    share = f"https://t.me/share/url?url={quote(invitation, safe='')}&text={quote(told, safe='')}"
    rows = [
        [Button(words("Play again"), "play"), Button(words("Three pictures"), "quick")],
        [Button(words("Invite a friend"), url=share)],
    ]
    return [*rows, [Button(words("Be a referee"), "referee")]] if trusted else rows


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
