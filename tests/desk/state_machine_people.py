"""What the state machine's admins do at their browsers."""

from hypothesis import strategies as st

from daemon.desk import assignment, conversations
from daemon.desk.outgoing import Decision
from daemon.desk.unreadable_replies import UnreadableDecision
from daemon.store import contacts, messages, threads, turns
from daemon.store.threads import Bubble
from tests.desk.day import addresses, undecided, unreadable
from tests.desk.state_machine_base import ADMINS, CUSTOMERS, FORMS, OFTEN, RARELY, DeskAtWork, Happenings

TABS = st.sampled_from(["a", "b"])
HOW = st.sampled_from(["assign", "transfer", "back"])
# what a page had shown when somebody decided there: all, what he had last looked at; or there is no page
PAGES = st.sampled_from(["up to date", "up to date", "older", "none"])
WHICH = st.integers(0, 3)

PEOPLE: Happenings = {
    "looks": (2, {"admin": ADMINS, "customer": CUSTOMERS}),
    "answers": (
        6,
        {
            "admin": ADMINS,
            "customer": CUSTOMERS,
            "form": FORMS,
            "fresh": OFTEN,
            "follow_up": RARELY,
            "take_over": OFTEN,
        },
    ),
    "types": (3, {"admin": ADMINS, "tab": TABS, "customer": CUSTOMERS, "take_over": RARELY}),
    "stops_typing": (1, {"admin": ADMINS, "tab": TABS, "customer": CUSTOMERS}),
    "closes_tab": (1, {"admin": ADMINS, "which": st.integers(0, 1)}),
    "says_that_no_answer_is_needed": (
        2,
        {"admin": ADMINS, "customer": CUSTOMERS, "fresh": OFTEN, "unmark": st.booleans()},
    ),
    "decides": (
        3,
        {"admin": ADMINS, "which": WHICH, "decision": st.sampled_from(Decision), "page": PAGES},
    ),
    "decides_about_unreadable": (
        2,
        {"admin": ADMINS, "which": WHICH, "decision": st.sampled_from(UnreadableDecision), "page": PAGES},
    ),
    "deletes": (1, {"admin": ADMINS, "which": WHICH}),
    "hands_over": (1, {"admin": ADMINS, "to": ADMINS, "customer": CUSTOMERS, "how": HOW}),
    "resolves": (1, {"admin": ADMINS, "customer": CUSTOMERS, "fresh": OFTEN}),
    "takes_up_again": (1, {"admin": ADMINS, "customer": CUSTOMERS}),
    "forgets": (1, {"admin": ADMINS, "customer": CUSTOMERS, "form": FORMS}),
}


class PeopleAct(DeskAtWork):
    """Admins answer, type, decide and hand over, on what they see or on what they saw a while ago."""

    def looks(self, admin: int, customer: int) -> None:
        self.admins[admin].looks(addresses(customer)[0])

    def answers(self, admin: int, customer: int, form: int, fresh: bool, follow_up: bool, take_over: bool) -> None:
        who = self.admins[admin]
        view = self.view(admin, customer, fresh, form)
        if view is None:
            return
        message_id = who.answers(view, self.text("balasan"), follow_up=follow_up, take_over=take_over)
        if message_id is None:
            return
        self.accepted.append(message_id)
        with self.database.read() as conn:
            seen = view.turn_id
            mark = turns.mark(conn, seen) if seen is not None else turns.last_closed(conn, view.conversation_id)
            # a turn that was open again is one that somebody answers
            is_first = seen is None and bool(turns.closed_by_message(conn, message_id))
        if follow_up or is_first or mark is None or mark.message_id is None:
            return
        if mark.closer.admin_id != who.id:
            self.wrong.append(f"a second answer that nobody meant: {message_id}")

    def types(self, admin: int, tab: str, customer: int, take_over: bool) -> None:
        who, name = self.admins[admin], f"{admin}{tab}"
        view = self.view(admin, customer, True)
        if view is not None:
            who.opens_tab(name)
            who.types(view, name, take_over)

    def stops_typing(self, admin: int, tab: str, customer: int) -> None:
        view = self.view(admin, customer, False)
        if view is not None:
            self.admins[admin].stops_typing(view, f"{admin}{tab}")

    def closes_tab(self, admin: int, which: int) -> None:
        tabs = sorted(self.admins[admin].tabs)
        if tabs:
            self.admins[admin].closes_tab(tabs[which % len(tabs)])

    def says_that_no_answer_is_needed(self, admin: int, customer: int, fresh: bool, unmark: bool) -> None:
        view = self.view(admin, customer, fresh)
        if view is not None:
            _ = self.admins[admin].unmarks(view) if unmark else self.admins[admin].marks(view)

    def decides(self, admin: int, which: int, decision: Decision, page: str) -> None:
        with self.database.read() as conn:
            waiting = undecided(conn, "held", "uncertain")
        if not waiting:
            return
        message = waiting[which % len(waiting)]
        shown = self.shown(admin, message, page)
        unseen = self.unseen_answers(message, shown)
        newest = self.admins[admin].decides(message, decision, shown)
        if newest is not None:
            self.is_meant(message, newest, message.id)
            if unseen and decision in (Decision.SEND_ANYWAY, Decision.SEND_AGAIN):
                self.wrong.append(f"sent by a page that had not shown another answer: {message.id}, {unseen}")

    def decides_about_unreadable(self, admin: int, which: int, decision: UnreadableDecision, page: str) -> None:
        with self.database.read() as conn:
            waiting = unreadable(conn)
        if not waiting:
            return
        message = waiting[which % len(waiting)]
        shown = self.shown(admin, message, page) or message.id
        unseen = self.unseen_answers(message, shown)
        copy = self.admins[admin].decides_about_unreadable(message, decision, shown)
        if copy is not None and decision == UnreadableDecision.SEND_COPY:
            self.is_meant(message, shown, copy)
            if unseen:
                self.wrong.append(f"copied by a page that had not shown another answer: {message.id}, {unseen}")

    def unseen_answers(self, message: Bubble, shown: int | None) -> list[int]:
        """What a person has written to the customer after what a page had shown, and after the reply itself."""
        if shown is None:
            return []
        with self.database.read() as conn:
            rows = conn.exec_driver_sql(
                "SELECT theirs.id FROM message ours JOIN message theirs ON theirs.contact_id = ours.contact_id"
                " WHERE ours.id = ? AND theirs.id > ? AND theirs.author IN ('admin', 'phone', 'companion')"
                " AND theirs.kind <> 'note' AND NOT theirs.is_automatic",
                (message.id, max(shown, message.id)),
            )
            return list(rows.scalars())

    def shown(self, admin: int, message: Bubble, page: str) -> int | None:
        """The last message that the admin's page of a reply's conversation had shown."""
        if page == "none":
            return None
        seen = [view for view in self.admins[admin].views.values() if page == "older"]
        here = [view.shown for view in seen if view.conversation_id == message.conversation_id]
        with self.database.read() as conn:
            return here[0] if here else messages.newest_id(conn, message.conversation_id)

    def is_meant(self, message: Bubble, shown: int, message_id: int) -> None:
        """A person has decided that this is sent, or its copy, and perhaps for a second time."""
        self.decided[message_id] = shown
        self.sent_again.add(message.text or "")

    def deletes(self, admin: int, which: int) -> None:
        """For everyone: before it has left, or after."""
        with self.database.read() as conn:
            ours = conn.exec_driver_sql("SELECT message_id FROM outbox ORDER BY id DESC").scalars().all()
            message = threads.bubble(conn, ours[which % len(ours)]) if ours else None
        if message is not None:
            self.admins[admin].deletes(message)

    def hands_over(self, admin: int, to: int, customer: int, how: str) -> None:
        who, view = self.admins[admin], self.view(admin, customer, True)
        if view is None:
            return
        match how:
            case "assign":
                who.does(assignment.assign, view, self.admins[to].id)
            case "transfer":
                who.does(assignment.transfer, view, self.admins[to].id, "tolong")
            case "back":
                who.does(assignment.give_back, view)

    def resolves(self, admin: int, customer: int, fresh: bool) -> None:
        view = self.view(admin, customer, fresh)
        if view is not None:
            self.admins[admin].resolves(view)

    def takes_up_again(self, admin: int, customer: int) -> None:
        view = self.view(admin, customer, False)
        if view is not None:
            self.admins[admin].does(conversations.reopen, view)

    def forgets(self, admin: int, customer: int, form: int) -> None:
        """The customer wants to be forgotten: nothing of him may come back."""
        party = addresses(customer)[form]
        with self.database.read() as conn:
            contact_id = contacts.find(conn, self.account, party.address)
            his = conn.exec_driver_sql("SELECT id, wa_id FROM message WHERE contact_id = ?", (contact_id,)).all()
        if contact_id is not None and self.admins[admin].forgets(contact_id):
            self.accepted = [message_id for message_id in self.accepted if message_id not in dict(his)]
            self.forgotten |= {wa_id: party for _, wa_id in his if wa_id}
