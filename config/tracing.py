"""Traces for whoever collects them: OTEL_EXPORTER_OTLP_ENDPOINT switches them on (https://opentelemetry.io)."""

import os

from portal.shell.middleware import current_request_id

SERVICE = "public-compute"


def start() -> None:
    """Called once in every web server and worker process; without a collector's address nothing is loaded."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    trace_to(BatchSpanProcessor(OTLPSpanExporter()))


def trace_to(processor):
    """Instrument what comes in, what goes out and what is asked of the database; the provider, for who stops it."""
    from opentelemetry import trace
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
    from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

    class NameRequest(SpanProcessor):
        """Work that goes on after its request carries the request's id in rows, and so do its spans."""

        def on_start(self, span, parent_context=None):
            if current_request_id.get() != "-":
                span.set_attribute("portal.request_id", current_request_id.get())

    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(NameRequest())
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    for instrumentor in (CeleryInstrumentor, HTTPXClientInstrumentor, Psycopg2Instrumentor):
        instrumentor().instrument(tracer_provider=provider)
    # Its span begins before the request has a name.
    DjangoInstrumentor().instrument(
        tracer_provider=provider,
        response_hook=lambda span, request, response: span.set_attribute("portal.request_id", request.id),
    )
    return provider
