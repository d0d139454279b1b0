"""Waiting for WhatsApp's answer to a question: a few seconds, at no cost while nothing happens."""

import time

from daemon.domain.questions import Question, Stage
from daemon.store import questions
from daemon.store.change_watch import ChangeWatch
from webui.base.context import services

# seconds; a page waits no longer, and a thread of the inbox is held no longer
LONGEST_WAIT = 8.0


def wait_for(question_id: int) -> Question | None:
    """The question once it has its end, or as it stands after LONGEST_WAIT; None if it is forgotten."""
    found = _look(question_id)
    if found is None or found.stage(services().clock()) != Stage.ASKING:
        return found
    deadline = time.monotonic() + LONGEST_WAIT
    watch = ChangeWatch(services().database)
    try:
        while found is not None and found.stage(services().clock()) == Stage.ASKING:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            # one that expires is looked at again without a word
            watch.wait(min(left, 1.0))
            found = _look(question_id)
    finally:
        watch.close()
    return found


def _look(question_id: int) -> Question | None:
    with services().database.read() as conn:
        return questions.get(conn, question_id)
