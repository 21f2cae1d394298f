"""Which requests were answered in the last 24 hours, so that a retry gets the first answer."""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from segsvc.domain.errors import RequestIdReused

REMEMBERED_SECONDS = 86_400

_BYTES_BESIDE = 500
"""What Python takes for one answer besides its facts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered: the revision that applied it, its time, and JSON-able facts."""

    revision: int
    at: int
    facts: dict[str, Any]


def digest_of(payload: bytes) -> str:
    """Return what tells a repeated request from another use of its id."""
    return hashlib.blake2b(payload, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer packed: ten thousand chunks of an import may each name a thousand wrong rows."""

    digest: str
    revision: int
    at: int
    facts: bytes

    @classmethod
    def of(cls, digest: str, answer: Answer) -> _Kept:
        told = json.dumps(answer.facts, separators=(",", ":")).encode()
        return cls(digest, answer.revision, answer.at, zlib.compress(told, 1))

    def answer(self) -> Answer:
        return Answer(self.revision, self.at, json.loads(zlib.decompress(self.facts)))


class AnsweredRequests:
    """Answers by (method, request id), in the order given, each kept for 24 h of `at`."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], _Kept] = {}

    @property
    def nbytes(self) -> int:
        """Bytes held, about."""
        facts = sum(len(kept.facts) for kept in self._answers.values())
        return facts + _BYTES_BESIDE * len(self._answers)

    def find(self, method: str, request_id: str, digest: str, at: int) -> Answer | None:
        """Return the first answer to a request that came before.

        Raises:
            RequestIdReused: the id came with a payload of another *digest*.
        """
        held = self._answers.get((method, request_id)) if request_id else None
        if held is None or held.at <= at - REMEMBERED_SECONDS:
            return None
        if held.digest != digest:
            raise RequestIdReused(request_id)
        return held.answer()

    def remember(self, method: str, request_id: str, digest: str, answer: Answer) -> None:
        """Keep *answer*, and drop those that are past their time."""
        if request_id:
            self._answers.pop((method, request_id), None)
            self._answers[method, request_id] = _Kept.of(digest, answer)
        expired = answer.at - REMEMBERED_SECONDS
        while self._answers:
            oldest = next(iter(self._answers))
            if self._answers[oldest].at > expired:
                break
            del self._answers[oldest]

    def facts(self) -> list[list[Any]]:
        """Return everything as JSON-able rows, oldest first."""
        return [
            [
                method,
                request_id,
                kept.digest,
                kept.revision,
                kept.at,
                b64encode(kept.facts).decode(),
            ]
            for (method, request_id), kept in self._answers.items()
        ]

    @classmethod
    def load(cls, rows: Iterable[list[Any]]) -> AnsweredRequests:
        """Undo `facts`."""
        loaded = cls()
        for method, request_id, digest, revision, at, facts in rows:
            loaded._answers[method, request_id] = _Kept(digest, revision, at, b64decode(facts))
        return loaded
