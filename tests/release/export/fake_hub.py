"""A small Hugging Face Hub on loopback: repositories, commits with files inside or by LFS, tags, faults."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.fake_endpoint import serve

TOKEN = "hf_secretsecretsecret"


@dataclass
class Repo:
    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[list[str]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


class FakeHub:
    """``faults`` maps the beginning of a path to the status it is answered with."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.faults: dict[str, int] = {}
        self.big: set[str] = set()
        """Endings of files that go by LFS."""
        self.stored: dict[str, bytes] = {}
        self.port = 0
        self.app = FastAPI()
        self.app.middleware("http")(self._watch)
        post, get = self.app.post, self.app.get
        post("/api/repos/create")(self.create)
        post("/api/validate-yaml")(lambda: {"errors": [], "warnings": []})
        get("/api/datasets/{user}/{name}/refs")(self.refs)
        get("/api/datasets/{user}/{name}/tree/main")(self.tree)
        get("/api/datasets/{user}/{name}")(self.info)
        get("/api/datasets/{user}/{name}/revision/main")(self.info)
        post("/api/datasets/{user}/{name}/preupload/main")(self.preupload)
        post("/datasets/{user}/{name}.git/info/lfs/objects/batch")(self.batch)
        self.app.put("/store/{oid}")(self.store)
        post("/api/datasets/{user}/{name}/commit/main")(self.commit)
        post("/api/datasets/{user}/{name}/tag/{oid}")(self.tag)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _watch(self, request: Request, further: Any) -> Response:
        self.asked.append(f"{request.method} {request.url.path}")
        if "authorization" in request.headers:
            self.tokens.add(request.headers["authorization"])
        for start, status in self.faults.items():
            if request.url.path.startswith(start):
                said = f"no, {request.headers.get('authorization')}"  # servers do echo
                return JSONResponse({"error": said}, status)
        if request.headers.get("authorization") != f"Bearer {TOKEN}" and "/store/" not in request.url.path:
            return JSONResponse({"error": "Invalid user token."}, 401)
        parts = request.url.path.split("/")
        if parts[:3] == ["", "api", "datasets"] and "/".join(parts[3:5]) not in self.repos:
            return JSONResponse({"error": "Repository not found"}, 404)
        return await further(request)

    async def create(self, request: Request) -> Response:
        asked = await request.json()
        assert asked["type"] == "dataset"
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.repos:
            return JSONResponse({"error": "exists", "url": f"{self.url}/datasets/{name}"}, 409)
        self.repos[name] = Repo(private=asked.get("visibility") == "private")
        return JSONResponse({"url": f"{self.url}/datasets/{name}", "id": name})

    def _repo(self, request: Request) -> Repo:
        return self.repos[f"{request.path_params['user']}/{request.path_params['name']}"]

    async def refs(self, request: Request) -> dict[str, Any]:
        tags = [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid}
            for name, oid in self._repo(request).tags.items()
        ]
        return {"branches": [], "converts": [], "tags": tags}

    async def tree(self, request: Request) -> list[dict[str, Any]]:
        files = self._repo(request).files
        return [{"type": "file", "path": name, "size": len(data), "oid": "0"} for name, data in files.items()]

    async def info(self, request: Request) -> dict[str, Any]:
        files = [{"rfilename": name} for name in self._repo(request).files]
        return {"id": "x/y", "sha": "0" * 40, "siblings": files, "tags": [], "downloads": 0, "likes": 0}

    async def preupload(self, request: Request) -> dict[str, Any]:
        names = [one["path"] for one in (await request.json())["files"]]
        modes = {name: "lfs" if name.endswith(tuple(self.big)) else "regular" for name in names}
        return {
            "files": [
                {"path": name, "uploadMode": mode, "shouldIgnore": False} for name, mode in modes.items()
            ]
        }

    async def batch(self, request: Request) -> dict[str, Any]:
        objects = (await request.json())["objects"]
        links = {one["oid"]: {"upload": {"href": f"{self.url}/store/{one['oid']}"}} for one in objects}
        return {"transfer": "basic", "objects": [one | {"actions": links[one["oid"]]} for one in objects]}

    async def store(self, oid: str, request: Request) -> Response:
        self.stored[oid] = await request.body()
        return Response()

    async def commit(self, request: Request) -> dict[str, Any]:
        repo, done = self._repo(request), []
        for line in (await request.body()).splitlines():
            one = json.loads(line)
            if one["key"] == "file":
                repo.files[one["value"]["path"]] = base64.b64decode(one["value"]["content"])
            elif one["key"] == "lfsFile":
                repo.files[one["value"]["path"]] = self.stored[one["value"]["oid"]]
            elif one["key"] == "deletedFile":
                del repo.files[one["value"]["path"]]
            done.append(f"{one['key']} {one['value'].get('path', one['value'].get('summary'))}")
        repo.commits.append(done)
        oid = f"{len(repo.commits):040}"
        return {"commitUrl": f"{self.url}/datasets/x/y/commit/{oid}", "commitOid": oid, "success": True}

    async def tag(self, oid: str, request: Request) -> Response:
        self._repo(request).tags[(await request.json())["tag"]] = oid
        return Response()


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    with serve(hub.app) as port:
        hub.port = port
        yield hub
