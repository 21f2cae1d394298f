"""What the comments of the contract promise: errors of every rpc, fields that are required."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import grpc

_FOLDER = Path(__file__).parents[2] / "proto" / "segsvc" / "v1"
_CODES = {code.name for code in grpc.StatusCode}


@cache
def errors() -> dict[str, frozenset[str]]:
    """Return the status codes that the comment of each rpc names, by the full name of the rpc."""
    told: dict[str, str] = {}
    for service, comment, rpc in _rpcs():
        told[f"segsvc.v1.{service}.{rpc}"] = " ".join(comment.partition("Errors:")[2].split())
    return {rpc: _codes(rpc, told) for rpc in told}


def _codes(rpc: str, told: dict[str, str]) -> frozenset[str]:
    """Return the codes of one rpc, those it shares with another ("those of Count") included."""
    own = frozenset(word for word in re.findall(r"[A-Z_]{5,}", told[rpc]) if word in _CODES)
    service = rpc.rpartition(".")[0]
    for other in re.findall(r"those of (\w+)", told[rpc], re.IGNORECASE):
        own |= _codes(f"{service}.{other}", told)
    return own


def _rpcs() -> list[tuple[str, str, str]]:
    """Return (service, comment, rpc) of every rpc."""
    found = []
    for path in sorted(_FOLDER.glob("*_service.proto")):
        service, comment = "", ""
        for line in path.read_text().splitlines():
            words = line.strip()
            if words.startswith("//"):
                comment += words.removeprefix("//") + "\n"
                continue
            if named := re.match(r"service (\w+)", words):
                service = named[1]
            elif named := re.match(r"rpc (\w+)", words):
                found.append((service, comment, named[1]))
            comment = ""
    return found


@cache
def required() -> dict[str, tuple[str, ...]]:
    """Return the fields and oneofs that a request must set, by the full name of the message."""
    found: dict[str, list[str]] = {}
    for path in sorted(_FOLDER.glob("*_service.proto")):
        message, comment = "", ""
        for line in path.read_text().splitlines():
            words = line.strip()
            if words.startswith("//"):
                comment += " " + words.removeprefix("//").strip()
                continue
            if named := re.match(r"message (\w+)", words):
                message = f"segsvc.v1.{named[1]}"
            named = re.match(r"oneof (\w+)|.*?(\w+) = \d+;", words)
            if named and re.search(r"\bRequired\b", comment):
                found.setdefault(message, []).append(named[1] or named[2])
            comment = ""
    return {name: tuple(fields) for name, fields in found.items()}
