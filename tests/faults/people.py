"""Players over real HTTP who try again as the page does, and write down what was acknowledged.

As `static/net.js` and `play.js`: a move that got no answer is sent again as it was, under the same key; after
a refusal the session is looked at and played on from what is there.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

_AGAIN_S = 0.15
_PATIENCE_S = 90.0
_PASSING = {"still_thinking", "model_unavailable", "model_timeout", "model_error", "store_error", "too_many"}
"""Refusals after which the page sends the same move again."""
_MOVED_ON = {"turn_closed", "conflict", "already_judged", "session_over", "already_voted", "not_yours"}
"""Refusals after which the page shows what is there now."""


@dataclass(slots=True)
class Seen:
    """What all players of a run saw."""

    moves: int = 0
    retries: int = 0
    worst_s: float = 0.0
    """The longest that a move was not answered."""
    broken: list[str] = field(default_factory=list)
    """Answers that no player may see: an error of ours, or a refusal that fits no rule."""
    codes: dict[str, int] = field(default_factory=dict)


class GaveUp(Exception):
    """A move that was sent again for a minute and a half."""


class Person:
    """One player with a cookie and a journal."""

    def __init__(
        self, url: str, number: int, *, journal: Path, seen: Seen, seed: int, twice: float = 0.0
    ) -> None:
        """``twice``: the share of moves that are sent two times at once, as by a nervous network."""
        self._url = url
        self._number = number
        self._journal = journal
        self._seen = seen
        self._rng = random.Random(f"{seed}:{number}")
        self._twice = twice
        self._id = ""

    async def play(self, until: asyncio.Event) -> None:
        """Plays one session after the other, and votes between them."""
        limits = httpx2.Limits(max_keepalive_connections=4)
        async with httpx2.AsyncClient(base_url=self._url, timeout=15.0, limits=limits) as self._http:
            body = {"nickname": f"p{self._number}", "language": "en", "consent": True}
            self._id = (await self._move("POST", "/api/players", body))["id"]
            self._note(kind="joined", player=self._id)
            while not until.is_set():
                if not await self._session(until):
                    return
                await self._vote()

    async def _session(self, until: asyncio.Event) -> bool:
        """Plays a session to its end; False if there are no pictures left."""
        session = await self._move("POST", "/api/sessions", {"quick": True})
        if "code" in session:
            return session["code"] not in {"pool_empty", "round_closed"}
        self._note(kind="started", player=self._id, session=session["id"])
        while not session["finished"]:
            if until.is_set():
                return False
            session = await self._turn(session)
        summary = await self._move("GET", f"/api/sessions/{session['id']}/summary")
        if "code" not in summary:
            self._note(kind="graded", session=session["id"])
        return True

    async def _turn(self, session: dict[str, Any]) -> dict[str, Any]:
        """Asks, judges or leaves, and returns the session as it is then."""
        turn, id_ = session["turn"], session["id"]
        answered = [one for one in turn["exchanges"] if one["answer"] is not None and one["verdict"] is None]
        if not answered:
            key = f"k{self._rng.getrandbits(48):x}"
            body = {"question": self._rng.choice(["What colour is it?", "Which colour?"]), "key": key}
            exchange = await self._move("POST", f"/api/turns/{turn['id']}/exchanges", body)
            if "code" in exchange:
                return await self._look(id_)
            told = {"turn": turn["id"], "key": key, "exchange": exchange["id"], "answer": exchange["answer"]}
            self._note(kind="asked", session=id_, **told)
            answered = [exchange]
        wrong = self._rng.random() < 0.6
        body = {"verdict": "wrong" if wrong else "correct", "correction": "mauve" if wrong else None}
        after = await self._move("POST", f"/api/exchanges/{answered[0]['id']}/verdict", body)
        if "code" in after:
            return await self._look(id_)
        self._note(kind="judged", session=id_, exchange=answered[0]["id"], **body)
        if not wrong and after["turn"] and after["turn"]["id"] == turn["id"]:
            after = await self._move("POST", f"/api/turns/{turn['id']}/skip", {})
            if "code" in after:
                return await self._look(id_)
            self._note(kind="left", session=id_, turn=turn["id"])
        elif wrong and self._rng.random() < 0.1:
            after = await self._undo(id_, answered[0]["id"], after)
        return after

    async def _undo(self, session_id: str, exchange_id: str, after: dict[str, Any]) -> dict[str, Any]:
        back = await self._move("POST", f"/api/exchanges/{exchange_id}/undo", {})
        if "code" in back:
            return after
        self._note(kind="undone", session=session_id, exchange=exchange_id)
        return back

    async def _vote(self) -> None:
        desk = await self._move("GET", "/api/claims/next")
        if desk.get("claim"):
            body = {"model_wrong": self._rng.random() < 0.7, "correction_right": self._rng.random() < 0.6}
            id_ = desk["claim"]["id"]
            done = await self._move("POST", f"/api/claims/{id_}/vote", body)
            if done.get("code") in {None, "already_voted"}:
                self._note(kind="voted", claim=id_, player=self._id)

    async def _look(self, session_id: str) -> dict[str, Any]:
        found = await self._move("GET", f"/api/sessions/{session_id}")
        if "code" in found:
            raise GaveUp(f"the session cannot be seen: {found}")
        return found

    async def _move(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Sends a move until it is answered; returns the answer, or the refusal with its ``code``."""
        began = time.monotonic()
        while time.monotonic() - began < _PATIENCE_S:
            reply = await self._send(method, path, body)
            if reply is not None and (found := self._read(path, reply)) is not None:
                self._seen.moves += 1
                self._seen.worst_s = max(self._seen.worst_s, time.monotonic() - began)
                return found
            self._seen.retries += 1
            await asyncio.sleep(_AGAIN_S * (1 + self._rng.random()))
        self._seen.broken.append(f"{method} {path.split('/')[2]}: no answer for {_PATIENCE_S:.0f} s")
        raise GaveUp(path)

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> httpx2.Response | None:
        try:
            if method == "POST" and self._id and self._rng.random() < self._twice:
                both = [self._http.request(method, path, json=body) for _ in range(2)]
                replies = await asyncio.gather(*both, return_exceptions=True)
                whole = [one for one in replies if isinstance(one, httpx2.Response)]
                return next((one for one in whole if one.is_success), whole[0] if whole else None)
            return await self._http.request(method, path, json=body)
        except (httpx2.HTTPError, OSError):
            return None

    def _read(self, path: str, reply: httpx2.Response) -> dict[str, Any] | None:
        """Returns what a move came to, or None if it is to be sent again."""
        if reply.is_success:
            return dict(reply.json()) if reply.content else {}
        try:
            code = reply.json()["error"]["code"]
        except (ValueError, KeyError, TypeError):
            code = f"http {reply.status_code}"
        self._seen.codes[code] = self._seen.codes.get(code, 0) + 1
        if code in _PASSING:
            return None
        if code not in _MOVED_ON | {"pool_empty", "round_closed"}:
            self._seen.broken.append(
                f"{path.split('/')[2]}/{path.split('/')[-1]}: {reply.status_code} {code}"
            )
            if reply.status_code >= 500:
                return None
        return {"code": code}

    def _note(self, **told: Any) -> None:
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
