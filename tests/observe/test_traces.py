"""One trace holds a move from the request to the model's server, and a job from where it was begun."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stumper.errors import BadSetting
from stumper.jobs import Jobs
from stumper.observe import traces
from stumper.observe.logs import bound, noted
from tests.front.conftest import Worlds
from tests.front.world import ask, join, judge, start
from tests.observe.lines import TOKEN


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    stop = traces.keep(SimpleSpanProcessor(exporter), service="stumper-test")
    yield exporter
    stop()


def _up(spans: InMemorySpanExporter, name: str) -> list[str]:
    """Names of the last span with this name and of those around it, outwards."""
    done = {span.context.span_id: span for span in spans.get_finished_spans()}
    one: ReadableSpan | None = [span for span in done.values() if span.name == name][-1]
    names = []
    while one is not None:
        names.append(one.name)
        one = done.get(one.parent.span_id) if one.parent else None
    return names


class _Server(BaseHTTPRequestHandler):
    """A model's server and an OTLP receiver in one: keeps headers and bodies, and answers "two"."""

    kept: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.kept.append((self.path, {name.lower(): said for name, said in self.headers.items()}, body))
        reply = b""
        if self.path.endswith("/chat/completions"):
            message = {"role": "assistant", "content": "two"}
            reply = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    kept: list[tuple[str, dict[str, str], bytes]] = []
    opened = ThreadingHTTPServer(("127.0.0.1", 0), type("Server", (_Server,), {"kept": kept}))
    opened.daemon_threads = True
    thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{opened.server_port}", kept
    opened.shutdown()
    thread.join()
    opened.server_close()


async def test_a_question_is_one_trace_from_the_request_to_the_models_server(
    spans: InMemorySpanExporter, server: tuple[str, list[tuple[str, dict[str, str], bytes]]], worlds: Worlds
) -> None:
    address, kept = server
    async with worlds(model=f"openai:{address}/v1#eyes") as world, world.phone() as phone:
        player = await join(phone, "Ada")
        session = await start(phone)
        assert (await ask(phone, session["turn"], "Where is the heron?")).status_code == 201

    route = "POST /api/turns/{turn_id}/exchanges"
    assert _up(spans, "endpoint") == ["endpoint", "model", "move ask", route]
    assert _up(spans, "database write")[1:] == ["move ask", route]
    called = [span for span in spans.get_finished_spans() if span.name == "endpoint"][-1]
    trace, parent = kept[-1][1]["traceparent"].split("-")[1:3]
    assert (int(trace, 16), int(parent, 16)) == (called.context.trace_id, called.context.span_id)
    told = "".join(span.to_json() for span in spans.get_finished_spans())
    for hidden in ("Ada", "heron", player["id"], session["turn"]["id"]):
        assert hidden not in told


async def test_what_fails_is_marked_by_its_kind_and_without_its_words(
    spans: InMemorySpanExporter, phone: httpx2.AsyncClient
) -> None:
    await join(phone)
    session = await start(phone)
    exchange = (await ask(phone, session["turn"])).json()
    await judge(phone, exchange, "correct")
    assert (await judge(phone, exchange, "wrong", "a secret word")).status_code == 409

    _, move = [span for span in spans.get_finished_spans() if span.name == "move judge"]
    assert (move.status.is_ok, move.status.description) == (False, "AlreadyJudged")
    assert not move.events
    assert "secret" not in move.to_json()


async def test_a_job_goes_on_with_the_trace_and_the_request_it_was_begun_in(
    spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    jobs, seen = Jobs(f"sqlite:///{tmp_path / 'jobs.db'}"), []

    @jobs.step("look")
    async def look() -> None:
        seen.append(noted())

    @jobs.workflow("look twice")
    async def twice() -> None:
        await look()

    async with jobs:
        with bound(request="request-1234"), traces.span("round"):
            await jobs.run(twice, workflow_id="one")

    assert _up(spans, "step look") == ["step look", "job look twice", "round"]
    assert (seen[0]["request"], seen[0]["job"], seen[0]["job_id"]) == ("request-1234", "look twice", "one")
    assert noted() == {}


def test_another_process_goes_on_with_a_trace_it_is_handed(spans: InMemorySpanExporter) -> None:
    with bound(request="request-5678"), traces.span("web"):
        carried = json.loads(json.dumps(traces.carrier()))
    with traces.resumed(carried), traces.span("worker"):
        assert noted() == {"request": "request-5678"}

    assert _up(spans, "worker") == ["worker", "web"]
    with traces.resumed({"traceparent": "nonsense"}), traces.span("alone"):
        assert _up(spans, "worker") == ["worker", "web"]
    assert _up(spans, "alone") == ["alone"]


def test_spans_reach_a_receiver_by_otlp(server: tuple[str, list[tuple[str, dict[str, str], bytes]]]) -> None:
    address, kept = server
    stop = traces.start(address, service="stumper-web")
    with traces.span("outside"), traces.span("inside", model="eyes"):
        pass
    stop()

    ((path, _, body),) = kept
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (scope,) = resource.scope_spans
    assert path == "/v1/traces"
    assert {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"] == (
        "stumper-web"
    )
    inside, outside = scope.spans
    assert (inside.name, outside.name) == ("inside", "outside")
    assert inside.parent_span_id == outside.span_id
    assert [(one.key, one.value.string_value) for one in inside.attributes] == [("stumper.model", "eyes")]


def test_off_there_are_no_spans_and_nothing_is_carried() -> None:
    with traces.span("nothing") as one:
        assert one is None
        assert traces.headers() == {}
    assert traces.carrier() == {}


def test_what_cannot_be_traced_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="http://HOST:4318"):
        traces.start("localhost:4318", service="x")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(BadSetting, match=r"stumper\[traces\]"):
        traces.start("http://127.0.0.1:4318", service="x")


async def test_a_browsers_own_trace_is_not_believed(
    spans: InMemorySpanExporter, phone: httpx2.AsyncClient
) -> None:
    forged = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    await phone.get("/metrics", headers={"traceparent": forged, "Authorization": f"Bearer {TOKEN}"})

    request = next(span for span in spans.get_finished_spans() if span.name == "GET /metrics")
    assert request.parent is None
    assert f"{request.context.trace_id:032x}" != "ab" * 16
