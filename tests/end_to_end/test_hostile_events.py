"""A few hundred hostile events and stanzas through everything; `scripts/bench fuzz` does as many as one likes."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.domain.messages import MessageReceived
from daemon.domain.text_cleaning import readable
from daemon.whatsapp.arrivals import parse_head, parse_receipt
from daemon.whatsapp.calls import parse_call
from daemon.whatsapp.translate import translate_message
from tests.bench.fuzz import Fuzzer, fuzzer
from tests.support import hostile_events


@pytest.fixture
def fuzz(tmp_path: Path) -> Iterator[Fuzzer]:
    with fuzzer(tmp_path) as found:
        yield found


def test_hostile_events_are_shown_exported_and_recovered_from_cleanly(fuzz: Fuzzer) -> None:
    for number in range(200):
        fuzz.case(Random(f"few/{number}"))
    fuzz.look()
    fuzz.export()
    assert fuzz.failures == {}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_whatever_is_translated_can_be_kept_and_shown(seed: int) -> None:
    found = translate_message(hostile_events.message(Random(seed)))
    if isinstance(found, MessageReceived):
        for value in (found.text or "", found.push_name, found.wa_id, found.quoted_wa_id or ""):
            assert readable(value) == value


@given(st.binary(max_size=1000), st.binary(max_size=60), st.binary(max_size=60))
def test_no_head_of_a_stanza_is_too_odd_to_be_read(anything: bytes, name: bytes, wa_id: bytes) -> None:
    parse_head(anything)
    parse_receipt(b"<receipt " + anything)
    parse_call(b"<call " + anything)
    if found := parse_call(b'<call from="551@lid" t="5"><offer call-creator="%s" call-id="%s"/>' % (name, wa_id)):
        assert readable(found.call_id) == found.call_id
    found = parse_head(b'<message from="551@lid" id="x%s" notify="%s" t="5" type="text"' % (wa_id, name))
    assert found is not None
    assert readable(found.push_name) == found.push_name
