"""Shards on a Ray cluster of two nodes: the bytes of the plain run, and what goes wrong as everywhere."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from stumper.errors import JobFailed
from stumper.shards import Engine, Way
from stumper.shards.plan import cut
from stumper.shards.results import Job, Results
from tests.shards.inputs import CLASSIFY, questions, ran

pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of two nodes with one CPU each, on loopback, without a dashboard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ray
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=node)
        try:
            cluster.add_node(num_cpus=1, object_store_memory=80_000_000)
            cluster.wait_for_nodes()
            logging.getLogger("ray").setLevel(logging.ERROR)
            yield cluster.address
        finally:
            ray.shutdown()
            cluster.shutdown()


def test_two_nodes_give_the_bytes_of_the_plain_run(tmp_path: Path, address: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(questions(61))
    plain = ran(source, tmp_path / "plain", Way())

    spread = ran(source, tmp_path / "ray", Way(engine=Engine.RAY, rows=10, ray_address=address))

    assert spread == plain
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "plain", "ray"}


def test_a_shard_that_fails_is_named_and_the_others_are_done(tmp_path: Path, address: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out"
    source.write_bytes(questions(20))
    way = Way(engine=Engine.RAY, rows=5, ray_address=address)
    job = Job(kind="classify", options=CLASSIFY, folder=str(tmp_path / ".out.shards"))
    second = cut(source, rows=5)[1]
    blocked = tmp_path / ".out.shards" / f"{job.key(second)}.json"
    blocked.mkdir(parents=True)

    with pytest.raises(JobFailed, match="1 of 4 shards failed: lines 6 to 10: IsADirectoryError"):
        ran(source, target, way)
    assert [Results(job).receipt(one) is None for one in cut(source, rows=5)] == [False, True, False, False]
