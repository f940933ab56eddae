"""`python benchmarks/start.py`: seconds from `stumper serve` in an empty folder to the first page and turn.

Asks until a page comes (status 200), then joins and opens a session, which needs ten pictures that were drawn
and verified. Prints one JSON line: seconds on the clock and of processor time, medians of some starts. Ends
with an error above the limit.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import httpx2


class Start(NamedTuple):
    """Seconds since the command; processor time is that of the server until then."""

    page_s: float
    page_cpu_s: float
    turn_s: float


def start_once(folder: Path) -> Start:
    """Starts a server in an empty folder, plays to the first picture, and stops it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "stumper", "serve", "--port", str(port)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("STUMPER_")}
    began = time.perf_counter()
    server = subprocess.Popen(command, cwd=folder, env=inherited, stderr=subprocess.DEVNULL)
    try:
        with httpx2.Client(base_url=url, headers={"Origin": url}, timeout=60) as phone:
            wait_for_page(phone, server)
            page_s, page_cpu_s = time.perf_counter() - began, cpu_s(server.pid)
            player = {"nickname": "Ada", "language": "en", "consent": True}
            phone.post("/api/players", json=player).raise_for_status()
            session = phone.post("/api/sessions", json={}).raise_for_status().json()
            phone.get(f"/api/turns/{session['turn']['id']}/picture").raise_for_status()
            return Start(page_s, page_cpu_s, time.perf_counter() - began)
    finally:
        server.terminate()
        server.wait(30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for_page(phone: httpx2.Client, server: subprocess.Popen[bytes]) -> None:
    """Asks every 20 ms until the start page comes."""
    while server.poll() is None:
        try:
            phone.get("/").raise_for_status()
            return
        except httpx2.ConnectError:
            time.sleep(0.02)
    sys.exit(f"the server ended with status {server.returncode}")


def cpu_s(pid: int) -> float:
    """Processor seconds of a process until now (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--limit", type=float, default=5.0, help="seconds to the first page")
    arguments = parser.parse_args()
    starts = []
    for _ in range(arguments.starts):
        with tempfile.TemporaryDirectory(prefix="stumper-start-") as name:
            starts.append(start_once(Path(name)))
    medians = [round(statistics.median(column), 2) for column in zip(*starts, strict=True)]
    print(json.dumps(dict(zip(Start._fields, medians, strict=True))))
    if medians[0] > arguments.limit:
        sys.exit(f"the first page took {medians[0]} s, more than {arguments.limit:g}")


if __name__ == "__main__":
    main()
