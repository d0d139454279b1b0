"""Every setting of Balas, read once from the environment (and from `.env`)."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

from daemon.domain.pace import MOST, Pace, Paces
from daemon.domain.phone_numbers import COUNTRIES
from daemon.domain.primary_phone import PhoneLimits
from daemon.i18n import languages

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class ConfigError(Exception):
    """A setting is unusable; the text names the variable and what it should be."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, default (as it would be written) and meaning."""

    name: str
    default: str
    meaning: str


_PACES = Paces()


def _one_of(options: Collection[str]) -> str:
    *most, last = options
    return f"{', '.join(most)} or {last}"


SETTINGS = (
    Setting("BALAS_DATA", "~/.local/share/balas", "Folder for the database, the keys and media (0700)"),
    Setting("BALAS_HOST", "127.0.0.1", "Address the inbox listens on"),
    Setting("BALAS_PORT", "8470", "Port the inbox listens on (1 to 65535)"),
    Setting(
        "BALAS_URL", "http://HOST:PORT", "Address at which admins reach the inbox (behind a proxy: https://…)"
    ),
    Setting("BALAS_SHOP", "Balas", "The shop's name, shown in the inbox"),
    Setting("BALAS_DEVICE_NAME", "Balas", "Name that the phone lists under Linked devices"),
    Setting("BALAS_TIMEZONE", "Asia/Jakarta", "The shop's time zone"),
    Setting("BALAS_COUNTRY", "ID", "Country that a phone number with a leading 0 belongs to: two letters"),
    Setting(
        "BALAS_LANGUAGE",
        languages.DEFAULT,
        f"Language when the browser does not say: {_one_of(languages.LANGUAGES)}",
    ),
    Setting("BALAS_THREADS", "64", "Threads of one inbox process; each open browser tab holds one (8 to 1000)"),
    Setting("BALAS_WORKERS", "1", "Inbox processes (1 to 16)"),
    Setting("BALAS_PROXIES", "0", "Reverse proxies in front of the inbox whose X-Forwarded headers are trusted"),
    Setting("BALAS_BACKUP_AT", "03:30", "When the nightly backup is made, in the shop's time zone"),
    Setting(
        "BALAS_BACKUP_KEEP", "7", "Nightly backups that are kept in DATA/backups (0: none are made, up to 365)"
    ),
    Setting(
        "BALAS_MEDIA_BUDGET_MB",
        "10000",
        "Room for pictures and files in the data folder, in MB (200 to 10000000)",
    ),
    Setting(
        "BALAS_PHONE_DAYS",
        "7 10 12 13 14",
        "Days without the phone: quiet, ask it, warn, urgent, link ends (WhatsApp's 14)",
    ),
    Setting(
        "BALAS_FIRST_WORDS",
        str(_PACES.first_words),
        "People who never wrote that are written to first, at most: in a minute, an hour, a day",
    ),
    Setting(
        "BALAS_FIRST_WORDS_NEW",
        str(_PACES.first_words_new),
        "The same for a number that was linked less than a week ago",
    ),
    Setting(
        "BALAS_NUMBER_CHECKS",
        str(_PACES.number_checks),
        "Numbers that WhatsApp is asked about, at most: in a minute, an hour, a day",
    ),
    Setting("BALAS_LOG_LEVEL", "INFO", _one_of(LOG_LEVELS)),
    Setting(
        "BALAS_METRICS_TOKEN", "", "Opens /metrics to other machines: 16 or more characters (empty: this one only)"
    ),
    Setting("DATABASE_URL", "sqlite:///DATA/balas.db", "Another place for the database (SQLite only, for now)"),
)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one daemon; paths are absolute, `media_budget` is in bytes."""

    data: Path
    host: str
    port: int
    url: str
    shop: str
    device_name: str
    timezone: ZoneInfo
    country: str
    language: str
    threads: int
    workers: int
    proxies: int
    backup_at: time
    backup_keep: int
    media_budget: int
    phone_limits: PhoneLimits
    paces: Paces
    log_level: str
    metrics_token: str
    database_url: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read the settings; `.env` in the current folder fills what the environment lacks.

        Raises ConfigError with the variable's name and what it should be.
        """
        given = dict(os.environ if environ is None else environ)
        if environ is None:
            given = {**{k: v for k, v in dotenv_values(".env").items() if v is not None}, **given}

        def text(name: str) -> str:
            value = given.get(name, "").strip()
            return value or next(s.default for s in SETTINGS if s.name == name)

        def number(name: str, low: int, high: int) -> int:
            value = text(name)
            if not re.fullmatch(r"\d{1,9}", value) or not low <= int(value) <= high:
                raise ConfigError(f"{name} should be a whole number from {low} to {high}.")
            return int(value)

        def clock_time(name: str) -> time:
            value = text(name)
            if not re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", value):
                raise ConfigError(f"{name} should be a time of day such as 03:30.")
            return time.fromisoformat(value.zfill(5))

        def pace(name: str) -> Pace:
            try:
                return Pace.parse(text(name))
            except ValueError:
                raise ConfigError(
                    f"{name} should be three numbers from 1 to {MOST}, none below the one before, such as 2 10 25."
                ) from None

        def choice(name: str, options: Collection[str]) -> str:
            value = text(name)
            if value not in options:
                raise ConfigError(f"{name} should be one of: {', '.join(options)}.")
            return value

        try:
            zone = ZoneInfo(text("BALAS_TIMEZONE"))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError("BALAS_TIMEZONE should be a time zone such as Asia/Jakarta.") from error
        country = text("BALAS_COUNTRY").upper()
        if country not in COUNTRIES:
            raise ConfigError("BALAS_COUNTRY should be a country's two letters such as ID.")
        try:
            data = Path(text("BALAS_DATA")).expanduser().absolute()
        except RuntimeError as error:
            raise ConfigError("BALAS_DATA should be a folder that exists or can be made.") from error
        host, port = text("BALAS_HOST"), number("BALAS_PORT", 1, 65535)
        url = given.get("BALAS_URL", "").strip().rstrip("/") or f"http://{host}:{port}"
        if not _is_web_address(url):
            raise ConfigError("BALAS_URL should start with http:// or https:// and name a host.")
        token = text("BALAS_METRICS_TOKEN")
        if token and not re.fullmatch(r"[!-~]{16,200}", token):
            raise ConfigError("BALAS_METRICS_TOKEN should be 16 to 200 characters without spaces.")
        database_url = given.get("DATABASE_URL", "").strip() or f"sqlite:///{data / 'balas.db'}"
        if not re.fullmatch(r"sqlite:///(?!:memory:).+", database_url):
            raise ConfigError("DATABASE_URL should be sqlite:/// and a file (other databases come later).")
        return cls(
            data=data,
            host=host,
            port=port,
            url=url,
            shop=text("BALAS_SHOP"),
            device_name=text("BALAS_DEVICE_NAME"),
            timezone=zone,
            country=country,
            language=choice("BALAS_LANGUAGE", languages.LANGUAGES),
            threads=number("BALAS_THREADS", 8, 1000),
            workers=number("BALAS_WORKERS", 1, 16),
            proxies=number("BALAS_PROXIES", 0, 5),
            backup_at=clock_time("BALAS_BACKUP_AT"),
            backup_keep=number("BALAS_BACKUP_KEEP", 0, 365),
            media_budget=number("BALAS_MEDIA_BUDGET_MB", 200, 10_000_000) * 1_000_000,
            phone_limits=_phone_limits(text("BALAS_PHONE_DAYS")),
            paces=Paces(
                first_words=pace("BALAS_FIRST_WORDS"),
                first_words_new=pace("BALAS_FIRST_WORDS_NEW"),
                number_checks=pace("BALAS_NUMBER_CHECKS"),
            ),
            log_level=choice("BALAS_LOG_LEVEL", LOG_LEVELS),
            metrics_token=token,
            database_url=database_url,
        )

    def environment(self) -> dict[str, str]:
        """The same settings as environment entries, for child processes."""
        return {
            "BALAS_DATA": str(self.data),
            "BALAS_HOST": self.host,
            "BALAS_PORT": str(self.port),
            "BALAS_URL": self.url,
            "BALAS_SHOP": self.shop,
            "BALAS_DEVICE_NAME": self.device_name,
            "BALAS_TIMEZONE": self.timezone.key,
            "BALAS_COUNTRY": self.country,
            "BALAS_LANGUAGE": self.language,
            "BALAS_THREADS": str(self.threads),
            "BALAS_WORKERS": str(self.workers),
            "BALAS_PROXIES": str(self.proxies),
            "BALAS_BACKUP_AT": self.backup_at.strftime("%H:%M"),
            "BALAS_BACKUP_KEEP": str(self.backup_keep),
            "BALAS_MEDIA_BUDGET_MB": str(self.media_budget // 1_000_000),
            "BALAS_PHONE_DAYS": " ".join(f"{days:g}" for days in astuple(self.phone_limits)),
            "BALAS_FIRST_WORDS": str(self.paces.first_words),
            "BALAS_FIRST_WORDS_NEW": str(self.paces.first_words_new),
            "BALAS_NUMBER_CHECKS": str(self.paces.number_checks),
            "BALAS_LOG_LEVEL": self.log_level,
            "BALAS_METRICS_TOKEN": self.metrics_token,
            "DATABASE_URL": self.database_url,
        }


def _phone_limits(text: str) -> PhoneLimits:
    days = text.replace(",", " ").split()
    try:
        if len(days) != len(fields(PhoneLimits)) or not all(
            re.fullmatch(r"\d{1,3}(\.\d{1,3})?", day) for day in days
        ):
            raise ValueError
        return PhoneLimits(*map(float, days))
    except ValueError as error:
        raise ConfigError(
            "BALAS_PHONE_DAYS should be five numbers of days, each above the one before, such as 7 10 12 13 14."
        ) from error


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
