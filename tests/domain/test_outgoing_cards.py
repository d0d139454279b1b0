"""Places, contacts and polls that are sent: what is taken, and what is said of the rest."""

import pytest

from daemon.domain import outgoing_cards
from daemon.domain.message_kinds import MessageKind
from daemon.domain.outgoing_cards import CardError


def test_a_place_is_found_by_its_name_or_its_address() -> None:
    card = outgoing_cards.place(-6.2, 106.8, " Toko\nKita ", "")
    assert (card.text, card.media) == ("Toko Kita", {"lat": -6.2, "lng": 106.8, "name": "Toko Kita"})
    assert outgoing_cards.place(0.0, 0.0, "", "Jl. Merdeka 1").text == "Jl. Merdeka 1"
    # on the equator, and nameless
    assert outgoing_cards.place(0.0, 109.3) == outgoing_cards.OutgoingCard(
        MessageKind.LOCATION, None, {"lat": 0.0, "lng": 109.3}
    )


def test_a_contact_without_a_name_is_called_by_the_number() -> None:
    card = outgoing_cards.contact("", "6281234567890")
    assert card.text == "+62 812-3456-7890"
    assert card.media["contacts"][0]["numbers"] == [{"number": "+62 812-3456-7890", "wa": "6281234567890"}]


def test_a_polls_empty_answers_don_t_count() -> None:
    card = outgoing_cards.poll("Kapan?", ["Senin", " ", "Selasa", ""], many=True)
    assert card.text == "Kapan?\n• Senin\n• Selasa"
    assert card.media == {"question": "Kapan?", "options": ["Senin", "Selasa"], "many": True}


@pytest.mark.parametrize(
    ("question", "options", "wrong"),
    [
        ("", ["a", "b"], ("question", "empty")),
        ("x" * 256, ["a", "b"], ("question", "too_long")),
        ("Kapan?", ["a"], ("options", "too_few")),
        ("Kapan?", ["a", "a "], ("options", "twice")),
        ("Kapan?", [str(i) for i in range(13)], ("options", "too_many")),
        ("Kapan?", ["a", "x" * 101], ("options", "too_long")),
    ],
)
def test_a_poll_that_whatsapp_would_not_take_is_refused(
    question: str, options: list[str], wrong: tuple[str, str]
) -> None:
    with pytest.raises(CardError) as refused:
        outgoing_cards.poll(question, options, many=False)
    assert (refused.value.field, refused.value.reason) == wrong


@pytest.mark.parametrize("lat", [float("nan"), 90.1, float("inf")])
def test_there_is_no_such_place(lat: float) -> None:
    with pytest.raises(CardError, match="nowhere"):
        outgoing_cards.place(lat, 0.0)
