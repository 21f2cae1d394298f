"""Who calls."""

from __future__ import annotations

from typing import Any


def principal(context: Any) -> str:
    """Return the names in the certificate that the server checked; "": it checks nobody.

    *context*: of the call. Callers are checked when the server is given `tls_client_ca`.
    """
    names = context.peer_identities() or ()
    return "\n".join(sorted(name.decode(errors="backslashreplace") for name in names))
