"""As much of PromQL as the alerts are written in, evaluated over two scrapes.

``rate`` and ``increase`` compare the scrapes, which lie exactly one window apart; a series that the first one
lacks has none, as in Prometheus. No staleness, no extrapolation, no resets.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

Labels = frozenset[tuple[str, str]]
Samples = dict[tuple[str, Labels], float]
Vector = dict[Labels, float]
Value = Vector | float

_TOKEN = re.compile(r'\s*("[^"]*"|[A-Za-z_:][\w:]*|\d+(?:\.\d+)?[smhd]?|=~|!=|==|>=|<=|[-+*/(){}\[\],=<>])')
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SUMS: dict[str, Callable[[list[float]], float]] = {"sum": sum, "max": max, "min": min}
_RATES = ("rate", "increase")
_LEVELS: tuple[tuple[str, ...], ...] = (("and",), ("==", "!=", ">", "<", ">=", "<="), ("+", "-"), ("*", "/"))
_DOES: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / b if b else float("nan"),
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def evaluate(text: str, *, now: Samples, before: Samples) -> Value:
    """Returns what an expression says; an alert fires if there is any. Raises ValueError for other PromQL."""
    tokens = tokens_of(text)
    reader = _Reader(tokens, now, before)
    value = reader.binary(0)
    if reader.at != len(tokens):
        raise ValueError(f"{text!r} is not understood from {tokens[reader.at]!r} on")
    return value


def tokens_of(text: str) -> list[str]:
    text, found, at = text.strip(), [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is not understood at {text[at:]!r}")
        found.append(match[1])
        at = match.end()
    return found


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    now: Samples
    before: Samples
    at: int = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise ValueError(f"{token!r} where {wanted or 'more'!r} should be")
        self.at += 1
        return token

    def binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self.single()
        left = self.binary(level + 1)
        while self.peek() in _LEVELS[level]:
            left = _joined(left, self.take(), self.binary(level + 1))
        return left

    def single(self) -> Value:
        token = self.take()
        if token == "(":
            value = self.binary(0)
            self.take(")")
            return value
        if token[0].isdigit():
            return float(token)
        if token in _SUMS:
            return self.summed(token)
        if token in _RATES:
            self.take("(")
            window_s, (now, before) = self.ranged()
            self.take(")")
            grown = {labels: n - before[labels] for labels, n in now.items() if labels in before}
            return {labels: n / window_s if token == "rate" else n for labels, n in grown.items()}
        self.at -= 1
        return self.selected()[0]

    def summed(self, name: str) -> Vector:
        by: set[str] | None = set()
        out: set[str] = set()
        if self.peek() in ("by", "without"):
            if self.take() == "by":
                by = self.names()
            else:
                by, out = None, self.names()
        value = self.single()
        assert isinstance(value, dict)
        groups: dict[Labels, list[float]] = {}
        for labels, n in value.items():
            kept = frozenset(one for one in labels if (one[0] in by if by is not None else one[0] not in out))
            groups.setdefault(kept, []).append(n)
        return {labels: _SUMS[name](values) for labels, values in groups.items()}

    def names(self) -> set[str]:
        self.take("(")
        found = {self.take()}
        while self.peek() == ",":
            self.take()
            found.add(self.take())
        self.take(")")
        return found

    def ranged(self) -> tuple[float, tuple[Vector, Vector]]:
        both = self.selected()
        self.take("[")
        window = self.take()
        self.take("]")
        return float(window[:-1]) * _UNITS[window[-1]], both

    def selected(self) -> tuple[Vector, Vector]:
        name, matchers = self.take(), []
        if self.peek() == "{":
            while self.take() != "}" and self.peek() != "}":
                matchers.append((self.take(), self.take(), self.take()[1:-1]))
        first, second = (
            {labels: n for (what, labels), n in samples.items() if what == name and _fits(labels, matchers)}
            for samples in (self.now, self.before)
        )
        return first, second


def _fits(labels: Labels, matchers: list[tuple[str, str, str]]) -> bool:
    has = dict(labels)
    return all(
        re.fullmatch(wanted, has.get(name, "")) is not None
        if how == "=~"
        else (has.get(name, "") == wanted) is (how == "=")
        for name, how, wanted in matchers
    )


def _joined(left: Value, how: str, right: Value) -> Value:
    if not isinstance(left, dict):
        raise ValueError("a number stands to the right here")
    if how == "and":
        assert isinstance(right, dict)
        return {labels: n for labels, n in left.items() if labels in right}
    pairs = {
        labels: (n, right[labels] if isinstance(right, dict) else right)
        for labels, n in left.items()
        if not isinstance(right, dict) or labels in right
    }
    if how in _LEVELS[1]:
        return {labels: a for labels, (a, b) in pairs.items() if _DOES[how](a, b)}
    return {labels: _DOES[how](a, b) for labels, (a, b) in pairs.items()}
