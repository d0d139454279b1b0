"""Groups: which are switched on, what in them waits for an answer, and what becomes of one that is switched off.

A group is one ongoing conversation of the whole team: it is nobody's until somebody takes it, the bot is silent in
it, and resolving it takes it out of the way until something in it waits again.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import claims, notes, questions
from daemon.domain.desk import Action, Actor
from daemon.domain.groups import GroupMember, GroupMode, GroupTold
from daemon.domain.ids import ChatKind, Party, parse_address
from daemon.domain.messages import MessageReceived
from daemon.domain.questions import Question, QuestionKind
from daemon.domain.turns import Closer
from daemon.store import (
    accounts,
    audit,
    contacts,
    conversations,
    events,
    groups,
    mentions,
    messages,
    turns,
)
from daemon.store.accounts import Account
from daemon.store.events import EventKind
from daemon.store.groups import Group


def is_us(account: Account, address: str | None) -> bool:
    """Whether an address is the number's own, by whichever of its two names."""
    if not address:
        return False
    there = parse_address(address)
    return there.user == (account.lid if there.is_lid else account.phone)


def takes(conn: Connection, account_id: int, party: Party, now: datetime) -> Group | None:
    """The group of a chat, known from now on, if what is written in it is kept; None of one that is off."""
    group = groups.get(conn, contacts.resolve(conn, account_id, party, now))
    return group if group is not None and group.is_on else None


def is_kept(conn: Connection, account_id: int, party: Party) -> bool:
    """Whether what happens in a group is kept: it is on."""
    contact_id = contacts.find(conn, account_id, party.address)
    return contact_id is not None and _is_on(conn, contact_id)


def waits_for_answer(conn: Connection, account: Account, group: Group, event: MessageReceived) -> bool:
    """Whether a message in a group opens a turn, or goes on with the one that is open.

    It names the number (by either address, or everybody) or an admin by user name, as in a note; it quotes a
    message of ours; or it is by somebody whose words wait already.
    """
    origin = event.origin
    if origin.from_me or event.is_history:
        return False
    if group.mode == GroupMode.ALWAYS:
        return True
    if event.mentions_all or any(is_us(account, one) for one in event.mentions):
        return True
    if event.quoted_wa_id and (
        is_us(account, event.quoted_author)
        or messages.find(conn, group.contact_id, True, event.quoted_wa_id) is not None
    ):
        return True
    if event.text and "@" in event.text and notes.mentioned(event.text, mentions.by_username(conn)):
        return True
    here = conversations.current(conn, group.contact_id)
    return bool(
        here and here.turn_id and origin.participant and groups.has_said_in(conn, here.turn_id, origin.participant)
    )


def place(conn: Connection, group: Group, waits: bool, now: datetime) -> int:
    """The conversation of a group: there is one. A resolved one is taken up again by what waits for an answer."""
    here = conversations.current(conn, group.contact_id)
    if here is not None:
        return here.conversation_id
    last = conversations.last_resolved(conn, group.contact_id)
    if last is None:
        return conversations.start(conn, group.account_id, group.contact_id, ChatKind.GROUP, now)
    if waits:
        conversations.reopen(conn, last, now)
    return last


def switch(
    conn: Connection, account_id: int, contact_id: int, mode: GroupMode, actor: Actor, now: datetime
) -> bool:
    """Say what a group does here; False if it does so already, or there is none.

    One that is switched off keeps nothing from now on: what waited there counts as handled without a reply, its
    conversation rests, and what had been kept is hidden until it is switched on again.
    """
    group = groups.get(conn, contact_id)
    if group is None or group.account_id != account_id or not groups.set_mode(conn, group, mode):
        return False
    here = conversations.current(conn, contact_id)
    if mode == GroupMode.OFF and here is not None:
        _put_aside(conn, group, here.conversation_id, here.turn_id, actor, now)
    if mode != GroupMode.OFF and not group.is_on:
        _bring_in(conn, group, now)
    conversation_id = conversations.last_of(conn, contact_id)
    detail = {"contact": contact_id, "before": group.mode.value, "after": mode.value}
    audit.record(conn, account_id, Action.GROUP_SWITCHED, actor, now, conversation_id, detail=detail)
    if conversation_id is not None:
        events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
    return True


def _put_aside(
    conn: Connection, group: Group, conversation_id: int, turn_id: int | None, actor: Actor, now: datetime
) -> None:
    if turn_id is not None:
        turns.close(conn, turn_id, Closer(actor.author, actor.admin_id), None, now)
    claims.end(conn, group.account_id, conversation_id, now)
    conversations.resolve(conn, conversation_id, actor.admin_id, now)


def _bring_in(conn: Connection, group: Group, now: datetime) -> None:
    """It has a place at once, so that it can be written to; it waits for nothing."""
    conversation_id = conversations.last_of(conn, group.contact_id)
    if conversation_id is None:
        conversation_id = conversations.start(conn, group.account_id, group.contact_id, ChatKind.GROUP, now)
        conversations.resolve(conn, conversation_id, None, now)
    ask_about(conn, group, now)


def ask_about(conn: Connection, group: Group, now: datetime) -> Question | None:
    """Let WhatsApp tell what a group is now, and who is in it; None without a link, or address."""
    address = groups.address_of(conn, group.contact_id)
    if address is None:
        return None
    try:
        return questions.ask(conn, group.account_id, QuestionKind.GROUP, str(address), now)
    except questions.NotOnline:
        return None


def ask_for_all(conn: Connection, account_id: int, now: datetime) -> Question | None:
    """Let WhatsApp tell in which groups the number is; None without a link."""
    try:
        return questions.ask(conn, account_id, QuestionKind.JOINED_GROUPS, ALL_GROUPS, now)
    except questions.NotOnline:
        return None


ALL_GROUPS = "all@g.us"


def _keep_one(conn: Connection, question: Question, answer: dict[str, object], now: datetime) -> None:
    contact_id = contacts.find(conn, question.account_id, parse_address(question.subject))
    if contact_id is not None:
        _keep(conn, question.account_id, contact_id, GroupTold.of_answer(answer), now)


def _keep_all(
    conn: Connection, question: Question, answer: dict[str, list[dict[str, object]]], now: datetime
) -> None:
    account_id, joined = question.account_id, set()
    for one in answer["groups"]:
        told = GroupTold.of_answer(one)
        contact_id = contacts.resolve(conn, account_id, Party(parse_address(told.address)), now)
        joined.add(contact_id)
        _keep(conn, account_id, contact_id, told, now)
    for contact_id in groups.missing(conn, account_id, joined):
        left(conn, account_id, contact_id, now)


def _keep(conn: Connection, account_id: int, contact_id: int, told: GroupTold, now: datetime) -> None:
    account, before = accounts.get(conn, account_id), groups.get(conn, contact_id)
    if before is None:
        return
    ourselves = next((one for one in told.members if any(is_us(account, a) for a in one.addresses)), None)
    is_admin = before.is_admin if not told.members else ourselves is not None and ourselves.is_admin
    # of others something is kept only if the group is shown
    told = replace(told, is_admin=is_admin, members=told.members if before.is_on else ())
    if groups.tell(conn, account_id, contact_id, told):
        _announce(conn, account_id, contact_id, now)


def _is_on(conn: Connection, contact_id: int) -> bool:
    group = groups.get(conn, contact_id)
    return group is not None and group.is_on


def left(conn: Connection, account_id: int, contact_id: int, now: datetime) -> None:
    """The number is in a group no longer: its thread says so, and nothing more is written there."""
    if groups.leave(conn, contact_id):
        _announce(conn, account_id, contact_id, now)


def _announce(conn: Connection, account_id: int, contact_id: int, now: datetime) -> None:
    conversation_id = conversations.last_of(conn, contact_id)
    if conversation_id is not None:
        events.append(conn, account_id, EventKind.CONVERSATION_CHANGED, now, conversation_id)


def see_writer(conn: Connection, group: Group, event: MessageReceived) -> None:
    """Note what whoever wrote in a group calls himself."""
    origin = event.origin
    if origin.participant and not origin.from_me:
        member = GroupMember(origin.participant, origin.participant_alternative, event.push_name)
        groups.see_writer(conn, group.account_id, group.contact_id, member)


questions.KEEPERS[QuestionKind.GROUP] = _keep_one
questions.KEEPERS[QuestionKind.JOINED_GROUPS] = _keep_all
