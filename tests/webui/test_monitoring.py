"""What machines may ask: the truth about the link, gauges without names, and nothing for strangers."""

import dataclasses
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from daemon import heartbeat
from daemon.config import Config
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.heartbeat import Vitals
from daemon.store import outbox, presence
from daemon.store.engine import Database
from daemon.store.tables.core import link, turn
from tests.support.staffed_books import StaffedBooks
from webui.app import create_app

TOKEN = "sebuah-kunci-panjang"
AFAR = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def alive(config: Config) -> None:
    """The supervisor and the first account's session have just given a sign of life."""
    for name in (heartbeat.SUPERVISOR, heartbeat.session(1)):
        teller = Vitals(config.data, name)
        teller.beat()
        teller.close()


@pytest.fixture
def program(app: Flask, shop: StaffedBooks) -> FlaskClient:
    """A program on this machine that knows no password."""
    return app.test_client()


def gauges(page: str) -> dict[str, float]:
    """What the text format says, by name with labels."""
    lines = [line for line in page.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_an_inbox_with_its_database_is_healthy_whatever_the_link_does(
    program: FlaskClient, shop: StaffedBooks
) -> None:
    shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
    for path in ("/healthz", "/health"):
        answer = program.get(path)
        assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.usefixtures("alive")
def test_an_inbox_without_its_tables_is_not(program: FlaskClient, database: Database) -> None:
    with database.write() as conn:
        conn.execute(text("ALTER TABLE account RENAME TO lost"))
    for path in ("/healthz", "/readyz"):
        answer = program.get(path)
        assert (answer.status_code, answer.text) == (503, "the database can't be read\n")


@pytest.mark.usefixtures("alive")
def test_ready_only_while_replies_can_leave(program: FlaskClient, shop: StaffedBooks) -> None:
    assert program.get("/readyz").status_code == 503
    for state in (LinkState.CONNECTING, LinkState.CATCHING_UP):
        shop.link(state)
        assert program.get("/readyz").status_code == 503
    shop.link(LinkState.ONLINE)
    assert (program.get("/readyz").status_code, program.get("/readyz").text) == (200, "ready\n")
    shop.link(LinkState.UNSTABLE)
    assert program.get("/readyz").status_code == 200
    shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
    answer = program.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready: offline (network)\n")


@pytest.mark.usefixtures("alive")
def test_what_the_dead_have_written_is_not_believed(
    program: FlaskClient, shop: StaffedBooks, config: Config
) -> None:
    shop.online()
    assert program.get("/readyz").status_code == 200
    (config.data / "vitals" / "session-1").unlink()
    answer = program.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready: its session shows no sign of life\n")
    (config.data / "vitals" / "supervisor").unlink()
    assert program.get("/readyz").text == "not ready: the daemon shows no sign of life\n"


def test_a_stranger_hears_that_it_is_not_ready_but_not_why(program: FlaskClient) -> None:
    answer = program.get("/readyz", environ_overrides=AFAR)
    assert (answer.status_code, answer.text) == (503, "not ready\n")


def test_the_gauges_are_for_this_machine(program: FlaskClient) -> None:
    assert program.get("/metrics").status_code == 200
    assert program.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    assert program.get("/metrics", environ_overrides=AFAR).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_a_proxy_on_this_machine_asks_for_others(program: FlaskClient, header: str) -> None:
    assert program.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


def test_the_token_opens_the_gauges_to_other_machines(config: Config, database: Database) -> None:
    client = create_app(dataclasses.replace(config, metrics_token=TOKEN), database).test_client()

    def visit(authorization: str) -> int:
        return client.get("/metrics", environ_overrides=AFAR, headers={"Authorization": authorization}).status_code

    assert visit(f"Bearer {TOKEN}") == 200
    assert {visit(""), visit("Bearer "), visit(f"Bearer {TOKEN}x"), visit("Bearer künci")} == {403}


def test_without_a_token_no_word_opens_them(program: FlaskClient) -> None:
    answer = program.get("/metrics", environ_overrides=AFAR, headers={"Authorization": "Bearer "})
    assert answer.status_code == 403


def test_the_gauges_tell_what_waits(program: FlaskClient, shop: StaffedBooks, config: Config) -> None:
    now = utc_now()
    session = Vitals(config.data, heartbeat.session(shop.account_id))
    for seconds in (0.003, 0.3):
        session.took(seconds)
    session.close()
    shop.online()
    rina = shop.new_customer("Rina", "ada yang biru?", phone="6281234567890")
    shop.new_customer("Tono", "halo")
    reply = shop.shop_wrote(shop.new_customer("Wati", "sudah"), "ya, sudah", Author.ADMIN)
    with shop.database.write() as conn:
        conn.execute(update(turn).where(turn.c.conversation_id == rina).values(opened_at=now - timedelta(hours=1)))
        conn.execute(update(link).values(phone_seen_at=now - timedelta(days=3)))
        outbox.queue(conn, shop.account_id, reply, None, now)
        presence.join(conn, "a" * 24, shop.sari.id, now)
        presence.join(conn, "b" * 24, shop.budi.id, now)
        presence.leave(conn, "b" * 24, now)
    found = gauges(program.get("/metrics").text)
    who = f'account="{shop.account_id}"'
    assert found[f"balas_link_up{{{who}}}"] == 1
    assert found[f'balas_link_state{{{who},state="online"}}'] == 1
    assert found[f'balas_link_state{{{who},state="offline"}}'] == 0
    assert found[f"balas_phone_last_seen_timestamp_seconds{{{who}}}"] == pytest.approx(
        (now - timedelta(days=3)).timestamp(), abs=0.01
    )
    assert found[f'balas_outbox{{{who},state="queued"}}'] == 1
    assert found[f'balas_outbox{{{who},state="uncertain"}}'] == 0
    assert found[f"balas_turns_open{{{who}}}"] == 2
    assert 3600 <= found[f"balas_oldest_open_turn_seconds{{{who}}}"] < 3660
    assert found[f"balas_ingest_seconds_count{{{who}}}"] == 2
    assert found[f"balas_ingest_seconds_sum{{{who}}}"] == pytest.approx(0.303)
    assert found[f'balas_ingest_seconds_bucket{{{who},le="0.005"}}'] == 1
    assert found[f'balas_ingest_seconds_bucket{{{who},le="+Inf"}}'] == 2
    assert found["balas_events_total"] == shop.cursor()
    assert found["balas_websockets"] == 1
    assert found["balas_disk_free_bytes"] > 0


def test_the_gauges_hold_no_names_phones_or_texts(program: FlaskClient, shop: StaffedBooks) -> None:
    shop.new_customer("Rina", "ada yang biru?", phone="6281234567890")
    page = program.get("/metrics").text
    for secret in ("Rina", "biru", "6281234567890", "Sari", "Toko", "55500"):
        assert secret not in page


@pytest.mark.usefixtures("alive")
def test_the_gauges_are_in_the_text_format(program: FlaskClient) -> None:
    answer = program.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text.endswith("\n")
    sample = r'[a-z_]+(\{[a-z]+="[a-z_0-9]+"(,[a-z]+="[a-z_0-9.+Inf]+")*\})? -?[0-9.e+]+'
    for line in answer.text.splitlines():
        assert re.fullmatch(rf"# (HELP|TYPE) [a-z_]+ .+|{sample}", line), line


@pytest.mark.usefixtures("alive")
def test_before_the_first_start_nothing_is_ready(config: Config, migrated_file: Path) -> None:
    database = Database(f"sqlite:///{migrated_file}")
    client = create_app(config, database).test_client()
    assert client.get("/readyz").text == "not ready: no number\n"
    assert client.get("/metrics").status_code == 200
    database.close()
