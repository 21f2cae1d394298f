"""Over TLS, a server that checks its callers' certificates honours a token for its caller only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from segsvc.client import Client, InvalidArgument, Tls, Unavailable
from tests.serving import serving


class Office:
    """An authority, and the PEM files of those it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.authority = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.authority)

    def vouch(self, name: str) -> tuple[Path, Path]:
        """Return the certificate and the key of *name*."""
        made = self._authority.issue_cert(name)
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        for place, part in enumerate(made.cert_chain_pems):
            part.write_to_path(certificate, append=place > 0)
        made.private_key_pem.write_to_path(key)
        return certificate, key

    def tls(self, name: str) -> Tls:
        """Return what a caller of this name connects with."""
        return Tls(self.authority, *self.vouch(name))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def target(office: Office, tmp_path: Path) -> Iterator[str]:
    certificate, key = office.vouch("127.0.0.1")
    settings = {
        "tls_certificate": certificate,
        "tls_key": key,
        "tls_client_ca": office.authority,
    }
    with serving(tmp_path / "store.db", **settings) as served:
        yield served.target


def token_of(target: str, tls: Tls) -> bytes:
    """Watch until somebody enters; return the token behind that."""
    with Client(target, tls=tls) as client:
        client.create_store("shop")
        store = client.store("shop")
        store.create_segment("everybody", store.check('country is "DE"').condition)
        watch = store.watch(members=True)
        changes = iter(watch)
        next(changes)
        store.upsert([{"contact_id": "ann", "country": "DE"}])
        assert next(changes).entered == ["ann"]
        return watch.resume_token


def test_a_token_is_of_no_use_to_another_caller(target: str, office: Office) -> None:
    token = token_of(target, office.tls("reader.shop.test"))
    with (
        Client(target, tls=office.tls("thief.shop.test")) as client,
        pytest.raises(InvalidArgument, match="resume_token"),
    ):
        next(iter(client.store("shop").watch(since=token)))


def test_a_caller_goes_on_with_a_renewed_certificate(target: str, office: Office) -> None:
    token = token_of(target, office.tls("reader.shop.test"))
    with Client(target, tls=office.tls("reader.shop.test")) as client:
        store = client.store("shop")
        changes = iter(store.watch(since=token))
        store.upsert([{"contact_id": "bob", "country": "DE"}])
        assert next(changes).entered == ["bob"]


def test_a_caller_without_a_certificate_is_not_served(target: str, office: Office) -> None:
    with (
        Client(target, tls=Tls(office.authority), timeout=2, patience=0) as client,
        pytest.raises(Unavailable),
    ):
        client.create_store("shop")
