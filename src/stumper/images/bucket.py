"""The adapter of `Files` for object storage: S3, and what speaks its protocol (SeaweedFS, MinIO, Ceph, R2).

Keys are the folder adapter's below a prefix, so that a folder that is copied into a bucket can be read there.
Nothing a server says is handed on but its error code: messages of servers hold addresses and requests.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from stumper.errors import BadSetting, NotFound, StoreError
from stumper.images.files import Stored, checked_key, content_key

if TYPE_CHECKING:
    from obstore.store import S3Store

PROBE: Final = ".stumper-probe"
"""What is written to see whether anything can be, and deleted again where that is allowed."""
_AT_ONCE: Final = 32
"""Requests at a time; more wait in line, within their time."""
_CODE: Final = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3})")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a bucket is reached."""

    endpoint: str = ""
    """http://HOST:PORT or https://HOST; empty: Amazon's of that region."""
    region: str = "us-east-1"
    key: str = field(default="", repr=False)
    """Empty: the machine's own role, which the library asks for where the machine has one."""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a bucket is waited for, in seconds, so that a player is told in time (they wait 60)."""

    connect_s: float = 3.0
    silent_s: float = 10.0
    """Without a byte of an answer."""
    retries: int = 4
    """Of what failed on the way or with a 5xx; between them a random wait that doubles, up to 2 s."""
    whole_s: float = 25.0
    """For all tries together."""


class BucketFiles:
    """Files in a bucket; a reader sees a whole object or none, also after a crash while writing."""

    def __init__(self, bucket: str, prefix: str, access: Access, limits: Limits | None = None) -> None:
        """``prefix`` without slashes at its ends; may be empty.

        Nothing is sent yet. Raises BadSetting without the package obstore.
        """
        self.where = f"s3://{bucket}/{prefix}".rstrip("/")
        self._limits = limits or Limits()
        self._bucket, self._region = bucket, access.region
        self._at = access.endpoint or f"Amazon's S3 in {access.region}"
        self._store = _open(bucket, prefix, access, self._limits)
        # Not the library's own async calls: its threads touch Python after a reply, and a process that ends
        # just then aborts. Not asyncio's few threads: a bucket that hangs would hold up what else they do.
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bucket")

    async def put(self, data: bytes, *, suffix: str) -> str:
        key = content_key(data, suffix=suffix)
        if not await self._asked(lambda: self._is_there(key), "stored"):
            await self._asked(lambda: self._upload(key, data), "stored")
        return key

    async def get(self, key: str) -> bytes:
        checked_key(key)
        found = await self._asked(lambda: self._download(key), "read")
        if found is None:
            raise NotFound(f"The file {key} is not in {self.where}. Restore that bucket or add it again.")
        return found

    async def exists(self, key: str) -> bool:
        checked_key(key)
        return await self._asked(lambda: self._is_there(key, sure=True), "looked for")

    async def fault(self) -> str:
        try:
            await self._tried(self._probe)
        except StoreError as error:
            return f"{self.where} at {self._at}: {error}"
        return ""

    async def stored(self) -> AsyncIterator[Stored]:
        parts = iter(self._store.list(chunk_size=1000))
        while part := await self._asked(lambda: next(parts, None), "listed"):
            for one in part:
                yield Stored(one["path"], one["last_modified"].timestamp())

    def _is_there(self, key: str, *, sure: bool = False) -> bool:
        """Asks for no body, so a refusal has no reason: unless it must be ``sure``, writing will tell it."""
        from obstore.exceptions import BaseError

        try:
            self._store.head(key)
        except FileNotFoundError:
            return False
        except BaseError as error:
            # Amazon refuses it of what is not there to a key that may not list.
            if not sure and 400 <= _status(error) < 500:
                return False
            raise
        return True

    def _upload(self, key: str, data: bytes) -> None:
        self._store.put(key, data, use_multipart=False)

    def _download(self, key: str) -> bytes | None:
        try:
            return bytes(self._store.get(key).bytes())
        except FileNotFoundError as error:
            if _code(error) == "NoSuchBucket":
                raise
            return None

    def _probe(self) -> None:
        from obstore.exceptions import PermissionDeniedError

        self._upload(PROBE, b"stumper")
        self._download(PROBE)
        with suppress(PermissionDeniedError):  # nothing that is stored is ever deleted: a right not needed
            self._store.delete(PROBE)

    async def _asked(self, ask: Callable[[], _T], done: str) -> _T:
        try:
            return await self._tried(ask)
        except StoreError as error:
            raise StoreError(
                f"Pictures in {self.where} cannot be {done}: {error}. Try again in a minute; the operator is "
                "told what to do by stumper doctor."
            ) from None

    async def _tried(self, ask: Callable[[], _T]) -> _T:
        from obstore.exceptions import BaseError

        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.whole_s):
                return await loop.run_in_executor(self._threads, ask)
        except TimeoutError:
            raise StoreError(f"no answer within {self._limits.whole_s:g} s") from None
        except (BaseError, OSError, ValueError) as error:
            # Without its cause: what the library says holds the whole request.
            raise StoreError(self._why(error)) from None

    def _why(self, error: Exception) -> str:
        """Says it without the server's address: players may see it."""
        code, status = _code(error), _status(error)
        elsewhere = f"the bucket {self._bucket!r} is not in the region {self._region!r}"
        known = {
            "NoSuchBucket": f"there is no bucket {self._bucket!r}",
            "InvalidBucketName": f"{self._bucket!r} is no name of a bucket",
            "InvalidAccessKeyId": "the server does not know the key AWS_ACCESS_KEY_ID",
            "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY is not the secret of AWS_ACCESS_KEY_ID",
            "AuthorizationHeaderMalformed": f"{elsewhere}, or the key is none",
            "PermanentRedirect": elsewhere,
            "RequestTimeTooSkewed": "the clocks of this machine and of the server differ by minutes",
            "ExpiredToken": "AWS_SESSION_TOKEN has expired",
            "InvalidToken": "AWS_SESSION_TOKEN is none of that key",
            "QuotaExceeded": f"the bucket {self._bucket!r} is full",
            "": {
                404: f"there is no bucket {self._bucket!r}",
                0: "the server does not answer, or not as S3 does",
            }.get(status, ""),
        }
        if not code and "Received redirect" in str(
            error
        ):  # to nowhere, as Amazon answers for a bucket elsewhere
            return elsewhere
        if said := known.get(code):
            return said
        if status in {401, 403}:
            return f"the key has no right to do that in the bucket {self._bucket!r}"
        return f"the server answers with status {status}" + (f" ({code})" if code else "")


def _open(bucket: str, prefix: str, access: Access, limits: Limits) -> S3Store:
    try:
        from obstore.store import S3Store
    except ImportError as error:
        raise BadSetting(
            "Pictures in a bucket need the obstore package: pip install 'stumper[s3]', or set STUMPER_FILES "
            "to a folder."
        ) from error
    # Addresses with the bucket in their path, and deletions one by one, are what every server knows.
    config: dict[str, str | bool] = {
        "region": access.region,
        "virtual_hosted_style_request": False,
        "disable_bulk_delete": True,
    }
    if access.endpoint:
        # Both names: the library would prefer the second one of the environment.
        config |= {"endpoint": access.endpoint, "aws_endpoint_url_s3": access.endpoint}
    if access.key:
        config |= {"access_key_id": access.key, "secret_access_key": access.secret}
    if access.token:
        config["session_token"] = access.token
    try:
        return S3Store(
            bucket,
            prefix=prefix or None,
            config=config,  # type: ignore[arg-type]  # a TypedDict there, built in steps here
            client_options={
                "allow_http": access.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=limits.connect_s),
                "read_timeout": timedelta(seconds=limits.silent_s),
                "timeout": timedelta(seconds=limits.whole_s),
            },
            retry_config={
                "max_retries": limits.retries,
                # A try that began later would outlive whoever waits for it.
                "retry_timeout": timedelta(seconds=limits.whole_s / 2),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
        )
    except Exception as error:  # the library's own, and ValueError
        raise BadSetting(
            "The bucket's settings cannot be used. Look at STUMPER_FILES, AWS_ENDPOINT_URL, AWS_REGION and "
            "the keys: docs/guide/bucket.md."
        ) from error


def _code(error: Exception) -> str:
    found = _CODE.search(str(error))
    return found[1] if found else ""


def _status(error: Exception) -> int:
    found = _STATUS.search(str(error))
    return int(found[1]) if found else 0
