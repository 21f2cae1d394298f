"""All services, added to a server."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from segsvc.engine.engine import Engine
from segsvc.rpc.resume_tokens import ResumeTokens
from segsvc.rpc.services.admin import AdminService
from segsvc.rpc.services.automation import AutomationService
from segsvc.rpc.services.evaluation import EvaluationService
from segsvc.rpc.services.ingest import IngestService
from segsvc.rpc.services.schema import SchemaService
from segsvc.rpc.services.segments import SegmentService
from segsvc.rpc.services.stores import StoreService
from segsvc.rpc.services.watch import WatchService
from segsvc.rpc.tokens import PageTokens
from segsvc.v1 import (
    admin_service_pb2_grpc,
    automation_service_pb2_grpc,
    evaluation_service_pb2_grpc,
    ingest_service_pb2_grpc,
    schema_service_pb2_grpc,
    segment_service_pb2_grpc,
    store_service_pb2_grpc,
    watch_service_pb2_grpc,
)

SERVICE_NAMES = tuple(
    f"segsvc.v1.{name}Service"
    for name in (
        "Store",
        "Schema",
        "Ingest",
        "Segment",
        "Evaluation",
        "Watch",
        "Automation",
        "Admin",
    )
)


def register(
    server: grpc.aio.Server,
    engine: Engine,
    page_key: bytes,
    watch_keys: Sequence[bytes],
    bookmark_seconds: float,
) -> None:
    """Add every service of the contract to *server*."""
    tokens, resume = PageTokens(page_key), ResumeTokens(watch_keys)
    store_service_pb2_grpc.add_StoreServiceServicer_to_server(StoreService(engine, tokens), server)
    schema_service_pb2_grpc.add_SchemaServiceServicer_to_server(
        SchemaService(engine, tokens), server
    )
    ingest_service_pb2_grpc.add_IngestServiceServicer_to_server(
        IngestService(engine, tokens), server
    )
    segment_service_pb2_grpc.add_SegmentServiceServicer_to_server(
        SegmentService(engine, tokens), server
    )
    evaluation_service_pb2_grpc.add_EvaluationServiceServicer_to_server(
        EvaluationService(engine, tokens), server
    )
    admin_service_pb2_grpc.add_AdminServiceServicer_to_server(
        AdminService(engine, tokens, resume), server
    )
    watch_service_pb2_grpc.add_WatchServiceServicer_to_server(
        WatchService(engine, tokens, resume, bookmark_seconds), server
    )
    automation_service_pb2_grpc.add_AutomationServiceServicer_to_server(
        AutomationService(engine, tokens), server
    )
