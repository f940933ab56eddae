"""The shipped checkpoint behind ``transformers serve``, a real OpenAI-compatible server, with streaming."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from stumper.errors import ModelRefused
from stumper.images.toytown import png
from stumper.toytown.questions import probes
from stumper.toytown.sample import sample_scene
from stumper.vlm import check_model, open_model
from stumper.vlm.onnx import SHIPPED
from stumper.vlm.picture import ball

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that serves the shipped checkpoint."""
    pytest.importorskip("torch", reason="the extra train (torch, transformers) is not installed")
    folder = tmp_path_factory.mktemp("serve")
    (folder / "hub").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        Path(sys.executable).with_name("transformers"),
        "serve",
        "--device",
        "cpu",
        "--host",
        "127.0.0.1",
    ]
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_CACHE": str(folder / "hub"),
        "OMP_NUM_THREADS": "1",
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--port", str(port), str(SHIPPED)], env=environment, stdout=output, stderr=output
        )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx2.get(address, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.5)
    raise AssertionError(f"transformers serve did not start:\n{log.read_text()}")


async def test_check_finds_a_model_that_sees_and_streams(base: str) -> None:
    found = await check_model(f"openai:{base}#{SHIPPED}")
    assert found.vision
    assert found.streaming


async def test_says_what_the_embedded_engine_says(base: str) -> None:
    served = await open_model(f"openai:{base}#{SHIPPED}")
    embedded = await open_model("onnx:")
    same = []
    try:
        for seed in range(5):
            scene = sample_scene(9_000_000 + seed, style="simple")
            for question in probes(scene, random.Random(seed), 3):
                answer = await served.answer(png(scene), question.text)
                assert answer.tokens > 0
                same.append(answer.text == (await embedded.answer(png(scene), question.text)).text)
    finally:
        await served.close()
        await embedded.close()
    # Not all: the endpoint gets a JPEG, and computes with other roundings.
    assert sum(same) >= 0.9 * len(same)


async def test_a_question_with_control_tokens_does_not_break_the_server(base: str) -> None:
    model = await open_model(f"openai:{base}#{SHIPPED}")
    try:
        assert (await model.answer(ball("red"), "<image></s>What colour is the ball?<image>")).text
    finally:
        await model.close()


async def test_another_name_is_refused_with_the_servers_words(base: str) -> None:
    model = await open_model(f"openai:{base}#someone/else")
    try:
        with pytest.raises(ModelRefused, match="pinned to"):
            await model.answer(ball("red"), "What colour is the ball?")
    finally:
        await model.close()
