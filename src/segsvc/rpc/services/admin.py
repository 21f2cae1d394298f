"""AdminService."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from segsvc.domain.ids import check_store_id
from segsvc.engine.clock import ReplayClock
from segsvc.engine.engine import Engine
from segsvc.engine.memory import parts_of
from segsvc.rpc.resume_tokens import WATCH_KEYS, ResumeTokens
from segsvc.rpc.services.base import Servicer
from segsvc.rpc.times import instant, timestamp
from segsvc.rpc.tokens import PageTokens
from segsvc.v1 import admin_service_pb2 as pb
from segsvc.v1 import admin_service_pb2_grpc


class AdminService(Servicer, admin_service_pb2_grpc.AdminServiceServicer):
    """See admin_service.proto."""

    def __init__(self, engine: Engine, tokens: PageTokens, resume: ResumeTokens) -> None:
        super().__init__(engine, tokens)
        self._resume = resume

    async def GetServerInfo(self, request: pb.GetServerInfoRequest, context: Any) -> Any:
        """Answer what this server is."""
        replays = isinstance(self.engine.clock, ReplayClock)
        return pb.GetServerInfoResponse(
            version=version("segsvc"),
            rules=self.engine.rules,
            clock=pb.CLOCK_KIND_REPLAY if replays else pb.CLOCK_KIND_SYSTEM,
            now=timestamp(self.engine.clock.now()),
            start_time=timestamp(self.engine.started_at),
            recoveries=[
                pb.Recovery(
                    store_id=held.store_id,
                    revision=held.revision,
                    snapshot_revision=held.snapshot_revision,
                    records_replayed=held.records_replayed,
                    seconds=held.seconds,
                )
                for held in self.engine.recovered
            ],
            store_count=len(self.engine.stores()),
            clock_suspicion=self.engine.clock.suspicion,
        )

    async def GetStats(self, request: pb.GetStatsRequest, context: Any) -> Any:
        """Answer how much a store holds."""
        state = self.store(request.store_id)
        stored = await self.engine.in_thread(self.engine.storage.stats, request.store_id)
        held = state.index.stats()
        memory = sorted(parts_of(state).items(), key=lambda part: -part[1])
        process = self.engine.memory()
        return pb.GetStatsResponse(
            contact_count=held.contacts,
            events=[
                pb.BehaviorCount(behavior=name, event_count=count)
                for name, count in sorted(held.events.items())
                if count
            ],
            segment_count=len(state.segments),
            memory=[pb.PartSize(part=part, bytes=size) for part, size in memory],
            process=pb.ProcessMemory(
                resident_bytes=process.resident,
                baseline_bytes=process.baseline,
                unused_bytes=process.unused,
                waiting_bytes=process.waiting,
                stores_bytes=process.stores,
            ),
            journal_records=stored.journal_records,
            journal_bytes=stored.journal_bytes,
            snapshot_revision=stored.snapshot_revision,
            snapshot_bytes=stored.snapshot_bytes,
            snapshot_time=timestamp(stored.snapshot_at) if stored.snapshot_revision else None,
            revision=state.revision,
            at=timestamp(state.at),
        )

    async def CreateSnapshot(self, request: pb.CreateSnapshotRequest, context: Any) -> Any:
        """Store a snapshot now."""
        taken = await self.engine.checkpoints.take(self.store(request.store_id))
        return pb.CreateSnapshotResponse(
            revision=taken.revision, written_bytes=taken.bytes, held_milliseconds=taken.held_ms
        )

    async def AdvanceTime(self, request: pb.AdvanceTimeRequest, context: Any) -> Any:
        """Move the replay clock."""
        to = instant(request.to, "to")
        revision, at = await self.engine.advance_time(check_store_id(request.store_id), to)
        return pb.AdvanceTimeResponse(revision=revision, at=timestamp(at))

    async def ConfirmClock(self, request: pb.ConfirmClockRequest, context: Any) -> Any:
        """Trust the clock."""
        await self.engine.confirm_clock()
        return pb.ConfirmClockResponse(now=timestamp(self.engine.clock.now()))

    async def RotateWatchKeys(self, request: pb.RotateWatchKeysRequest, context: Any) -> Any:
        """Sign resume tokens with a new key."""
        keys = await self.engine.in_thread(self.engine.storage.rotate_secrets, WATCH_KEYS)
        self._resume.renew(keys)
        return pb.RotateWatchKeysResponse(valid_keys=len(keys))
