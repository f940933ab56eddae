"""The process that decodes: it answers as ``clean`` does, holds no secret, and its end is no one else's."""

from __future__ import annotations

import errno
import io
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stumper.errors import BadImage
from stumper.images import sandbox as module
from stumper.images.clean import Cleaned, Limits, clean
from stumper.images.decoding import HEADER
from stumper.images.sandbox import Sandbox
from tests.examples import examples
from tests.images import pictures

LIMITS = Limits()


@cache
def large() -> bytes:
    """Sixteen megapixels in a few kilobytes: 150 MB and half a second of work."""
    return pictures.encoded(Image.new("1", (4_000, 4_000)), "PNG")


def decoders() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "stumper.images.decoding" in one.cmdline()]


@pytest.mark.parametrize(
    "data", [pictures.png(1), pictures.with_gps_and_orientation(6), pictures.animated_gif()]
)
def test_cleans_as_without_it(sandbox: Sandbox, data: bytes) -> None:
    assert sandbox.clean(data, LIMITS) == clean(data, LIMITS)


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", pictures.png_claiming(8_000, 6_000), pictures.png_with_text_bomb()]
)
def test_refuses_for_the_same_reason(sandbox: Sandbox, data: bytes) -> None:
    with pytest.raises(BadImage) as here:
        clean(data, LIMITS)
    with pytest.raises(BadImage) as there:
        sandbox.clean(data, LIMITS)
    assert str(there.value) == str(here.value)


def test_one_process_serves_many_pictures_and_ends_with_its_sandbox() -> None:
    before = {one.pid for one in decoders()}
    with Sandbox() as mine:
        for seed in range(5):
            mine.clean(pictures.png(seed), LIMITS)
        new = [one for one in decoders() if one.pid not in before]
        assert len(new) == 1
    assert not [one for one in new if one.is_running()]


def test_a_picture_that_takes_too_long_is_refused_and_the_next_one_is_not() -> None:
    with Sandbox(picture_s=0.05) as hasty, pytest.raises(BadImage, match=r"longer than 0\.05 s"):
        hasty.clean(large(), LIMITS)
    with Sandbox() as patient:
        assert patient.clean(large(), LIMITS).width_px == 4_000


def test_a_picture_that_takes_too_much_memory_is_refused() -> None:
    with Sandbox(memory_bytes=280 << 20) as narrow:
        with pytest.raises(BadImage, match="too much memory"):
            narrow.clean(large(), LIMITS)
        assert narrow.clean(pictures.png(4), LIMITS) == clean(pictures.png(4), LIMITS)


def test_a_decoder_that_crashes_takes_only_its_picture_along(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = module._Worker.ask

    def crash(worker: module._Worker, *args: Any, **more: Any) -> Any:
        worker._process.send_signal(signal.SIGSEGV)
        return ask(worker, *args, **more)

    with Sandbox() as mine:
        monkeypatch.setattr(module._Worker, "ask", crash)
        with pytest.raises(BadImage, match="ended by SIGSEGV; it is left out"):
            mine.clean(pictures.png(5), LIMITS)
        monkeypatch.undo()
        assert mine.clean(pictures.png(5), LIMITS) == clean(pictures.png(5), LIMITS)


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGRTMIN + 5, f"signal {signal.SIGRTMIN + 5}")]
)
def test_any_signal_can_be_told(number: int, name: str) -> None:
    with Sandbox() as mine:
        worker = mine._take()
        worker._process.send_signal(number)
        worker.end()
        assert worker.fate() == f"its decoder was ended by {name}"


@pytest.mark.parametrize("said", [b"[" * 4_000, b"{}", b"[1]", b"\xff\xfe", b"1" * 4_096, b""])
def test_a_decoder_that_says_anything_at_all_costs_only_its_picture(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    with Sandbox() as mine:
        worker = mine._take()
        mine._idle.append(worker)
        worker._replies.close()
        monkeypatch.setattr(worker, "_replies", io.BytesIO(HEADER.pack(len(said), 0) + said))
        with pytest.raises(BadImage, match="answered with nonsense; it is left out"):
            mine.clean(pictures.png(5), LIMITS)


_TRICKED = """
import os, socket, sys
from stumper.images import decoding

def attack(path):
    for harm in (lambda: os.open(path, os.O_RDONLY), socket.socket, os.pipe, lambda: os.dup(0)):
        try:
            harm()
        except OSError as error:
            yield error.errno
        else:
            yield 0

allow = decoding.confine(2 << 30, 5.0)
allow()
print(sorted(set(attack(sys.argv[1]))))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts sockets and files alike")
def test_what_tricks_a_codec_can_read_no_file_and_tell_nobody(tmp_path: Path) -> None:
    (tmp_path / "stumper.db").write_bytes(b"secret")
    words = [sys.executable, "-c", _TRICKED, str(tmp_path / "stumper.db")]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == str([errno.EMFILE])


_BREAKING = """
import os, sys
from stumper.images import decoding

path, parent = sys.argv[1], os.getppid()
version = decoding.lock_in()
harms = {
    "read": lambda: open(path).close(),
    "list": lambda: os.listdir("/"),
    "delete": lambda: os.unlink(path),
    "rename": lambda: os.rename(path, path + "2"),
    "make": lambda: os.mkdir(path + "3"),
    "truncate": lambda: os.truncate(path, 0),
    "signal": lambda: os.kill(parent, 0),
}
done = [version]
for name, harm in harms.items():
    try:
        harm()
    except PermissionError:
        continue
    done.append(name)
print(*done)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has Landlock")
def test_what_tricks_a_codec_can_delete_no_file_and_end_no_process(tmp_path: Path) -> None:
    kept = tmp_path / "stumper.db"
    kept.write_bytes(b"all we have")
    ended = subprocess.run(
        [sys.executable, "-c", _BREAKING, str(kept)], capture_output=True, text=True, check=True
    )
    version, *done = ended.stdout.split()
    if version == "0":
        pytest.skip("this kernel has no Landlock")
    later = {"truncate": 3, "signal": 6}
    assert [name for name in done if int(version) >= later.get(name, 1)] == []
    assert "truncate" in done or kept.read_bytes() == b"all we have"


_SHELL = """
import resource
from stumper.images import decoding

resource.setrlimit(resource.RLIMIT_CPU, (900, {hard}))
decoding.confine(2 << 30, {picture_s})()
print(*resource.getrlimit(resource.RLIMIT_CPU))
"""


@pytest.mark.parametrize(("picture_s", "soft"), [(50.0, range(51, 60)), (5_000.0, [1_000])])
def test_a_limit_of_the_operators_shell_stays(picture_s: float, soft: Sequence[int]) -> None:
    words = [sys.executable, "-c", _SHELL.format(hard=1_000, picture_s=picture_s)]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    found = [int(word) for word in ended.stdout.split()]
    assert found[0] in soft
    assert found[1] == 1_000


def test_a_sandbox_that_closes_while_a_picture_ends_leaves_no_process() -> None:
    before = {one.pid for one in decoders()}
    with Sandbox() as mine:
        worker = mine._take()
    mine._closed = False  # as the thread saw it the moment before

    class Late(list[Any]):
        def append(self, one: Any) -> None:
            mine._closed = True
            super().append(one)

    mine._idle = Late()
    mine._give_back(worker)
    assert {one.pid for one in decoders()} <= before


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="only Linux tells a process's limits")
def test_the_process_has_no_settings_and_may_do_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUMPER_SECRET", "not for a codec")
    before = {one.pid for one in decoders()}
    with Sandbox() as mine:
        mine.clean(pictures.png(1), LIMITS)
        (new,) = [one for one in decoders() if one.pid not in before]
        assert set(new.environ()) <= {"PYTHONPATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LC_CTYPE"}
        assert new.rlimit(psutil.RLIMIT_AS) == (module.MEMORY_BYTES, module.MEMORY_BYTES)
        assert new.rlimit(psutil.RLIMIT_FSIZE) == new.rlimit(psutil.RLIMIT_NPROC) == (0, 0)
        assert new.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert 0 < new.rlimit(psutil.RLIMIT_CPU)[0] < 60
        assert not new.net_connections()
        assert all(one.path in ("/dev/null",) for one in new.open_files())


PICTURE = pictures.png(1)
HONEST = {"suffix": ".png", "width_px": 96, "height_px": 72, "look": "0" * 64}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_an_honest_answer_is_believed() -> None:
    data = pictures.png(1)
    assert module._checked(HONEST, data, LIMITS) == Cleaned(data, ".png", 96, 72, "0" * 64)
    assert module._checked({"refused": "why\x1b[31m"}, b"", LIMITS) == "why\ufffd[31m"


@settings(max_examples=examples(200))
@given(name=st.sampled_from(sorted(HONEST)), value=JSON)
def test_what_no_honest_process_says_is_not_believed(name: str, value: object) -> None:
    lie = {**HONEST, name: value}
    try:
        found = module._checked(lie, PICTURE, LIMITS)
    except module._Lost:
        return
    assert isinstance(found, Cleaned)
    assert found.suffix == ".png"
    assert all(64 <= side <= 16_384 for side in (found.width_px, found.height_px))
    assert found.look in ("", "0" * 64)


def test_a_page_in_place_of_a_picture_is_not_believed() -> None:
    with pytest.raises(module._Lost):
        module._checked(HONEST, b"<html><script>alert(1)</script></html>", LIMITS)
