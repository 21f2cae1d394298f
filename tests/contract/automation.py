"""Cases of AutomationService and PreviewSegmentUpdate: in the contract, not built yet."""

from __future__ import annotations

from tests.contract.cases import SHOP, Refused, Rpc

_NOT_BUILT = (Refused("UNIMPLEMENTED", "NOT_BUILT", {}),)
_TRIGGER = {"store_id": SHOP, "trigger_id": "welcome"}
_REQUESTS = {
    "AutomationService.CreateTrigger": {"store_id": SHOP},
    "AutomationService.GetTrigger": _TRIGGER,
    "AutomationService.ListTriggers": {"store_id": SHOP},
    "AutomationService.ActivateTrigger": _TRIGGER,
    "AutomationService.PauseTrigger": _TRIGGER,
    "AutomationService.DeleteTrigger": _TRIGGER,
    "AutomationService.StreamEntries": _TRIGGER,
    "AutomationService.AckEntries": _TRIGGER,
    "AutomationService.SetQuota": {"store_id": SHOP},
    "AutomationService.ListQuotas": {"store_id": SHOP},
    "SegmentService.PreviewSegmentUpdate": {"store_id": SHOP, "segment_id": "germans"},
}

NOT_BUILT = {f"segsvc.v1.{rpc}": Rpc(request, {}, _NOT_BUILT) for rpc, request in _REQUESTS.items()}
"""Only the refusal is asked for."""

CASES: dict[str, Rpc] = {}
"""Cases of those that are built."""
