"""One alert as a message: title, what happened, what still works, what to do now, in the shop's language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from daemon.config import Config
from daemon.domain.alerts import About, Alert, News
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.primary_phone import SightingKind
from daemon.domain.sentences.alerts import (
    ALL_CLEAR,
    BEGAN,
    INBOX_AT,
    NO_ROOM,
    OVER,
    SINCE,
    STILL,
    TEST,
    TEST_TITLE,
    TITLES,
    UNTIL,
    WORDS,
)
from daemon.domain.sentences.link import Sentence, sentence
from daemon.domain.sentences.phone import SEEN_BY
from daemon.i18n.catalogue import translate


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What a channel is given: plain text."""

    title: str
    body: str


class AlertWriter:
    """Writes alerts for one shop."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def _say(self, text: str) -> str:
        # the catalogue is read when something is said, not at every start
        return translate(self._config.language)(text)

    def message(self, news: News, alert: Alert, account_name: str | None) -> AlertMessage:
        """What is told of an alert; `account_name` says whose it is, if there are several accounts."""
        title = self._say(TITLES[alert.about, alert.step])
        if news == News.AGAIN:
            title = self._say(STILL) % {"title": title}
        if news == News.CLEARED:
            title = self._say(ALL_CLEAR)
            lines = [self._say(OVER[alert.about])]
        else:
            lines = sentences(alert, self._say, self._moment)
        began = self._say(BEGAN if news == News.CLEARED else SINCE)
        return self._signed(title, [*lines, began % {"moment": self._moment(alert.since)}], account_name)

    def test(self) -> AlertMessage:
        """What the test button sends."""
        return self._signed(self._say(TEST_TITLE), [self._say(TEST)], None)

    def _signed(self, title: str, lines: list[str], account_name: str | None) -> AlertMessage:
        config = self._config
        # an address that only this computer knows helps nobody outside
        if config.url != f"http://{config.host}:{config.port}":
            lines = [*lines, self._say(INBOX_AT) % {"url": config.url}]
        name = f"{config.shop} ({account_name})" if account_name else config.shop
        return AlertMessage(f"{name}: {title}", "\n".join(lines))

    def _moment(self, at: datetime) -> str:
        return f"{at.astimezone(self._config.timezone):%d/%m/%Y %H:%M}"


def sentences(alert: Alert, say: Callable[[str], str], moment: Callable[[datetime], str]) -> list[str]:
    """What happened (and since or until when, if that is known), what still works, what to do now."""
    words, details = _words(alert), alert.details
    lines = [say(words.happened) % details]
    if details.get("seen_at") and details.get("seen_by"):
        by = say(SEEN_BY[SightingKind(str(details["seen_by"]))])
        seen = moment(datetime.fromisoformat(str(details["seen_at"])))
        lines.append(say("Last seen: %(moment)s, %(by)s.") % {"moment": seen, "by": by})
    if until := details.get("until"):
        lines.append(say(UNTIL) % {"moment": moment(datetime.fromisoformat(str(until)))})
    return [*lines, say(words.works), f"{say('What to do now')}: {say(words.todo)}"]


def _words(alert: Alert) -> Sentence:
    if alert.about == About.LINK:
        state, reason = (str(alert.details.get(name) or "") for name in ("state", "reason"))
        return sentence(LinkState(state) if state else LinkState.OFFLINE, LinkReason(reason))
    if alert.about == About.BACKUP and alert.step == "failed" and alert.details.get("reason") == "disk_full":
        return NO_ROOM
    return WORDS[alert.about, alert.step]
