"""Every setting has a default; every bad value is refused in one sentence that names its variable."""

from pathlib import Path

import pytest

from daemon.config import SETTINGS, Config, ConfigError

BAD = [
    ("BALAS_PORT", "0"),
    ("BALAS_PORT", "65536"),
    ("BALAS_PORT", "-1"),
    ("BALAS_PORT", "web"),
    ("BALAS_PORT", "8470.5"),
    ("BALAS_PORT", "9" * 5000),
    ("BALAS_THREADS", "7"),
    ("BALAS_THREADS", "1001"),
    ("BALAS_WORKERS", "0"),
    ("BALAS_WORKERS", "17"),
    ("BALAS_PROXIES", "6"),
    ("BALAS_PROXIES", "one"),
    ("BALAS_TIMEZONE", "Asia/Atlantis"),
    ("BALAS_TIMEZONE", "Asia"),
    ("BALAS_TIMEZONE", "/etc/localtime"),
    ("BALAS_TIMEZONE", "../UTC"),
    ("BALAS_LANGUAGE", "fr"),
    ("BALAS_LANGUAGE", "ID"),
    ("BALAS_COUNTRY", "Indonesia"),
    ("BALAS_COUNTRY", "62"),
    ("BALAS_COUNTRY", "001"),
    ("BALAS_COUNTRY", "XX"),
    ("BALAS_PHONE_DAYS", "7 10 12 13"),
    ("BALAS_PHONE_DAYS", "7 10 10 13 14"),
    ("BALAS_PHONE_DAYS", "0 10 12 13 14"),
    ("BALAS_PHONE_DAYS", "a week"),
    ("BALAS_PHONE_DAYS", "7 10 12 13 9999"),
    ("BALAS_FIRST_WORDS", "2 10"),
    ("BALAS_FIRST_WORDS", "0 10 25"),
    ("BALAS_FIRST_WORDS_NEW", "5 3 6"),
    ("BALAS_NUMBER_CHECKS", "4 20 9999999"),
    ("BALAS_LOG_LEVEL", "LOUD"),
    ("BALAS_URL", "toko.example"),
    ("BALAS_URL", "ftp://toko.example"),
    ("BALAS_URL", "https://"),
    ("BALAS_URL", "http://["),
    ("BALAS_DATA", "~nobody-of-that-name/balas"),
    ("DATABASE_URL", "postgresql://localhost/balas"),
    ("DATABASE_URL", "balas.db"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("BALAS_METRICS_TOKEN", "pendek"),
    ("BALAS_METRICS_TOKEN", "dua kata yang panjang sekali"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as error:
        Config.from_env({name: value})
    assert str(error.value).startswith(f"{name} should ")
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS])
def test_an_empty_or_blank_value_is_the_default(name: str) -> None:
    assert Config.from_env({name: ""}) == Config.from_env({name: "  "}) == Config.from_env({})


def test_the_environment_for_children_says_the_same() -> None:
    config = Config.from_env(
        {
            "BALAS_DATA": "/srv/toko",
            "BALAS_PORT": "9000",
            "BALAS_URL": "https://toko.example/",
            "BALAS_SHOP": "Toko Kita",
            "BALAS_TIMEZONE": "Asia/Makassar",
            "BALAS_COUNTRY": "SG",
            "BALAS_LANGUAGE": "en",
            "BALAS_THREADS": "8",
            "BALAS_WORKERS": "2",
            "BALAS_PROXIES": "1",
            "BALAS_LOG_LEVEL": "DEBUG",
        }
    )
    assert Config.from_env(config.environment()) == config
    assert set(config.environment()) == {setting.name for setting in SETTINGS}
    assert config.url == "https://toko.example"


def test_the_address_and_the_database_follow_from_the_other_settings() -> None:
    config = Config.from_env({"BALAS_DATA": "/srv/toko", "BALAS_HOST": "0.0.0.0", "BALAS_PORT": "81"})
    assert (config.url, config.database_url) == ("http://0.0.0.0:81", "sqlite:////srv/toko/balas.db")


def test_the_data_folder_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Config.from_env({"BALAS_DATA": "toko"}).data == tmp_path / "toko"
    assert Config.from_env({"BALAS_DATA": "~/toko"}).data == Path.home() / "toko"


def test_a_file_fills_what_the_environment_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
    monkeypatch.setenv("BALAS_PORT", "9001")
    (tmp_path / ".env").write_text("BALAS_PORT=9002\nBALAS_SHOP='Toko Kita'\n")
    assert (Config.from_env().port, Config.from_env().shop) == (9001, "Toko Kita")
