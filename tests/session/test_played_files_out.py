"""Films, voice messages and music that the shop sends, on the wire: the customer's phone opens and plays them."""

import io
from pathlib import Path

import pytest
from PIL import Image

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Delivery
from tests.session.test_files_out import asking, files_of, gets_file, keep, parts
from tests.support import films
from tests.support.inbox import becomes, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

__all__ = ["asking"]
pytestmark = pytest.mark.wire


def test_a_film_plays_and_says_how_large_and_long_it_is(shop: Shop, asking: Customer, tmp_path: Path) -> None:
    film = films.film(tmp_path / "a.webm", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")
    # whatever its name and the browser say
    file = keep(shop, film.read_bytes(), "foto.jpg", "image/jpeg")
    message_id = shop.answer(asking.name, "lihat ini kak", file)
    got = gets_file(asking)
    about = got.message.videoMessage
    said = (about.caption, about.mimetype, about.width, about.height, about.seconds, about.gifPlayback)
    assert said == ("lihat ini kak", "video/mp4", 320, 240, 2, False)
    content = asking.file_of(got)
    assert about.fileLength == len(content)
    path = tmp_path / "got.mp4"
    path.write_bytes(content)
    assert films.pictures(path) == 20
    assert "Video: h264" in films.about(content)
    with Image.open(io.BytesIO(about.JPEGThumbnail)) as small:
        red, _green, blue = small.convert("RGB").getpixel((50, 37))
        assert (small.size, red > 150 > 60 > blue) == ((100, 75), True)
    shown = becomes(shop, shop.bubble(message_id), lambda b: b.delivery in (Delivery.SENT, Delivery.DELIVERED))
    media = shown.media or {}
    assert (shown.kind, media["seconds"], media["file"]) == (MessageKind.VIDEO, 2, file.file)
    assert row(shop, asking.name).waiting_since is None


def test_a_gif_plays_by_itself(shop: Shop, asking: Customer, tmp_path: Path) -> None:
    film = films.film(tmp_path / "a.gif", size="100x80", sound=False)
    shop.answer(asking.name, "", keep(shop, film.read_bytes(), "lucu.gif"))
    about = gets_file(asking).message.videoMessage
    assert (about.gifPlayback, about.mimetype, about.width, about.height) == (True, "video/mp4", 100, 80)


def test_a_voice_message_has_the_wave_of_what_was_said_and_quotes(
    shop: Shop, asking: Customer, tmp_path: Path
) -> None:
    recorded = films.sound(tmp_path / "a.webm", "-c:a", "libopus", "-ac", "1").read_bytes()
    (question,) = shop.bubbles(asking.name)
    file = keep(shop, recorded, "voice", "video/webm", is_voice=True)
    message_id = shop.answer(asking.name, "", file, quoted=question.id)
    got = gets_file(asking)
    about = got.message.audioMessage
    assert (about.PTT, about.mimetype, about.seconds) == (True, "audio/ogg; codecs=opus", 3)
    wave = list(about.waveform)
    assert (len(wave), max(wave)) == (64, 100)
    assert wave == sorted(wave)
    assert (wave[0] < 5, wave[-1] > 95) == (True, True)
    assert about.contextInfo.quotedMessage.conversation == "ada fotonya?"
    content = asking.file_of(got)
    assert ("Audio: opus" in films.about(content), ", mono," in films.about(content)) == (True, True)
    assert content.startswith(b"OggS")
    assert abs(len(films.samples(content)) / 16_000 - 3) < 0.1
    shown = becomes(shop, shop.bubble(message_id), lambda b: b.delivery in (Delivery.SENT, Delivery.DELIVERED))
    media = shown.media or {}
    assert (shown.kind, media["seconds"], media["waveform"]) == (MessageKind.VOICE, 3, about.waveform.hex())
    assert row(shop, asking.name).waiting_since is None


def test_words_go_before_a_sound_which_has_no_place_for_them(shop: Shop, asking: Customer, tmp_path: Path) -> None:
    song = films.sound(tmp_path / "a.mp3").read_bytes()
    first = shop.answer(asking.name, "lagu toko kami", keep(shop, song, "lagu.mp3", "application/x-evil"))
    about = gets_file(asking).message.audioMessage
    assert (about.PTT, about.mimetype, about.seconds, about.waveform) == (False, "audio/mpeg", 3, b"")
    asking.wait_for_text("lagu toko kami", 20)
    assert shop.bubble(first).kind == MessageKind.TEXT
    # a film without pictures is a sound, too: with words it stays a document, which carries them
    quiet = films.sound(tmp_path / "a.webm", "-c:a", "libopus").read_bytes()
    second = shop.answer(asking.name, "dengarkan", keep(shop, quiet, "suara.webm"))
    wait_until(lambda: len(files_of(asking)) == 2, 40, "the other one")
    document = parts(files_of(asking)[1])
    assert (document.fileName, document.caption, document.mimetype) == ("suara.webm", "dengarkan", "video/webm")
    assert shop.bubble(second).kind == MessageKind.DOCUMENT


def test_what_only_calls_itself_a_film_goes_as_a_document(shop: Shop, asking: Customer, tmp_path: Path) -> None:
    broken = films.film(tmp_path / "a.mp4").read_bytes()[:3000]
    message_id = shop.answer(asking.name, "ini", keep(shop, broken, "rusak.mp4", "video/mp4"))
    got = gets_file(asking)
    assert (parts(got).fileName, parts(got).caption) == ("rusak.mp4", "ini")
    assert asking.file_of(got) == broken
    shown = shop.bubble(message_id)
    # it can be taken, not played
    assert (shown.kind, (shown.media or {})["odd"]) == (MessageKind.DOCUMENT, 1)
