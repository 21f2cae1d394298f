"""AdminService."""

from __future__ import annotations

from datetime import datetime

from segsvc.client.call import Call, Scope, read, write
from segsvc.client.values import moment
from segsvc.v1 import admin_service_pb2 as pb


def server_info(scope: Scope) -> Call[pb.GetServerInfoResponse]:
    """Return what the server is, its clock, and what it recovered."""
    request = pb.GetServerInfoRequest()
    return read("AdminService/GetServerInfo", request, pb.GetServerInfoResponse)


def confirm_clock(scope: Scope) -> Call[pb.ConfirmClockResponse]:
    """Trust the server's clock after a jump."""
    return write("AdminService/ConfirmClock", pb.ConfirmClockRequest(), pb.ConfirmClockResponse)


def rotate_watch_keys(scope: Scope) -> Call[pb.RotateWatchKeysResponse]:
    """Sign resume tokens of watches with a new key; tokens of the key before stay good."""
    return write(
        "AdminService/RotateWatchKeys", pb.RotateWatchKeysRequest(), pb.RotateWatchKeysResponse
    )


def stats(scope: Scope) -> Call[pb.GetStatsResponse]:
    """Return sizes of the store: contacts, events, memory, journal, snapshot."""
    request = pb.GetStatsRequest(store_id=scope.store_id)
    return read("AdminService/GetStats", request, pb.GetStatsResponse)


def create_snapshot(scope: Scope) -> Call[pb.CreateSnapshotResponse]:
    """Take a snapshot now."""
    request = pb.CreateSnapshotRequest(store_id=scope.store_id)
    return write("AdminService/CreateSnapshot", request, pb.CreateSnapshotResponse)


def advance_time(scope: Scope, to: datetime) -> Call[pb.AdvanceTimeResponse]:
    """Move a replay clock forward."""
    request = pb.AdvanceTimeRequest(store_id=scope.store_id, to=moment(to))
    return write("AdminService/AdvanceTime", request, pb.AdvanceTimeResponse)
