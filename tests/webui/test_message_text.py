"""WhatsApp's marks in a message's words: what is drawn, what is left as it is, and that nothing becomes HTML."""

import re
import time
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.inbox.message_text import rich

A = 'target="_blank" rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("biasa", "biasa"),
        ("*tebal* dan _miring_, ~coret~", "<strong>tebal</strong> dan <em>miring</em>, <s>coret</s>"),
        ("*_dua_*", "<strong><em>dua</em></strong>"),
        ("(*tebal*)", "(<strong>tebal</strong>)"),
        ("```a *b* <c>```", '<code class="mono">a *b* &lt;c&gt;</code>'),
        ("ketik `ya`", "ketik <code>ya</code>"),
        ("> kata dia\n> dua\nlalu", "<blockquote>kata dia\ndua</blockquote>lalu"),
        ("beli:\n- *tepung*\n* gula", "beli:<ul><li><strong>tepung</strong></li><li>gula</li></ul>"),
        ("1. satu\n2. dua", '<ol><li value="1">satu</li><li value="2">dua</li></ol>'),
        ("satu\n\ndua", "satu\n\ndua"),
        ("lihat https://a.id/x_y_z.", f'lihat <a href="https://a.id/x_y_z" {A}>https://a.id/x_y_z</a>.'),
        ("(www.toko.id)", f'(<a href="https://www.toko.id" {A}>www.toko.id</a>)'),
        ("https://id.wiki/a_(b)", f'<a href="https://id.wiki/a_(b)" {A}>https://id.wiki/a_(b)</a>'),
        ("*https://a.id*", f'<strong><a href="https://a.id" {A}>https://a.id</a></strong>'),
    ],
)
def test_a_mark_is_drawn(text: str, html: str) -> None:
    assert rich(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4",
        "a*b*c",
        "* ",
        "** tebal **",
        "_ini",
        "nama_file_ini",
        "~",
        "*a\nb*",
        "5 > 3",
        "-5",
        "1.5",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_mark_stays_as_it_is(text: str) -> None:
    assert unescape(str(rich(text))) == text


def test_what_customers_write_never_becomes_html() -> None:
    html = rich('<script>alert(1)</script> *<b>* https://x.id/"onclick=1 `</code><img src=x>` > <i>')
    assert re.findall(r"<(?!/?(?:strong|a|code)\b)", html) == []
    assert "onclick=1" not in re.findall(r"<a [^>]*>", html)[0]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("```a b```", '<code class="mono">a b</code>'),
        ("x ```a\n b``` y", 'x <code class="mono">a\n b</code> y'),
        ("``` a```", "``` a```"),
        ("```a ```", "```a ```"),
        ("```a ``` b```", '<code class="mono">a ``` b</code>'),
        ("```a``` ```b```", '<code class="mono">a</code> <code class="mono">b</code>'),
        ("```a", "```a"),
    ],
)
def test_mono_reaches_over_lines_and_begins_and_ends_with_no_space(text: str, html: str) -> None:
    assert rich(text) == html


@given(st.text(alphabet=list("*_~`>-1. \n<&'\"ahttps:/w\x00)("), max_size=120))
def test_whatever_is_written_only_our_own_elements_come_out(text: str) -> None:
    html = str(rich(text))
    bare = re.sub(r"</?(?:strong|em|s|code|blockquote|ul|ol|li|a)(?: [a-z]+=\"[^\"<>]*\")*>", "", html)
    assert "<" not in bare
    assert ">" not in bare
    # no letter is lost, whatever marks were drawn
    assert [c for c in unescape(bare) if c in "ahtps"] == [c for c in text if c in "ahtps"]


@pytest.mark.parametrize(
    "part",
    ["*", "*a ", "_~*", "```", "```a ", " ```a", "```a``` ", "`", "> ", "- ", "https://", "1. a\n", "*a", "www."],
)
def test_the_longest_text_takes_no_time(part: str) -> None:
    begun = time.perf_counter()
    rich(part * (65_536 // len(part)))
    assert time.perf_counter() - begun < 1.5
