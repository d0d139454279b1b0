"""What counts as one emoji, and as a text of nothing else."""

import pytest

from daemon.domain.emoji import are_emoji_alone, is_emoji


@pytest.mark.parametrize("emoji", ["👍", "❤️", "👨‍👩‍👧", "👍🏽", "🇮🇩", "1️⃣", "❤"])
def test_an_emoji_is_one(emoji: str) -> None:
    assert is_emoji(emoji)


@pytest.mark.parametrize("text", ["ok", "1", "👍 baik", "<b>", "👍" * 20, "a👍", "\u200d"])
def test_words_are_no_emoji(text: str) -> None:
    assert not is_emoji(text)


@pytest.mark.parametrize("text", ["👍", "👍👍👍", "👨‍👩‍👧", "🇮🇩🇮🇩", "❤️"])
def test_few_emoji_alone_are_shown_large(text: str) -> None:
    assert are_emoji_alone(text)


@pytest.mark.parametrize("text", ["", "👍👍👍👍", "ok 👍", "👍\n👍", "1️⃣", "+"])
def test_everything_else_is_text(text: str) -> None:
    assert not are_emoji_alone(text)
