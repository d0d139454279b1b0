"""The five customers of the demo: who they are and what they say. Texts are what people write to small shops."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Say:
    """One text; `quoting` makes it a reply to the shop's last message."""

    text: str
    quoting: bool = False


@dataclass(frozen=True, slots=True)
class React:
    """A reaction to the shop's last message."""

    emoji: str


@dataclass(frozen=True, slots=True)
class ShowSlip:
    """The picture of a transfer."""

    amount: str
    caption: str


@dataclass(frozen=True, slots=True)
class Speak:
    """A voice note; seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Correct:
    """A text with a slip of the finger, edited a moment later."""

    text: str
    corrected: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where to deliver; degrees."""

    latitude: float
    longitude: float
    name: str


Step = Say | React | ShowSlip | Speak | Correct | Place


@dataclass(frozen=True, slots=True)
class Persona:
    """A customer's character.

    `turns` are said one after the other, the first at once and each further one after an answer; `nags` come
    one by one while the shop is silent for `patience` seconds. `arrives` is when the first turn starts, in
    seconds.
    """

    name: str
    phone: str
    arrives: float
    patience: float
    turns: tuple[tuple[Step, ...], ...]
    nags: tuple[str, ...] = field(default=())


PERSONAS = (
    Persona(
        name="Sari Wulandari",
        phone="6281311223301",
        arrives=2,
        patience=150,
        turns=(
            (
                Say("Assalamualaikum kak, selamat siang 🙏"),
                Say("mau tanya, brownies kukus yang ukuran 20x20 masih ada? harganya berapa ya?"),
            ),
            (Say("oh baik kak. kalau pesan 3 loyang buat arisan hari Sabtu bisa?", quoting=True),),
            (
                React("👍"),
                Say("siap kak, saya ambil 3 ya. satu yang pakai keju"),
                Say("ongkir ke Depok kira-kira berapa?"),
            ),
            (Say("oke nanti saya kabari lagi setelah tanya suami dulu, makasih banyak kak 🙏"),),
            (React("❤️"),),
        ),
        nags=("kak?", "mohon info ya kak kalau sudah senggang 🙏"),
    ),
    Persona(
        name="Rizky Pratama",
        phone="6281311223302",
        arrives=14,
        patience=110,
        turns=(
            (Say("min, hoodie maroon yg di story ready size XL ga?"),),
            (Correct("klo 2 pcs dpt harga brp min, buat cople", "klo 2 pcs dpt harga brp min, buat couple"),),
            (Say("gas min 🔥 gue ambil 2, XL sama M", quoting=True), Say("transfer ke mana?")),
            (React("🔥"), Say("ok bentar gue tf dulu")),
            (ShowSlip("Rp 310.000", "udah ya min"), Say("tolong kirim hari ini bisa?")),
            (Say("mantap, thx min"),),
        ),
        nags=("min", "ready ga min?"),
    ),
    Persona(
        name="Dewi Lestari",
        phone="6281311223303",
        arrives=30,
        patience=180,
        turns=(
            (
                Say("Kak, ini bukti transfer untuk pesanan kue lapis legit kemarin ya"),
                ShowSlip("Rp 425.000", "a.n. Dewi Lestari, lapis legit 2 + nastar 1"),
            ),
            (Say("Alhamdulillah, ditunggu ya kak. Nastarnya jangan lupa yang kurang manis 😊"),),
            (Place(-6.2607, 106.7816, "Rumah Dewi, Jl. Radio Dalam"), Say("ini titik rumahnya kak, pagar hijau")),
            (React("🙏"),),
        ),
        nags=("sudah masuk belum kak transferannya?",),
    ),
    Persona(
        name="Pak Hendra",
        phone="6281311223304",
        arrives=48,
        patience=160,
        turns=(
            (Speak(7), Say("maaf saya sambil nyetir, suara saja ya bu")),
            (Say("Maksud saya kemeja batik lengan panjang untuk seragam kantor, kira2 20 potong."),),
            (Speak(4), Say("Minta katalog dan harga grosirnya ya bu", quoting=True)),
            (Say("Baik, saya rapatkan dulu dengan kantor. Terima kasih."), React("👍")),
        ),
        nags=("Halo bu, apakah bisa dibantu?",),
    ),
    Persona(
        name="Michelle",
        phone="6281311223305",
        arrives=65,
        patience=25,
        turns=(
            (Say("P"), Say("halooo")),
            (
                Say("is the red dress still available?? size S"),
                Say("kalo ada aku mau bgt, besok dipake soalnya 😭"),
            ),
            (Say("can you send it with gosend today? I'm in Kemang", quoting=True),),
            (Say("ok thank you so much kak, you saved my life 🥹"), React("❤️")),
        ),
        nags=("kak", "kakkkk", "lama banget sih 😭", "is anyone there??", "yaudah aku cari toko lain aja deh"),
    ),
)
