"""A circuit breaker: nobody waits for an endpoint that failed several times in a row; one call tries it."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Opens after ``threshold`` failures in a row; after ``rest_s`` it lets one trial through at a time."""

    def __init__(
        self, *, threshold: int = 5, rest_s: float = 15.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threshold = threshold
        self._rest_s = rest_s
        self._clock = clock
        self._failures = 0
        self._resting_until_s = 0.0

    @property
    def rests_s(self) -> float:
        """Seconds for which no call may go through, 0 if one may. Looking gives no trial away."""
        if self._failures < self._threshold:
            return 0.0
        return max(0.0, self._resting_until_s - self._clock())

    def wait_s(self) -> float:
        """Returns 0 if a call may go through now, else the seconds until the next trial.

        When a trial is due it is given to this caller, and everybody else waits for another ``rest_s``.
        """
        left_s = self.rests_s
        if self._failures >= self._threshold and not left_s:
            self._resting_until_s = self._clock() + self._rest_s
        return left_s

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        self._resting_until_s = self._clock() + self._rest_s

    def open(self) -> None:
        """Opens at once: the next call would fail as well."""
        self._failures = max(self._failures, self._threshold - 1)
        self.failed()
