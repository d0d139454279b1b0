"""Messages that disappear: what they say of their chat is read, whatever it is, and ours carry the same."""

from daemon.whatsapp import disappearing
from tests.whatsapp_server.wire.protos import e2e

WEEK = 7 * 24 * 3600


def test_the_time_is_read_wherever_it_stands_and_absurd_ones_are_none() -> None:
    text = e2e.Message()
    text.extendedTextMessage.contextInfo.expiration = WEEK
    picture = e2e.Message()
    picture.ephemeralMessage.message.imageMessage.contextInfo.expiration = WEEK
    assert disappearing.seconds_in(text) == disappearing.seconds_in(picture) == WEEK
    assert disappearing.seconds_in(e2e.Message(conversation="halo")) == 0
    text.extendedTextMessage.contextInfo.expiration = 2**32 - 1
    assert disappearing.seconds_in(text) == 0


def test_ours_carry_it_and_keep_what_they_are() -> None:
    quoting = e2e.Message()
    quoting.extendedTextMessage.text = "siap"
    quoting.extendedTextMessage.contextInfo.stanzaID = "A1"
    for message in (e2e.Message(conversation="siap"), quoting):
        sent = disappearing.expiring(message, WEEK)
        assert not sent.HasField("conversation")
        assert sent.extendedTextMessage.text == "siap"
        assert disappearing.seconds_in(sent) == WEEK
    assert sent.extendedTextMessage.contextInfo.stanzaID == "A1"
    document = e2e.Message()
    document.documentWithCaptionMessage.message.documentMessage.caption = "harga"
    assert disappearing.seconds_in(disappearing.expiring(document, WEEK)) == WEEK
    assert disappearing.expiring(e2e.Message(conversation="tetap"), 0) == e2e.Message(conversation="tetap")
