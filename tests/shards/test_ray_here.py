"""A cluster of this machine that does not start: tried again for a while, then said; never left running."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from stumper.errors import JobFailed
from stumper.shards import ray_here
from stumper.shards.ray_here import free_ports


class Node:
    """Starts at the third attempt."""

    def __init__(self, needed: int) -> None:
        self.needed, self.tries, self.stops = needed, 0, 0
        self.folder = Path()

    def __call__(self, folder: Path) -> Node:
        self.folder = folder
        return self

    def start(self) -> str:
        self.tries += 1
        if self.tries < self.needed:
            raise Exception("The current node timed out during startup.\nThis could happen.")
        return "127.0.0.1:1"

    def stop(self) -> None:
        self.stops += 1


def test_a_slow_start_is_tried_again_and_everything_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(needed=3)
    monkeypatch.setattr(ray_here, "_Node", node)

    with ray_here.ray_here() as address:
        assert address == "127.0.0.1:1"
        assert (node.tries, node.stops) == (3, 2)

    assert node.stops == 3
    assert not node.folder.exists()


def test_after_a_while_it_gives_up_and_says_where_the_logs_are(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(needed=100)
    monkeypatch.setattr(ray_here, "_Node", node)
    monkeypatch.setattr(ray_here, "START_S", 0.0)

    said = r"did not start here: The current node .* startup\. Its logs"
    with pytest.raises(JobFailed, match=said) as told, ray_here.ray_here():
        pytest.fail("it did not start")

    assert str(node.folder) in str(told.value)
    assert "STUMPER_RAY" in str(told.value)
    assert node.tries == node.stops == 1
    node.folder.rmdir()  # left for whoever looks for the cause


def test_ports_are_free_and_different() -> None:
    ports = free_ports(6)

    assert len(set(ports)) == 6
    for port in ports:
        with socket.socket() as one:
            one.bind(("127.0.0.1", port))
