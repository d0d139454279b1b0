"""Keywords: whole words and phrases, whatever the case, the accents, the script or the punctuation around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain import keywords


def found(keyword: str, text: str) -> bool:
    return keywords.first_match([keyword], keywords.fold(text)) is not None


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("ongkir", "Ongkir ke Bandung berapa?"),
        ("ONGKIR", "berapa (ongkir)…"),
        ("ongkir", "*ongkir*"),
        ("ongkos kirim", "berapa ongkos\n kirim, kak"),
        ("café", "CAFE mana"),
        ("cafe", "cafe\u0301 mana"),
        ("straße", "in der STRASSE"),
        ("preço", "Qual o preco?"),
        ("цена", "Какая ЦЕНА?"),
        ("τιμή", "ΤΙΜΗ;"),
        ("سعر", "كم السِّعْر سعر"),
        ("מחיר", "מה הַמחיר? מחיר"),
        ("की", "साड़ी की कीमत"),
        ("価格", "この商品の価格はいくらですか"),
        ("ราคา", "เสื้อตัวนี้ราคาเท่าไหร่"),
        ("가격", "가격 얼마예요"),
        ("jum'at", "Jum’at buka?"),
        ("e-mail", "alamat e mail"),
        ("👍", "ok👍🏽"),
        ("🇮🇩", "dari 🇮🇩!"),
        ("1", "1️⃣"),
        ("rp 50", "Rp50: bukan, Rp 50"),
        ("ﬁn", "fin"),
        ("đặt hàng", "cho minh DAT HANG"),
        ("fiyatı", "FIYATI ne"),
        ("２", "pilih 2"),
    ],
)
def test_a_keyword_is_found(keyword: str, text: str) -> None:
    assert found(keyword, text)


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("kir", "ongkir berapa"),
        ("ongkir", "ongkirnya berapa"),
        ("ongkos kirim", "kirim ongkos"),
        ("ongkos kirim", "ongkos untuk kirim"),
        ("1", "pesan 10"),
        ("がく", "かく"),
        ("की", "कु"),
        ("👍", "👎"),
        ("halo", ""),
        ("???", "ada???"),
        ("", "apa saja"),
    ],
)
def test_a_keyword_is_not_found(keyword: str, text: str) -> None:
    assert not found(keyword, text)


def test_the_first_keyword_of_the_list_is_named() -> None:
    assert keywords.first_match(["harga", "ongkir"], keywords.fold("ongkir dan harga")) == "harga"


def test_punctuation_alone_is_no_keyword() -> None:
    assert not keywords.is_usable("?! …")
    assert keywords.is_usable("👍")


WORDS = st.lists(
    st.text(st.characters(whitelist_categories=("L", "N")), min_size=1, max_size=8), min_size=1, max_size=6
)
AROUND = st.text(st.sampled_from(" .,!?()\"'*_~-\n"), min_size=1, max_size=3)


@given(st.text(max_size=200))
def test_folding_again_changes_nothing(text: str) -> None:
    words = keywords.fold(text)
    assert keywords.fold(words) == words
    assert words.startswith(" ")
    assert words.endswith(" ")
    assert "  " not in words


@given(WORDS, st.data())
def test_words_of_a_text_are_found_in_any_case_and_punctuation(words: list[str], data: st.DataObject) -> None:
    text = data.draw(AROUND) + "".join(word + data.draw(AROUND) for word in words)
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    phrase = " ".join(words[start:end])
    if keywords.is_usable(phrase):
        assert found(phrase, text)
        assert found(phrase.upper(), text)
        assert found(phrase, text.upper())


@given(
    st.text(st.sampled_from("abc"), min_size=1, max_size=3), st.lists(st.text(st.sampled_from("abc"), min_size=1))
)
def test_a_word_is_found_only_where_it_stands_alone(word: str, words: list[str]) -> None:
    assert found(word, " ".join(words)) == (word in words)


def test_a_huge_text_of_ligatures_is_folded_in_no_time() -> None:
    assert len(keywords.fold("ﷺ" * 70_000)) < 20 * keywords.LOOKED_AT
