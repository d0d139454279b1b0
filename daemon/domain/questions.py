"""What only WhatsApp can tell and only the session can ask: kinds of questions, how long they hold, their ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class QuestionKind(StrEnum):
    """What is asked about a `subject`, an address as text (`user@server`), and what an answer holds.

    A new kind is a word here and a line in KINDS; `daemon.whatsapp.questions` asks the library for it, and
    `daemon.desk.questions` keeps of its answer what outlives the question, if anything does.
    """

    # {"in": bool, "lid": digits or None, "phone": digits or None}
    IS_ON_WHATSAPP = "is_on_whatsapp"
    # {"file": a JPEG below the folder of attachments, "wa_id": its id at WhatsApp}; both None: there is none
    PROFILE_PICTURE = "profile_picture"
    # {}: an answer says that it is done
    BLOCK = "block"
    UNBLOCK = "unblock"
    # of the service itself; {"everybody": addresses as text}, of which nothing is kept with the question
    BLOCKLIST = "blocklist"
    # what a group is now, with its members (`domain.groups.GroupTold.as_answer`)
    GROUP = "group"
    # {"groups": [such, without their members]}: those that the number is in, whatever the subject says
    JOINED_GROUPS = "joined_groups"


class Unanswered(StrEnum):
    """Why a question got no answer; a question that expired has none of these."""

    # the library waited, or we did
    TIMED_OUT = "timed_out"
    # WhatsApp wants to be asked less often
    TOO_MANY = "too_many"
    REFUSED = "refused"
    FAILED = "failed"


class Stage(StrEnum):
    """How far a question has come."""

    ASKING = "asking"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class KindOfQuestion:
    """`lasts`: whoever asked waits no longer; `fresh`: an answer serves whoever asks the same again."""

    lasts: timedelta
    fresh: timedelta = timedelta(0)
    # nobody sits and waits for it: asked after those that somebody waits for
    is_patient: bool = False


KINDS = {
    QuestionKind.IS_ON_WHATSAPP: KindOfQuestion(timedelta(seconds=30), timedelta(minutes=10)),
    QuestionKind.PROFILE_PICTURE: KindOfQuestion(timedelta(minutes=2), is_patient=True),
    QuestionKind.BLOCK: KindOfQuestion(timedelta(seconds=30)),
    QuestionKind.UNBLOCK: KindOfQuestion(timedelta(seconds=30)),
    QuestionKind.BLOCKLIST: KindOfQuestion(timedelta(minutes=2), is_patient=True),
    QuestionKind.GROUP: KindOfQuestion(timedelta(minutes=10), is_patient=True),
    QuestionKind.JOINED_GROUPS: KindOfQuestion(timedelta(minutes=10), timedelta(minutes=2), is_patient=True),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it stands."""

    id: int
    account_id: int
    kind: QuestionKind
    subject: str
    asked_by: int | None
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    answer: dict[str, Any] | None
    error: Unanswered | None

    def stage(self, now: datetime) -> Stage:
        """Whether it is still worth waiting for; one that nobody answered in time is not."""
        if self.answered_at is not None and self.error is None:
            return Stage.ANSWERED
        if self.error is not None or not self.asked_at <= now < self.expires_at:
            return Stage.UNANSWERED
        return Stage.ASKING
