"""A simulated WhatsApp and a real neonize linked to it, kept for a whole module or made for one test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.tests.neonize_process import NeonizeProcess
from tests.whatsapp_server.world import WhatsAppServer

_names = itertools.count(1)


@pytest.fixture(scope="module")
def wa() -> Iterator[WhatsAppServer]:
    """A WhatsApp with one shop."""
    with WhatsAppServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(wa: WhatsAppServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NeonizeProcess]:
    """The real client, linked to the shop's number."""
    with NeonizeProcess(wa, tmp_path_factory.mktemp("client")) as process:
        process.link_by_qr()
        yield process


@pytest.fixture
def budi(wa: WhatsAppServer) -> Customer:
    """A customer nobody has heard of before."""
    return wa.add_customer(f"Budi {next(_names)}")


@pytest.fixture
def fresh_wa() -> Iterator[WhatsAppServer]:
    """A WhatsApp for one test."""
    with WhatsAppServer() as server:
        yield server


@pytest.fixture
def fresh_client(fresh_wa: WhatsAppServer, tmp_path: Path) -> Iterator[NeonizeProcess]:
    """The real client, not linked yet, for one test."""
    with NeonizeProcess(fresh_wa, tmp_path) as process:
        yield process
