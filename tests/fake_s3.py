"""A small S3 server on loopback that checks every signature: buckets, objects, lists, and a server's faults.

Written from Amazon's description of the protocol, so that it holds what a server would refuse; the tests of
`tests/contract/test_files.py` also run against moto, where that is installed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET = "AKIDWRYNECK000000000", "secret/Wryneck+0123456789012345678901234"
Objects = dict[str, tuple[bytes, float]]
"""Key -> bytes, and when they were written."""
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)


class FakeS3:
    """What is stored, what was asked, and how it answers."""

    def __init__(self, *, region: str = "us-east-1") -> None:
        self.region = region
        self.buckets: dict[str, Objects] = {"pictures": {}}
        self.requests: list[tuple[str, str]] = []
        """Method and path of each."""
        self.refused: set[str] = set()
        """Methods that answer 403; ``LIST`` is one."""
        self.failing = 0
        """So many of the next requests get 503."""
        self.says: tuple[int, str] | None = None
        """A status and a code with which it answers everything."""
        self.silent_s = 0.0
        self.cut = False
        """Bodies end in the middle."""
        self.page = 1000
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, method: str) -> int:
        return sum(one == method for one, _ in self.requests)

    def start(self) -> None:
        """Listens, after a stop on the port it had."""
        fake = self

        class Handler(_Handler):
            s3 = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def fake_s3() -> Iterator[FakeS3]:
    server = FakeS3()
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Handler(BaseHTTPRequestHandler):
    s3: FakeS3
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        _, bucket, *rest = unquote(url.path).split("/", 2)
        name, query = "/".join(rest), dict(parse_qsl(url.query, keep_blank_values=True))
        method = "LIST" if "list-type" in query else self.command
        s3 = self.s3
        s3.requests.append((method, url.path))
        time.sleep(s3.silent_s)
        if s3._server is None:
            self.close_connection = True  # it was killed while this connection was open
            return
        if s3.failing > 0:
            s3.failing -= 1
            self._fault(503, "SlowDown")
        elif s3.says:
            self._fault(*s3.says)
        elif code := self._unsigned(body):
            self._fault(400 if code == "AuthorizationHeaderMalformed" else 403, code)
        elif bucket not in s3.buckets:
            self._fault(404, "NoSuchBucket")
        elif method in s3.refused:
            self._fault(403, "AccessDenied")
        else:
            self._do(method, s3.buckets[bucket], name, query, body)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = _handle

    def _do(self, method: str, there: Objects, name: str, query: dict[str, str], body: bytes) -> None:
        if method == "LIST":
            self._say(200, self._listed(there, query))
        elif method == "PUT":
            there[name] = (body, time.time())
            self._say(200, b"", ETag=f'"{hashlib.md5(body).hexdigest()}"')
        elif method == "DELETE":
            there.pop(name, None)
            self._say(204, b"")
        elif name not in there:
            self._fault(404, "NoSuchKey")
        else:
            data, at = there[name]
            tag = f'"{hashlib.md5(data).hexdigest()}"'
            self._say(200, data, ETag=tag, **{"Last-Modified": formatdate(at, usegmt=True)})

    def _listed(self, there: Objects, query: dict[str, str]) -> bytes:
        after = query.get("continuation-token", "")
        names = sorted(one for one in there if one.startswith(query.get("prefix", "")) and one > after)
        page = names[: self.s3.page]
        lines = "".join(
            f"<Contents><Key>{escape(one)}</Key><Size>{len(there[one][0])}</Size><ETag>x</ETag>"
            f"<LastModified>{_iso(there[one][1])}</LastModified></Contents>"
            for one in page
        )
        more = len(names) > len(page)
        if more:
            lines += f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>"
        lines += f"<IsTruncated>{str(more).lower()}</IsTruncated><KeyCount>{len(page)}</KeyCount>"
        return f"<ListBucketResult>{lines}</ListBucketResult>".encode()

    def _unsigned(self, body: bytes) -> str:
        """Returns the code of what is wrong with the signature, or nothing."""
        found = _SIGNED.fullmatch(self.headers.get("Authorization") or "")
        if not found:
            return "AccessDenied"
        key, day, region, names, signature = found.groups()
        if key != KEY:
            return "InvalidAccessKeyId"
        if region != self.s3.region:
            return "AuthorizationHeaderMalformed"
        told = self.headers["x-amz-content-sha256"]
        if told != "UNSIGNED-PAYLOAD" and told != hashlib.sha256(body).hexdigest():
            return "XAmzContentSHA256Mismatch"
        url = urlsplit(self.path)
        query = "&".join(
            f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
            for name, value in sorted(parse_qsl(url.query, keep_blank_values=True))
        )
        headers = "".join(f"{name}:{(self.headers[name] or '').strip()}\n" for name in names.split(";"))
        asked = "\n".join((self.command, url.path, query, headers, names, told))
        scope = f"{day}/{region}/s3/aws4_request"
        digest = hashlib.sha256(asked.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, digest))
        made = f"AWS4{SECRET}".encode()
        for part in (day, region, "s3", "aws4_request", text):
            made = hmac.digest(made, part.encode(), "sha256")
        return "" if hmac.compare_digest(made.hex(), signature) else "SignatureDoesNotMatch"

    def _fault(self, status: int, code: str) -> None:
        # As servers do, it tells what it was sent.
        code = f"<Code>{code}</Code>" if code else ""
        body = f"<Error>{code}<Message>no</Message><Sent>{KEY} {SECRET}</Sent></Error>"
        self._say(status, body.encode())

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if self.s3.cut else body)
        if self.s3.cut:
            self.close_connection = True


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))
