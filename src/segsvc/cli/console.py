"""Where commands print: answers to stdout, everything else to stderr."""

from __future__ import annotations

from rich.console import Console

answers = Console()
errors = Console(stderr=True)
