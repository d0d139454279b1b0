"""What no text may recommend for a number that WhatsApp asks for a passkey."""

import re

_WAY_ROUND = re.compile(
    r"code by phone|phone number|eight|letters|switch|turn|delet|remov"
    r"|kode lewat|nomor telepon|delapan|huruf|matikan|hapus|copot"
)


def ways_round_a_passkey(text: str) -> list[str]:
    """What a text about a passkey recommends of that which can't work: WhatsApp asks there, too."""
    if "passkey" not in text:
        return []
    parts = re.split(r"(?<=[.;:])\s", text)
    return [part for part in parts if _WAY_ROUND.search(part) and not re.search("Neither|tidak membantu", part)]
