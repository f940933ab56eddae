"""Pushes a release to the Hugging Face Hub: parquet, card and Croissant in one commit, and a tag of its id.

The token is an argument, goes to the Hub only, and is in no message: what the Hub said is told without it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from stumper.errors import BadInput, BadSetting, ServiceAway, ServiceRefused
from stumper.release.export.run import export
from stumper.release.manifest import read_manifest

HUB: Final = "https://huggingface.co"


class Pushed(NamedTuple):
    """Where a release lies on the Hub."""

    url: str
    tag: str


def push(release: Path, *, to: str, token: str, private: bool, endpoint: str = HUB) -> Pushed:
    """Uploads a release to the data set repository ``to`` (USER/NAME), which is made if it is not there.

    One commit, so nobody ever sees half of it; a release that was pushed before is left as it is. ``private``
    counts when the repository is made. Raises BadInput for a name the Hub does not take, BadSetting without
    a token or without the extra "hub", ServiceRefused if the Hub says no, ServiceAway if it is not there.
    """
    api = _api(endpoint, token)
    with tempfile.TemporaryDirectory(prefix="stumper-push-") as scratch:
        folder = Path(scratch) / "parquet"
        export(release, folder, name="parquet")
        with _told(to, endpoint, token):
            return _upload(api, folder, to=to, name=read_manifest(release).id, private=private)


def _upload(api: Any, folder: Path, *, to: str, name: str, private: bool) -> Pushed:
    tag = f"release-{name}"
    url = api.create_repo(to, repo_type="dataset", private=private, exist_ok=True)
    if tag not in {one.name for one in api.list_repo_refs(to, repo_type="dataset").tags}:
        old = [path for path in api.list_repo_files(to, repo_type="dataset") if path.startswith("data/")]
        # not upload_folder: it may take several commits
        commit = api.create_commit(
            to,
            repo_type="dataset",
            operations=_operations(folder, old),
            commit_message=f"Release {name}",
        )
        api.create_tag(to, repo_type="dataset", tag=tag, revision=commit.oid)
    return Pushed(str(url), tag)


def _operations(folder: Path, old: Sequence[str]) -> list[Any]:
    """Adds every file of the folder, and deletes what an older release had in more of them."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    files = {
        path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    return [
        *(CommitOperationAdd(name, path) for name, path in files.items()),
        *(CommitOperationDelete(name) for name in old if name not in files),
    ]


def _api(endpoint: str, token: str) -> Any:
    if not token:
        raise BadSetting(
            "There is no token of the Hub. Make one that may write at https://huggingface.co/settings/tokens "
            "and set STUMPER_HUB_TOKEN (or HF_TOKEN)."
        )
    try:
        import huggingface_hub
    except ImportError as error:
        raise BadSetting(
            "Pushing needs huggingface-hub: install it with `pip install 'stumper[hub]'`."
        ) from error
    return huggingface_hub.HfApi(endpoint=endpoint, token=token, library_name="stumper")


@contextmanager
def _told(to: str, endpoint: str, token: str) -> Iterator[None]:
    """Says in a sentence what the Hub, or the way there, has against it."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except HFValidationError as error:
        raise BadInput(f"{to!r} is no name of a repository. Write USER/NAME.") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        said = (error.server_message or "").replace(token, "***")[:200]
        advice = _ADVICE.get(status, "Try again later.")
        message = f"{endpoint} refuses to take {to} ({status}{': ' + said if said else ''}). {advice}"
        # from None: the request in the library's error carries the token
        raise (ServiceAway if status >= 500 else ServiceRefused)(message) from None
    except (httpx2.TransportError, ConnectionError, TimeoutError, RuntimeError) as error:
        # RuntimeError is what the library makes of a large file whose upload broke off
        raise ServiceAway(
            f"{endpoint} cannot be reached ({type(error).__name__}). Nothing half-done is there; try again."
        ) from None


_ADVICE: Final = {
    401: "The token is not valid: make another one that may write, and set STUMPER_HUB_TOKEN.",
    403: "The token may not write there: make one with write access, or push to a name of your own.",
    404: "There is no such user, or the token may not see it.",
    409: "Somebody else wrote there at the same time: push again.",
    413: "It is too large for one file there.",
    429: "Too many requests: wait a few minutes and push again.",
}
