"""What is made of a file before it leaves, by the process that may die: films, sounds, pictures."""

import contextlib
import io
import itertools
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from PIL import Image

from daemon.domain.file_signatures import HEAD, mime_of
from daemon.domain.message_kinds import MessageKind
from daemon.media_process.preparation_job import PreparationJob, PreparationResult, PreparedFile
from daemon.media_process.sound import wave_form
from tests.support import films
from tests.support.shop import ROOT, peak_of
from tests.support.waiting import wait_until

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")


@dataclass
class Made:
    """What came of it: the exit code, what was made, and the file."""

    code: int
    prepared: PreparedFile | None
    path: Path
    said: str = field(repr=False)

    @property
    def content(self) -> bytes:
        return self.path.read_bytes()

    @property
    def about(self) -> dict[str, object]:
        assert self.prepared is not None, self.said
        return self.prepared.about


def begin(path: Path, kind: MessageKind, out: Path, mime: str | None = None) -> "subprocess.Popen[bytes]":
    found = mime or mime_of(path.read_bytes()[:HEAD], "")
    job = PreparationJob(str(path), kind, found, str(out), parent=os.getpid())
    command = [sys.executable, "-m", "daemon.media_process", "prepare"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(job.to_json())
    process.stdin.close()
    process.stdin = None
    return process


def make(path: Path, kind: MessageKind, mime: str | None = None) -> Made:
    out = path.parent / "made"
    process = begin(path, kind, out, mime)
    said, errors = process.communicate(timeout=120)
    prepared = PreparedFile.from_json(said) if process.returncode == PreparationResult.DONE else None
    return Made(process.returncode, prepared, out, errors.decode())


def color(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as picture:
        red, _green, blue = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
    return "red" if red > 150 > blue else "blue" if blue > 150 > red else "?"


def test_a_film_that_suits_is_only_packed_anew_without_its_place(tmp_path: Path) -> None:
    path = films.film(tmp_path / "a.mp4", *H264)
    made = make(path, MessageKind.VIDEO)
    assert made.about == {"width": 320, "height": 240, "seconds": 2}
    said = films.about(made.content)
    assert "Video: h264" in said
    assert "Audio: aac" in said
    private = (b"loci", b"earth", b"Kamera Toko")
    assert all(word in path.read_bytes() for word in private)
    assert not any(word in made.content for word in private)
    assert films.pictures(made.path) == 20
    assert made.prepared is not None
    with Image.open(io.BytesIO(made.prepared.thumbnail)) as small:
        assert (small.format, small.size) == ("JPEG", (100, 75))
    assert color(made.prepared.thumbnail) == "red"
    # it can be played before all of it is there
    assert made.content.index(b"moov") < made.content.index(b"mdat")


@pytest.mark.parametrize(
    ("name", "options", "size", "shown"),
    [
        ("a.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"), "320x240", (320, 240)),
        ("a.mkv", ("-c:v", "mjpeg", "-c:a", "pcm_s16le"), "1920x1080", (1280, 720)),
        ("a.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv444p", "-c:a", "libmp3lame"), "321x241", (320, 240)),
        ("a.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame"), "240x1600", (192, 1280)),
        # points that are twice as broad as high
        ("a.mov", ("-c:v", "mpeg4", "-c:a", "aac", "-vf", "setsar=2"), "320x240", (640, 240)),
    ],
)
def test_any_other_film_becomes_what_telephones_play(
    tmp_path: Path, name: str, options: tuple[str, ...], size: str, shown: tuple[int, int]
) -> None:
    if "-vf" in options:
        options = (*options[:4], "-aspect", "8:3")
    made = make(films.film(tmp_path / name, *options, size=size), MessageKind.VIDEO)
    assert (made.about["width"], made.about["height"], made.about["seconds"]) == (*shown, 2)
    said = films.about(made.content)
    assert "Video: h264" in said
    assert "yuv420p" in said
    assert "Audio: aac" in said
    assert films.pictures(made.path) > 10
    assert made.prepared is not None
    assert color(made.prepared.thumbnail) == "red"


def test_a_film_that_lies_on_its_side_has_the_size_that_is_seen(tmp_path: Path) -> None:
    flat = films.film(tmp_path / "flat.mp4", *H264)
    turned = tmp_path / "turned.mp4"
    films.ffmpeg("-display_rotation", "90", "-i", str(flat), "-c", "copy", str(turned))
    made = make(turned, MessageKind.VIDEO)
    assert (made.about["width"], made.about["height"]) == (240, 320)


def test_a_gif_that_moves_is_a_film_that_plays_by_itself_and_another_one_a_picture(tmp_path: Path) -> None:
    made = make(films.film(tmp_path / "a.gif", size="101x75", sound=False), MessageKind.IMAGE)
    assert made.prepared is not None
    assert made.prepared.kind == MessageKind.VIDEO
    assert made.about == {"width": 100, "height": 74, "seconds": 2, "gif": 1}
    assert "Audio" not in films.about(made.content)
    Image.new("RGB", (60, 40), "red").save(tmp_path / "still.gif")
    still = make(tmp_path / "still.gif", MessageKind.IMAGE)
    assert still.prepared is not None
    assert (still.prepared.kind, still.prepared.mime) == (MessageKind.IMAGE, "image/jpeg")
    assert color(still.content) == "red"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        # as Chromium, Firefox and Safari record
        ("a.webm", ("-c:a", "libopus", "-ac", "1")),
        ("a.ogg", ("-c:a", "libopus", "-ac", "2")),
        ("a.mp4", ("-c:a", "aac")),
    ],
)
def test_a_voice_message_is_one_channel_of_opus_and_its_wave_rises_as_the_tone_does(
    tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    made = make(films.sound(tmp_path / name, *options), MessageKind.VOICE)
    assert made.prepared is not None
    assert (made.prepared.kind, made.prepared.mime) == (MessageKind.VOICE, "audio/ogg; codecs=opus")
    wave = bytes.fromhex(str(made.about["waveform"]))
    assert (len(wave), max(wave), made.about["seconds"]) == (64, 100, 3)
    assert wave[0] < 5
    assert all(later >= earlier - 3 for earlier, later in itertools.pairwise(wave))
    assert made.content.startswith(b"OggS")
    said = films.about(made.content)
    assert "Audio: opus" in said
    assert ", mono," in said
    assert "Kamera Toko" not in said
    assert abs(len(films.samples(made.content)) / 16_000 - 3) < 0.1


def test_silence_has_a_flat_wave_and_a_short_sound_a_whole_one() -> None:
    assert wave_form([0.0] * 500) == bytes(64)
    assert wave_form([]) == bytes(64)
    assert wave_form([10.0, 1000.0]) == bytes([1] * 32 + [100] * 32)


@pytest.mark.parametrize(
    ("name", "options", "mime"),
    [
        ("a.mp3", ("-c:a", "libmp3lame"), "audio/mpeg"),
        ("a.m4a", ("-c:a", "aac"), "audio/mp4"),
        ("a.aac", ("-c:a", "aac"), "audio/mp4"),
        ("a.ogg", ("-c:a", "libopus"), "audio/ogg; codecs=opus"),
        ("a.oga", ("-c:a", "libvorbis"), "audio/mp4"),
        ("a.wav", (), "audio/mp4"),
        ("a.flac", (), "audio/mp4"),
        ("a.amr", ("-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"), "audio/mp4"),
    ],
)
def test_music_goes_as_it_is_if_telephones_play_it(
    tmp_path: Path, name: str, options: tuple[str, ...], mime: str
) -> None:
    made = make(films.sound(tmp_path / name, *options), MessageKind.AUDIO)
    assert made.prepared is not None
    assert (made.prepared.kind, made.prepared.mime) == (MessageKind.AUDIO, mime)
    assert made.about["seconds"] == 3
    assert abs(len(films.samples(made.content)) / 16_000 - 3) < 0.15
    assert b"Kamera Toko" not in made.content


def test_a_songs_cover_is_no_film_and_a_film_without_pictures_is_a_sound(tmp_path: Path) -> None:
    song, cover = films.sound(tmp_path / "a.mp3"), tmp_path / "cover.jpg"
    Image.new("RGB", (50, 50)).save(cover)
    both = tmp_path / "b.m4a"
    pack = (
        "-map",
        "0",
        "-map",
        "1",
        "-c:a",
        "aac",
        "-c:v",
        "mjpeg",
        "-disposition:v",
        "attached_pic",
        "-f",
        "mp4",
    )
    films.ffmpeg("-i", str(song), "-i", str(cover), *pack, str(both))
    made = make(both, MessageKind.VIDEO)
    assert made.prepared is not None
    assert made.prepared.kind == MessageKind.AUDIO
    assert "Video" not in films.about(made.content)


def playlist(secret: Path) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode()


@pytest.mark.parametrize("mime", ["video/mp4", "audio/mpeg", "text/plain"])
def test_a_file_that_names_others_reads_none_of_them(tmp_path: Path, mime: str) -> None:
    secret = films.film(tmp_path / "secret.mp4", *H264)
    for number, content in enumerate((playlist(secret), f"ffconcat version 1.0\nfile {secret}\n".encode())):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(content)
        assert make(path, MessageKind.VIDEO, mime).code == PreparationResult.NOT_CONVERTIBLE


def test_what_is_broken_or_too_much_is_left_alone(tmp_path: Path) -> None:
    whole = films.film(tmp_path / "a.mp4", *H264).read_bytes()
    broken = tmp_path / "broken.mp4"
    for content in (whole[:2000], whole[:40], whole[:100] + bytes(5000)):
        broken.write_bytes(content)
        made = make(broken, MessageKind.VIDEO)
        assert (made.code, made.said) == (PreparationResult.NOT_CONVERTIBLE, "")
    # a film of pictures that would take more memory than there is: each is said to be 16,000 by 16,000 points
    huge = films.film(tmp_path / "huge.webm", "-c:v", "libvpx", "-deadline", "realtime", sound=False)
    data = huge.read_bytes()
    size = (320).to_bytes(2, "little") + (240).to_bytes(2, "little")
    assert size in data
    huge.write_bytes(data.replace(size, (16_000).to_bytes(2, "little") * 2))
    assert make(huge, MessageKind.VIDEO).code == PreparationResult.NOT_CONVERTIBLE
    frames = [Image.new("RGB", (20, 20), name) for name in ("red", "blue")]
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:])
    assert make(tmp_path / "moving.webp", MessageKind.IMAGE).code == PreparationResult.NOT_CONVERTIBLE


def test_a_picture_of_a_hundred_million_points_takes_little_more_than_itself(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    large = Image.new("P", (12_500, 8000), 1)
    large.putpalette([255, 0, 0, 0, 0, 255])
    large.paste(0, (0, 0, 6250, 8000))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    large.save(path, exif=exif, compress_level=1)
    large.close()
    process = begin(path, MessageKind.IMAGE, tmp_path / "made")
    peak = 0
    while process.poll() is None:
        peak = max(peak, peak_of(process.pid))
    process.communicate(timeout=30)
    assert process.returncode == PreparationResult.DONE
    with Image.open(tmp_path / "made") as picture:
        assert picture.size == (1024, 1600)
        top, bottom = picture.getpixel((500, 780)), picture.getpixel((500, 820))
    assert (top[0] > 200 > 60 > top[2], bottom[2] > 200 > 60 > bottom[0]) == (True, True)
    assert peak < 300_000_000


def test_ffmpeg_ends_with_the_process_that_is_killed(tmp_path: Path) -> None:
    long = tmp_path / "long.mkv"
    films.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=4", "-c:v", "mjpeg", "-q:v", "31", str(long))
    process = begin(long, MessageKind.VIDEO, tmp_path / "made")

    def converting() -> psutil.Process | None:
        for one in psutil.Process(process.pid).children():
            with contextlib.suppress(psutil.Error):
                # its command line names the file that it writes, and of the one that it reads nothing
                if "libx264" in (told := one.cmdline()) and str(long) not in told:
                    return one
        return None

    child = wait_until(converting, 40, "the conversion")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 20, "its end")
