"""Shops on a simulated WhatsApp: one that the tests of a module share, and ones of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.domain.links import LinkState
from tests.shop import Shop, open_shop, unlinked_shop


@pytest.fixture(scope="module")
def shared_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shared")) as shop:
        yield shop


@pytest.fixture
def shop(shared_shop: Shop) -> Shop:
    """The module's shop, online."""
    shared_shop.wa.faults.accept_logins()
    shared_shop.wait_for(LinkState.ONLINE, 60)
    return shared_shop


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Shop]:
    """A linked shop that the test may break for good."""
    with open_shop(tmp_path) as shop:
        yield shop


@pytest.fixture
def new_shop(tmp_path: Path) -> Iterator[Shop]:
    """A running shop whose number is not linked yet."""
    with unlinked_shop(tmp_path) as shop:
        yield shop
