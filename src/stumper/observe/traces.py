"""Traces by OpenTelemetry: one move followed through web, database, model and worker.

Off until `start` is called. Attributes name kinds, models and outcomes, never a person, an address or a
text; of an exception only its kind is kept. What a browser says about traces is not believed: one begins
here. Needs the extra "traces".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from stumper import __version__
from stumper.errors import BadSetting
from stumper.observe.logs import bound, noted

_tracer: Any = None
"""OpenTelemetry's, or None while traces are off."""


def start(address: str, *, service: str) -> Callable[[], None]:
    """Sends spans by OTLP/HTTP to ``address`` (``http://host:4318``) from now on, in a thread of its own.

    Returns what sends the rest and stops. Raises BadSetting without the packages, or for no such address.
    """
    if not address.startswith(("http://", "https://")):
        raise BadSetting(
            f"STUMPER_TRACES is {address!r}. Use the address of an OTLP/HTTP receiver: http://HOST:4318"
        )
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise BadSetting("Traces need two more packages: pip install 'stumper[traces]'") from error
    exporter = OTLPSpanExporter(endpoint=address.rstrip("/") + "/v1/traces")
    return keep(BatchSpanProcessor(exporter), service=service)


def keep(processor: Any, *, service: str) -> Callable[[], None]:
    """Hands every span to an OpenTelemetry span processor from now on; returns what ends that."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    global _tracer
    resource = Resource.create({"service.name": service, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("stumper", __version__)

    def stop() -> None:
        global _tracer
        _tracer = None
        provider.shutdown()

    return stop


_OFF: Final = nullcontext(None)


def span(name: str, **attributes: str) -> AbstractContextManager[Any]:
    """Times what happens within, as part of the span around it; yields its span, None while off."""
    return _OFF if _tracer is None else _timed(name, attributes)


@contextmanager
def _timed(name: str, attributes: Mapping[str, str]) -> Iterator[Any]:
    from opentelemetry.trace import StatusCode

    told = _tracer.start_as_current_span(
        name,
        attributes={f"stumper.{key}": value for key, value in attributes.items()},
        record_exception=False,  # its message may quote what somebody typed
        set_status_on_exception=False,
    )
    with told as one:
        try:
            yield one
        except BaseException as error:
            one.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def headers() -> dict[str, str]:
    """Returns the header that carries the trace on to a model's server; none while off."""
    found: dict[str, str] = {}
    if _tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(found)
        found.pop("tracestate", None)
    return found


def carrier() -> dict[str, str]:
    """Returns what another process needs to go on with this trace and to name this request."""
    request = noted().get("request")
    return headers() | ({"request": str(request)} if request else {})


@contextmanager
def resumed(carried: Mapping[str, str]) -> Iterator[None]:
    """Goes on within with the trace and the request that a `carrier` names."""
    facts = {"request": carried["request"]} if "request" in carried else {}
    with bound(**facts):
        if _tracer is None or "traceparent" not in carried:
            yield
            return
        from opentelemetry import context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        token = context.attach(TraceContextTextMapPropagator().extract(carried))
        try:
            yield
        finally:
            context.detach(token)
