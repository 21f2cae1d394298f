"""One rpc, described once: `blocking` and `awaiting` only differ in how they run it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import uuid4

from google.protobuf.message import Message

R = TypeVar("R", bound=Message)
T = TypeVar("T")


@dataclass(slots=True)
class Scope:
    """What calls of one view of the server share."""

    store_id: str = ""
    revision: int = 0
    """The newest revision a write of this view was answered with; reads are from it or later."""

    @property
    def min_revision(self) -> int | None:
        """The revision that reads ask for."""
        return self.revision or None

    def saw(self, response: Message) -> None:
        """Remember the revision of the answer to a write."""
        self.revision = max(self.revision, getattr(response, "revision", 0))


@dataclass(frozen=True, slots=True)
class Call(Generic[R]):
    """A unary call."""

    path: str
    """``/segsvc.v1.EvaluationService/Count``."""
    request: Any
    response: type[R]
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Pages(Generic[R, T]):
    """A unary call that is repeated with the next page token until the list ends."""

    call: Call[R]
    items: Callable[[R], Iterable[T]]


@dataclass(frozen=True, slots=True)
class Stream(Generic[R, T]):
    """A server stream and what is taken from each message."""

    call: Call[R]
    items: Callable[[R], Iterable[T]]


def read(path: str, request: Message, response: type[R]) -> Call[R]:
    """Describe a call that changes nothing."""
    return Call(f"/segsvc.v1.{path}", request, response)


def write(path: str, request: Any, response: type[R]) -> Call[R]:
    """Describe a call that changes something; it gets a request id, so that it can be repeated."""
    if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
        request.request_id = uuid4().hex
    return Call(f"/segsvc.v1.{path}", request, response, writes=True)


def delays(patience: float, first: float = 0.1, longest: float = 5.0) -> Iterator[float]:
    """Yield seconds to wait before each repetition, growing, with jitter, *patience* in all."""
    delay, waited = first, 0.0
    while waited < patience:
        pause = min(delay * random.uniform(0.5, 1.0), patience - waited)
        yield pause
        waited += pause
        delay = min(delay * 2, longest)
