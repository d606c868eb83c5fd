"""Traces by OpenTelemetry: one for each request, which goes on in the worker that draws its clip.

Nothing is recorded until `configure` was told where to. Spans carry kinds and ids; the words of an
exception stay out of them, since an artist's may be among them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Value = str | int | float | bool
INTERNAL, SERVER, CONSUMER = SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CONSUMER
W3C = TraceContextTextMapPropagator()
NOBODY = trace.NoOpTracer()  # records nothing, and hands on who is the parent


class Recorder:
    """Records our spans; nobody does until `configure`.

    Not OpenTelemetry's global one: libraries that find that set (FastAPI) write spans of their
    own, with the addresses and queries of requests in them.
    """

    tracer: trace.Tracer | None = None


def configure(endpoint: str | None, process: str) -> Callable[[], None]:
    """Send the spans of this process to `endpoint` by OTLP over HTTP, in batches; once a process.

    Returns what sends the last ones, for when the process ends. Without an endpoint both do
    nothing.
    """
    if endpoint is None:
        return lambda: None
    # Imported where they are needed: they take a third of a second.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"greenroom-{process}"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    Recorder.tracer = provider.get_tracer("greenroom")
    return provider.shutdown


@contextmanager
def span(
    name: str,
    kind: SpanKind = INTERNAL,
    parent: str | None = None,
    attributes: Mapping[str, Value] | None = None,
) -> Iterator[Span]:
    """A span around the block, below the current one, or below `parent` (a `traceparent`)."""
    if Recorder.tracer is None and parent is None:
        yield trace.INVALID_SPAN  # which records nothing: all that follows would be for nothing
        return
    context = W3C.extract({"traceparent": parent}) if parent is not None else None
    with (Recorder.tracer or NOBODY).start_as_current_span(
        name,
        context,
        kind,
        attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(StatusCode.ERROR)
            raise


def traceparent() -> str | None:
    """The current span as W3C Trace Context names it, for who goes on elsewhere; None without."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return carrier.get("traceparent")
