"""What tests of the daemon look at in a shop's inbox."""

from collections.abc import Callable

from daemon.domain.desk import Box
from daemon.domain.turns import HandledMark
from daemon.store import conversation_list, turns
from daemon.store.conversation_list import Summary
from daemon.store.threads import Bubble
from tests.support.shop import Shop
from tests.support.waiting import wait_until


def row(shop: Shop, name: str) -> Summary:
    """The customer's line in the list."""
    with shop.database.read() as conn:
        rows = conversation_list.listing(conn, shop.account_id, Box.ALL, 0, limit=1000)
    (found,) = [summary for summary in rows if summary.contact_name == name]
    return found


def last_mark(shop: Shop, name: str) -> HandledMark:
    """Who answered the customer last."""
    conversation_id = row(shop, name).id

    def look() -> HandledMark | None:
        # a view of its own for each look: one view never changes
        with shop.database.read() as conn:
            return turns.last_closed(conn, conversation_id)

    found = wait_until(look, what="a handled-mark")
    assert found is not None
    return found


def only(shop: Shop, name: str) -> Bubble:
    """The customer's one message."""
    (bubble,) = wait_until(lambda: shop.bubbles(name), what=f"a message of {name}")
    return bubble


def becomes(shop: Shop, bubble: Bubble, condition: Callable[[Bubble], object]) -> Bubble:
    """Wait until a message satisfies a condition; give it as it is then."""

    def look() -> Bubble | None:
        (now,) = [other for other in shop.bubbles() if other.id == bubble.id]
        return now if condition(now) else None

    return wait_until(look, what="the message's change")
