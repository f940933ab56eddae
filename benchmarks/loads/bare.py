"""The limit: a Starlette application that does for a move what cannot be left out, and nothing else.

The same two requests as the game's, with answers of the same shape: a question is inserted and committed, a
verdict is written and committed with the next item. SQLite with the same pragmas, called where the request is
served, so that no thread is waited for. No players, rules, clocks, model, headers or checks.
"""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ITEMS = 10_000
_TABLES = """
CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, file TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exchange (
  id TEXT PRIMARY KEY, item_id INTEGER NOT NULL REFERENCES item (id), question TEXT NOT NULL,
  key TEXT NOT NULL, shown_answer TEXT NOT NULL, verdict TEXT, correction TEXT
) WITHOUT ROWID;
"""
_NEXT = "SELECT id, file FROM item WHERE id > ? ORDER BY id LIMIT 1"


def create_bare(path: Path) -> Starlette:
    """Returns the application on a SQLite file, which it makes and fills with items."""
    store = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        store.execute(f"PRAGMA {pragma}")
    store.executescript(_TABLES)
    with store:
        store.executemany(
            "INSERT OR IGNORE INTO item VALUES (?, ?)", [(n, f"{n:064x}.png") for n in range(1, ITEMS + 1)]
        )

    def turn(after: int) -> dict[str, Any]:
        row = store.execute(_NEXT, (after,)).fetchone() or store.execute(_NEXT, (0,)).fetchone()
        return {"id": str(row[0]), "position": 0, "seconds_left": 120.0, "questions_left": 8, "exchanges": []}

    async def healthz(_request: Request) -> JSONResponse:
        return JSONResponse({"ok": True})

    async def start(_request: Request) -> JSONResponse:
        return JSONResponse({"id": "s", "finished": False, "turn": turn(secrets.randbelow(ITEMS))}, 201)

    async def ask(request: Request) -> JSONResponse:
        body, item = await request.json(), int(request.path_params["turn_id"])
        id_ = secrets.token_hex(16)
        store.execute("BEGIN IMMEDIATE")
        store.execute(
            "INSERT INTO exchange (id, item_id, question, key, shown_answer) VALUES (?, ?, ?, ?, ?)",
            (id_, item, body["question"], body["key"], "a dog"),
        )
        store.execute("COMMIT")
        said = {"id": id_, "number": 0, "question": body["question"], "answer": "a dog", "verdict": None}
        return JSONResponse(said, 201)

    async def judge(request: Request) -> JSONResponse:
        body, id_ = await request.json(), request.path_params["exchange_id"]
        store.execute("BEGIN IMMEDIATE")
        ((item,),) = store.execute(
            "UPDATE exchange SET verdict = ?, correction = ? WHERE id = ? RETURNING item_id",
            (body["verdict"], body.get("correction"), id_),
        ).fetchall()
        following = turn(item)
        store.execute("COMMIT")
        return JSONResponse({"id": "s", "finished": False, "position": 0, "turn": following})

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/api/sessions", start, methods=["POST"]),
            Route("/api/turns/{turn_id}/exchanges", ask, methods=["POST"]),
            Route("/api/exchanges/{exchange_id}/verdict", judge, methods=["POST"]),
        ]
    )
