"""Pushing over real HTTP to a small Hub: one commit, a tag, clear refusals, and a token that nobody reads."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import set_client_factory
from huggingface_hub.utils import disable_progress_bars, enable_progress_bars
from huggingface_hub.utils._http import default_client_factory
from typer.testing import CliRunner

from stumper.cli import cli
from stumper.errors import BadInput, BadSetting, ServiceAway, ServiceRefused, StumperError
from stumper.release import read_manifest
from stumper.release.export import export, push
from tests.release.export.fake_hub import TOKEN, FakeHub, fake_hub

run = CliRunner()


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    disable_progress_bars()
    with fake_hub() as made:
        yield made
    enable_progress_bars()


def tag_of(release: Path) -> str:
    return f"release-{read_manifest(release).id}"


def test_a_push_is_one_commit_with_a_tag(release: Path, tmp_path: Path, hub: FakeHub) -> None:
    made = push(release, to="ann/stumped", token=TOKEN, private=True, endpoint=hub.url)

    repo = hub.repos["ann/stumped"]
    export(release, tmp_path / "out", name="parquet")
    wanted = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert repo.files == wanted
    assert {"README.md", "croissant.json", "data/test-00000-of-00001.parquet"} <= wanted.keys()
    assert len(repo.commits) == 1
    assert repo.private
    assert repo.tags == {tag_of(release): f"{1:040}"}
    assert made == (f"{hub.url}/datasets/ann/stumped", tag_of(release))
    assert hub.tokens == {f"Bearer {TOKEN}"}


def test_pushing_again_changes_nothing(release: Path, hub: FakeHub) -> None:
    first = push(release, to="ann/stumped", token=TOKEN, private=False, endpoint=hub.url)
    again = push(release, to="ann/stumped", token=TOKEN, private=False, endpoint=hub.url)

    assert again == first
    assert not hub.repos["ann/stumped"].private
    assert len(hub.repos["ann/stumped"].commits) == 1


def test_files_of_an_older_release_go_with_the_same_commit(release: Path, hub: FakeHub) -> None:
    push(release, to="ann/stumped", token=TOKEN, private=False, endpoint=hub.url)
    repo = hub.repos["ann/stumped"]
    repo.tags.clear()
    repo.files["data/train-00001-of-00002.parquet"] = b"old"
    repo.files["notes.md"] = b"the owner's own"

    push(release, to="ann/stumped", token=TOKEN, private=False, endpoint=hub.url)

    assert "deletedFile data/train-00001-of-00002.parquet" in repo.commits[1]
    assert "data/train-00001-of-00002.parquet" not in repo.files
    assert repo.files["notes.md"] == b"the owner's own"


@pytest.mark.filterwarnings("ignore:Use 'content=")  # the library's own, between its two halves
def test_large_files_go_by_lfs(release: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub._commit_api.is_xet_available", lambda: False)
    hub.big = {".parquet"}

    push(release, to="ann/stumped", token=TOKEN, private=False, endpoint=hub.url)

    file = "data/train-00000-of-00001.parquet"
    assert hub.repos["ann/stumped"].files[file] == (release / file).read_bytes()
    assert len(hub.stored) == 3


@pytest.mark.parametrize(
    ("path", "status", "kind", "says"),
    [
        ("/api/repos/create", 401, ServiceRefused, "token is not valid"),
        ("/api/repos/create", 403, ServiceRefused, "write access"),
        ("/api/repos/create", 500, ServiceAway, "Try again later"),
        ("/api/datasets/ann/stumped/commit", 403, ServiceRefused, "write access"),
        ("/api/datasets/ann/stumped/commit", 409, ServiceRefused, "same time"),
        ("/api/repos/create", 429, ServiceRefused, "wait a few minutes"),
        ("/api/datasets/ann/stumped/refs", 404, ServiceRefused, "no such user"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_token(
    release: Path,
    hub: FakeHub,
    caplog: pytest.LogCaptureFixture,
    path: str,
    status: int,
    kind: type[StumperError],
    says: str,
) -> None:
    hub.faults[path] = status

    with caplog.at_level(logging.DEBUG), pytest.raises(kind, match=says) as caught:
        push(release, to="ann/stumped", token=TOKEN, private=False, endpoint=hub.url)

    assert str(status) in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in caplog.text
    assert caught.value.__cause__ is None
    assert not any(repo.commits for repo in hub.repos.values())


@pytest.mark.filterwarnings("ignore:Use 'content=")
def test_an_upload_that_breaks_off_leaves_no_commit(
    release: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub._commit_api.is_xet_available", lambda: False)
    hub.big = {".parquet"}
    hub.faults["/store/"] = 403

    with pytest.raises(ServiceAway, match="cannot be reached"):
        push(release, to="ann/stumped", token=TOKEN, private=False, endpoint=hub.url)
    assert hub.repos["ann/stumped"].commits == []


def test_a_hub_that_is_not_there(release: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(ServiceAway, match="cannot be reached"):
        push(release, to="a/b", token=TOKEN, private=False, endpoint=f"http://127.0.0.1:{port}")


def test_a_hub_that_says_nothing(release: Path) -> None:
    set_client_factory(lambda: httpx2.Client(timeout=0.2))
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
            with pytest.raises(ServiceAway, match="cannot be reached"):
                push(release, to="a/b", token=TOKEN, private=False, endpoint=endpoint)
    finally:
        set_client_factory(default_client_factory)


def test_a_name_the_hub_does_not_take(release: Path, hub: FakeHub) -> None:
    with pytest.raises(BadInput, match="USER/NAME"):
        push(release, to="a/b/c d", token=TOKEN, private=False, endpoint=hub.url)
    assert hub.asked == []


def test_without_a_token_nothing_is_asked(release: Path, hub: FakeHub) -> None:
    with pytest.raises(BadSetting, match="STUMPER_HUB_TOKEN"):
        push(release, to="a/b", token="", private=False, endpoint=hub.url)
    assert hub.asked == []


@pytest.mark.parametrize("name", ["STUMPER_HUB_TOKEN", "HF_TOKEN"])
def test_the_command_takes_the_token_from_the_environment(
    release: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv("STUMPER_HUB", hub.url)

    done = run.invoke(cli, ["release", "push", str(release), "--to", "ann/stumped", "--private", "--json"])

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["tag"] == tag_of(release)
    assert hub.repos["ann/stumped"].private
    assert TOKEN not in done.output


@pytest.mark.parametrize("key", ["hub_token", "HF_TOKEN", "STUMPER_HUB_TOKEN"])
def test_a_token_in_a_file_is_refused(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stumper.toml").write_text(f'{key} = "{TOKEN}"\n')

    done = run.invoke(cli, ["release", "push", str(release), "--to", "ann/stumped"])

    assert isinstance(done.exception, BadSetting)
    assert "Set STUMPER_HUB_TOKEN instead" in str(done.exception)
    assert TOKEN not in str(done.exception)
