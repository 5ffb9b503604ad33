"""The distributed installation names everything that the embedded one names."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SETTINGS = (ROOT / "config" / "settings.py").read_text()
OURS = ("web", "worker", "beat", "migrate", "demo")
# The image keeps var/ where the code is.
EMBEDDED_ONLY = {"VAR_DIR"}
WORKER_ONLY = {"DATABASE_BACKUP_URL"}


def test_the_same_servers_are_there():
    assert set(COMPOSE["services"]) == {"postgres", "redis", "ray", *OURS}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_the_settings_is_given(name):
    read = set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"', SETTINGS))

    missing = read - set(COMPOSE["services"][name]["environment"]) - EMBEDDED_ONLY
    assert missing == (set() if name == "worker" else WORKER_ONLY)


@pytest.mark.parametrize("name", ["web", "worker", "beat", "demo"])
def test_whoever_serves_does_not_own_the_tables(name):
    assert "portal_app:" in COMPOSE["services"][name]["environment"]["DATABASE_URL"]


def test_only_migrations_run_as_the_owner():
    assert "portal_owner:" in COMPOSE["services"]["migrate"]["environment"]["DATABASE_URL"]


def test_every_password_must_be_chosen():
    text = (ROOT / "docker-compose.yml").read_text()

    assert {
        "SECRET_KEY",
        "APP_PASSWORD",
        "OWNER_PASSWORD",
        "BACKUP_PASSWORD",
        "SUPERUSER_PASSWORD",
        "CRYPTO_KEYS",
    } == set(re.findall(r"\$\{([A-Z_]+):\?", text))


def test_no_service_is_a_demonstration_by_itself():
    assert [COMPOSE["services"][name]["environment"]["CITY_IS_DEMO"] for name in OURS] == [None] * len(OURS)


def test_the_image_runs_the_web_server_as_nobody_special():
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert re.search(r"^USER portal$", dockerfile, re.MULTILINE)
    assert "config.wsgi:application" in dockerfile
