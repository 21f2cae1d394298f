"""All services, added to a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc

from segsvc.engine.engine import Engine
from segsvc.rpc.resume_tokens import ResumeTokens
from segsvc.rpc.services.admin import AdminService
from segsvc.rpc.services.automation import AutomationService
from segsvc.rpc.services.base import Servicer
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

_ADD: dict[str, Callable[[Any, grpc.aio.Server], None]] = {
    "Store": store_service_pb2_grpc.add_StoreServiceServicer_to_server,
    "Schema": schema_service_pb2_grpc.add_SchemaServiceServicer_to_server,
    "Ingest": ingest_service_pb2_grpc.add_IngestServiceServicer_to_server,
    "Segment": segment_service_pb2_grpc.add_SegmentServiceServicer_to_server,
    "Evaluation": evaluation_service_pb2_grpc.add_EvaluationServiceServicer_to_server,
    "Watch": watch_service_pb2_grpc.add_WatchServiceServicer_to_server,
    "Automation": automation_service_pb2_grpc.add_AutomationServiceServicer_to_server,
    "Admin": admin_service_pb2_grpc.add_AdminServiceServicer_to_server,
}
SERVICE_NAMES = tuple(f"segsvc.v1.{name}Service" for name in _ADD)


def servicers(
    engine: Engine, page_key: bytes, watch_keys: Sequence[bytes], bookmark_seconds: float
) -> dict[str, Servicer]:
    """Return every service of the contract by its name, less "Service"."""
    tokens, resume = PageTokens(page_key), ResumeTokens(watch_keys)
    return {
        "Store": StoreService(engine, tokens),
        "Schema": SchemaService(engine, tokens),
        "Ingest": IngestService(engine, tokens),
        "Segment": SegmentService(engine, tokens),
        "Evaluation": EvaluationService(engine, tokens),
        "Watch": WatchService(engine, tokens, resume, bookmark_seconds),
        "Automation": AutomationService(engine, tokens),
        "Admin": AdminService(engine, tokens, resume),
    }


def register(server: grpc.aio.Server, services: Mapping[str, Servicer]) -> None:
    """Add what `servicers` returned to *server*."""
    for name, servicer in services.items():
        _ADD[name](servicer, server)
