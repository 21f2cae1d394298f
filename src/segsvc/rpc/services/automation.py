"""AutomationService: triggers, their entry streams, quotas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from segsvc.automation.quotas import quota_from
from segsvc.automation.trigger import Trigger
from segsvc.automation.triggers import last_updated_first
from segsvc.domain.errors import InvalidArgument, NotServing
from segsvc.engine.requests import Answer
from segsvc.engine.state import StoreState
from segsvc.rpc.codec import decode_write, encode_write, method_of
from segsvc.rpc.decode.fields import choice, required
from segsvc.rpc.encode import automation as encode
from segsvc.rpc.services.base import Servicer
from segsvc.rpc.times import timestamp
from segsvc.v1 import automation_pb2, automation_service_pb2_grpc
from segsvc.v1 import automation_service_pb2 as pb

ENTRIES_PER_MESSAGE = 8_192


class AutomationService(Servicer, automation_service_pb2_grpc.AutomationServiceServicer):
    """See automation_service.proto."""

    async def CreateTrigger(self, request: pb.CreateTriggerRequest, context: Any) -> Any:
        """Make a trigger."""
        state, answer = await self.write(request)
        return pb.CreateTriggerResponse(
            trigger=self._triggers(state, answer)[0], revision=answer.revision
        )

    async def GetTrigger(self, request: pb.GetTriggerRequest, context: Any) -> Any:
        """Answer one trigger."""
        reading = await self.reading(request)
        held = reading.state.triggers.get(required(request.trigger_id, "trigger_id"))
        return pb.GetTriggerResponse(
            trigger=encode.trigger(held, reading.state, reading.as_of),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def ListTriggers(self, request: pb.ListTriggersRequest, context: Any) -> Any:
        """List triggers."""
        reading = await self.reading(request)
        name = choice(request.state, automation_pb2.TriggerState, "state")
        found = last_updated_first(
            held
            for held in reading.state.triggers
            if request.segment_id in {"", held.segment_id}
            and name in {"UNSPECIFIED", held.state.name}
        )
        page, token = self.page(request, found, 50, 200)
        return pb.ListTriggersResponse(
            triggers=[encode.trigger(held, reading.state, reading.as_of) for held in page],
            next_page_token=token,
            total_size=len(found),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def UpdateTrigger(self, request: pb.UpdateTriggerRequest, context: Any) -> Any:
        """Change a trigger's name or policy."""
        state, answer = await self.write(request)
        return pb.UpdateTriggerResponse(
            trigger=self._triggers(state, answer)[0], revision=answer.revision
        )

    async def ActivateTrigger(self, request: pb.ActivateTriggerRequest, context: Any) -> Any:
        """Start a trigger."""
        state, answer = await self.write(request)
        started, *paused = self._triggers(state, answer)
        return pb.ActivateTriggerResponse(trigger=started, paused=paused, revision=answer.revision)

    async def PauseTrigger(self, request: pb.PauseTriggerRequest, context: Any) -> Any:
        """Stop a trigger for a while."""
        state, answer = await self.write(request)
        return pb.PauseTriggerResponse(
            trigger=self._triggers(state, answer)[0], revision=answer.revision
        )

    async def DeleteTrigger(self, request: pb.DeleteTriggerRequest, context: Any) -> Any:
        """Remove a trigger."""
        _, answer = await self.write(request)
        return pb.DeleteTriggerResponse(revision=answer.revision)

    def _triggers(self, state: StoreState, answer: Answer) -> list[automation_pb2.Trigger]:
        as_of = self.at(state).as_of
        found = answer.facts["triggers"]
        return [encode.trigger(Trigger.load(facts), state, as_of) for facts in found]

    async def StreamEntries(
        self, request: pb.StreamEntriesRequest, context: Any
    ) -> AsyncIterator[Any]:
        """Stream entries from where they are not acknowledged yet, without an end."""
        state = self.store(request.store_id)
        entries = state.triggers.flow(required(request.trigger_id, "trigger_id")).entries
        sequence = entries.acknowledged
        if request.HasField("after_sequence"):
            if request.after_sequence < 0:
                raise InvalidArgument.of("after_sequence", "must not be negative")
            entries.check_given(request.after_sequence)
            sequence = max(sequence, request.after_sequence)
        while True:
            self.engine.check_served(state)
            pulse = self.engine.pulse(state)
            entries = state.triggers.flow(request.trigger_id).entries
            while (run := entries.after(sequence, ENTRIES_PER_MESSAGE)) is not None:
                sequence = run.last
                yield encode.run(run, state)
                entries = state.triggers.flow(request.trigger_id).entries
            await asyncio.shield(pulse)
            if self.engine.stopping:
                raise NotServing("STOPPING", "the server is stopping; stream again")

    async def AckEntries(self, request: pb.AckEntriesRequest, context: Any) -> Any:
        """Acknowledge entries."""
        state = self.store(request.store_id)
        write = decode_write(request, state.schema)
        entries = state.triggers.flow(request.trigger_id).entries
        if request.sequence > entries.acknowledged:
            payload = encode_write(request)
            # No request id: an acknowledgement that is repeated changes nothing.
            await self.engine.write(request.store_id, method_of(request), "", payload, write)
        entries = state.triggers.flow(request.trigger_id).entries
        return pb.AckEntriesResponse(position=encode.position(entries, self.at(state).as_of))

    async def SetQuota(self, request: pb.SetQuotaRequest, context: Any) -> Any:
        """Say what may be sent, and what was."""
        state, answer = await self.write(request)
        facts = answer.facts["quota"]
        as_of = self.at(state).as_of
        quota = None if facts is None else encode.quota(quota_from(facts), state.calendar, as_of)
        return pb.SetQuotaResponse(quota=quota, revision=answer.revision)

    async def ListQuotas(self, request: pb.ListQuotasRequest, context: Any) -> Any:
        """List what may be sent."""
        reading = await self.reading(request)
        calendar = reading.state.calendar
        return pb.ListQuotasResponse(
            quotas=[encode.quota(held, calendar, reading.as_of) for held in reading.state.quotas],
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )
