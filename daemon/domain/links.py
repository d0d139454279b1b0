"""The states of the link to WhatsApp, which may follow which, and who acts next."""

from enum import StrEnum


class LinkState(StrEnum):
    """Where the link of one account stands."""

    UNLINKED = "unlinked"
    PAIRING = "pairing"
    LINKING = "linking"
    CONNECTING = "connecting"
    CATCHING_UP = "catching_up"
    ONLINE = "online"
    UNSTABLE = "unstable"
    OFFLINE = "offline"
    LOGGED_OUT = "logged_out"
    REPLACED = "replaced"
    BANNED = "banned"
    OUTDATED = "outdated"
    REFUSED = "refused"
    STOPPED = "stopped"


class LinkReason(StrEnum):
    """Why the link is in its state; each pair that can occur has its sentence in `domain.sentences.link`."""

    NONE = ""
    CODES_EXPIRED = "codes_expired"
    NO_VIEWER = "no_viewer"
    FULL = "full"
    PASSKEY = "passkey"
    PAIR_ERROR = "pair_error"
    CODE_REFUSED = "code_refused"
    NETWORK = "network"
    DISK_FULL = "disk_full"
    DROPPED = "dropped"
    SERVER_BUSY = "server_busy"
    SESSION_DIED = "session_died"
    KEYS_DAMAGED = "keys_damaged"
    UNLINKED_BY_PHONE = "unlinked_by_phone"
    # the same code from WhatsApp; told apart by when the phone was last seen (primary_phone.py)
    PHONE_AWAY = "phone_away"
    UNLINKED_UNSEEN = "unlinked_unseen"
    UNLINKED_HERE = "unlinked_here"
    # the phone that scanned is linked to another account of this Balas already
    SAME_NUMBER = "same_number"
    PHONE_GONE = "phone_gone"
    ACCOUNT_BLOCKED = "account_blocked"
    UNKNOWN_CODE = "unknown_code"


class NextStep(StrEnum):
    """Who moves the link on: our own retry with back-off, a date, or a person."""

    NOTHING = "nothing"
    RETRY = "retry"
    WAIT_UNTIL = "wait_until"
    PERSON = "person"
    PAIR = "pair"


NEXT_STEP: dict[LinkState, NextStep] = {
    LinkState.UNLINKED: NextStep.PAIR,
    LinkState.PAIRING: NextStep.NOTHING,
    LinkState.LINKING: NextStep.NOTHING,
    LinkState.CONNECTING: NextStep.NOTHING,
    LinkState.CATCHING_UP: NextStep.NOTHING,
    LinkState.ONLINE: NextStep.NOTHING,
    LinkState.UNSTABLE: NextStep.NOTHING,
    LinkState.OFFLINE: NextStep.RETRY,
    LinkState.LOGGED_OUT: NextStep.PAIR,
    LinkState.REPLACED: NextStep.PERSON,
    LinkState.BANNED: NextStep.WAIT_UNTIL,
    LinkState.OUTDATED: NextStep.PERSON,
    LinkState.REFUSED: NextStep.RETRY,
    LinkState.STOPPED: NextStep.NOTHING,
}

# where a new attempt may help, and nobody has said when the next one may be
_CAN_RECONNECT = {LinkState.OFFLINE, LinkState.REPLACED, LinkState.OUTDATED, LinkState.REFUSED}
_NOTHING_TO_UNLINK = {LinkState.UNLINKED, LinkState.PAIRING, LinkState.LINKING, LinkState.LOGGED_OUT}

_LIVE = {LinkState.CONNECTING, LinkState.CATCHING_UP, LinkState.ONLINE, LinkState.UNSTABLE}
_TROUBLE = {
    LinkState.OFFLINE,
    LinkState.LOGGED_OUT,
    LinkState.REPLACED,
    LinkState.BANNED,
    LinkState.OUTDATED,
    LinkState.REFUSED,
    LinkState.STOPPED,
}
_START = {LinkState.CONNECTING, LinkState.PAIRING, LinkState.UNLINKED, LinkState.STOPPED, LinkState.OFFLINE}

ALLOWED: dict[LinkState, set[LinkState]] = {
    LinkState.UNLINKED: {*_START, *_TROUBLE},
    LinkState.PAIRING: {LinkState.LINKING, LinkState.CONNECTING, LinkState.UNLINKED, *_TROUBLE},
    LinkState.LINKING: {*_LIVE, LinkState.PAIRING, LinkState.UNLINKED, *_TROUBLE},
    LinkState.CONNECTING: {*_LIVE, LinkState.PAIRING, LinkState.UNLINKED, *_TROUBLE},
    LinkState.CATCHING_UP: {*_LIVE, LinkState.UNLINKED, *_TROUBLE},
    LinkState.ONLINE: {*_LIVE, LinkState.UNLINKED, *_TROUBLE},
    LinkState.UNSTABLE: {*_LIVE, LinkState.UNLINKED, *_TROUBLE},
    LinkState.OFFLINE: {*_START, *_TROUBLE},
    LinkState.LOGGED_OUT: {*_START, LinkState.LOGGED_OUT},
    LinkState.REPLACED: {*_START},
    LinkState.BANNED: {*_START, LinkState.BANNED},
    LinkState.OUTDATED: {*_START, LinkState.OUTDATED},
    LinkState.REFUSED: {*_START, *_TROUBLE},
    LinkState.STOPPED: {*_START},
}


def may_follow(before: LinkState, after: LinkState) -> bool:
    """Whether `after` may be recorded when the link is in `before` (staying is always allowed)."""
    return before == after or after in ALLOWED[before]


def is_online(state: LinkState) -> bool:
    """Whether there is a link, all in all: its backlog is in, though WhatsApp may not answer just now."""
    return state in (LinkState.ONLINE, LinkState.UNSTABLE)


def can_send(state: LinkState) -> bool:
    """Whether queued replies leave now.

    Not while catching up, because the phone may have answered meanwhile, nor into a link that does not answer.
    """
    return state == LinkState.ONLINE


def wants_pairing(state: LinkState) -> bool:
    """Whether a phone may link the account now: codes are shown as long as somebody waits for them."""
    return NEXT_STEP[state] == NextStep.PAIR or state == LinkState.PAIRING


def can_reconnect(state: LinkState) -> bool:
    """Whether an attempt to connect makes sense now."""
    return state in _CAN_RECONNECT


def can_unlink(state: LinkState) -> bool:
    """Whether there is a link that can be ended."""
    return state not in _NOTHING_TO_UNLINK
