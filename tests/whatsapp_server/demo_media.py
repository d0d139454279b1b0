"""Files for the demo, made on the spot: a bank's transfer slip as a picture, and a voice note."""

from __future__ import annotations

import io
import struct

from PIL import Image, ImageDraw, ImageFont

OPUS_SILENCE = b"\xf8\xff\xfe"
"""One Opus frame of 20 ms silence (RFC 6716: CELT, fullband, mono)."""

FRAMES_PER_SECOND = 50
SAMPLES_PER_FRAME = 960
PAGE_FRAMES = 50


def transfer_slip(name: str, amount: str, date: str) -> bytes:
    """Draw what a banking app shows after a transfer: a PNG of about 10 kB."""
    picture = Image.new("RGB", (480, 640), "#f4f7fb")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 480, 150), fill="#0b6e4f")
    draw.ellipse((205, 35, 275, 105), fill="#ffffff")
    draw.line((222, 70, 237, 86, 260, 56), fill="#0b6e4f", width=8)
    draw.text((240, 128), "Transfer Berhasil", fill="#ffffff", font=ImageFont.load_default(20), anchor="mm")
    rows = [("Tanggal", date), ("Dari", name), ("Ke", "Toko Kita"), ("Berita", "pesanan kue"), ("Nominal", amount)]
    for row, (label, value) in enumerate(rows):
        y = 210 + row * 78
        draw.text((36, y), label, fill="#6b7785", font=ImageFont.load_default(17))
        draw.text((444, y), value, fill="#12202e", font=ImageFont.load_default(21), anchor="ra")
        draw.line((36, y + 46, 444, y + 46), fill="#dbe3ec", width=1)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def voice_note(seconds: int) -> bytes:
    """Make a playable Ogg Opus file of that length, in which nobody speaks (RFC 7845)."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 4) + b"demo" + struct.pack("<I", 0)
    pages = [_page(0, 2, 0, [head]), _page(1, 0, 0, [tags])]
    frames = seconds * FRAMES_PER_SECOND
    for number, start in enumerate(range(0, frames, PAGE_FRAMES), start=2):
        count = min(PAGE_FRAMES, frames - start)
        last = start + count >= frames
        position = (start + count) * SAMPLES_PER_FRAME
        pages.append(_page(number, 4 if last else 0, position, [OPUS_SILENCE] * count))
    return b"".join(pages)


def _page(number: int, flags: int, position: int, packets: list[bytes]) -> bytes:
    """Build one Ogg page of packets shorter than 255 bytes (RFC 3533)."""
    sizes = bytes(len(packet) for packet in packets)
    header = struct.pack("<4sBBqIII", b"OggS", 0, flags, position, 1, number, 0) + bytes([len(packets)]) + sizes
    page = header + b"".join(packets)
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _checksum(data: bytes) -> int:
    """Ogg's CRC-32: polynomial 0x04C11DB7, unreflected, no inversion."""
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value
