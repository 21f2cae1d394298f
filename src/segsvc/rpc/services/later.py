"""AutomationService: in the contract, not built yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from segsvc.domain.errors import NotYetSupported
from segsvc.v1 import automation_service_pb2_grpc


async def _refuse(self: object, request: Any, context: Any) -> Any:
    raise NotYetSupported(type(request).DESCRIPTOR.name.removesuffix("Request"))


async def _refuse_stream(self: object, request: Any, context: Any) -> AsyncIterator[Any]:
    raise NotYetSupported(type(request).DESCRIPTOR.name.removesuffix("Request"))
    yield request


class AutomationService(automation_service_pb2_grpc.AutomationServiceServicer):
    """See automation_service.proto."""

    CreateTrigger = _refuse
    GetTrigger = _refuse
    ListTriggers = _refuse
    ActivateTrigger = _refuse
    PauseTrigger = _refuse
    DeleteTrigger = _refuse
    StreamEntries = _refuse_stream
    AckEntries = _refuse
    SetQuota = _refuse
    ListQuotas = _refuse
