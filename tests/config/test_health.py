"""What a load balancer is told."""

import os
from unittest.mock import MagicMock

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from config import walls
from config.celery import insist_on_the_wall


def test_the_process_is_alive_without_a_database(client):
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_the_portal_is_ready_while_ray_is_still_connecting(client, settings):
    settings.RAY_ADDRESS = "http://127.0.0.1:1"

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {
            "database": "ok",
            "row_security": "ok",
            "migrations": "ok",
            "redis": "ok",
            "ray": "connecting",
            "backup": "none",
        },
    }


@pytest.fixture
def become(db):
    """From now on the connection is somebody else's."""

    def become(role):
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE" if role is None else f'SET ROLE "{role}"')

    yield become
    become(os.environ["DATABASE_APP_ROLE"])


def test_the_portal_is_not_ready_as_the_owner_of_its_tables(client, become):
    become(None)

    response = client.get("/readyz")

    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert "owns tables" in response.json()["checks"]["row_security"]
    assert "DATABASE_APP_ROLE" in response.json()["checks"]["row_security"]


@pytest.mark.parametrize(
    ("standing", "words"),
    [((True, True, True), "superuser"), ((False, True, False), "BYPASSRLS"), ((False, False, False), "")],
)
def test_each_way_past_the_wall_is_named(monkeypatch, standing, words):
    cursor = MagicMock()
    cursor.__enter__.return_value.fetchone.return_value = standing
    monkeypatch.setattr(walls.connection, "cursor", lambda: cursor)

    found = walls.gap()

    assert (words in found, bool(found)) == (True, bool(words))


def test_nobody_serves_without_the_wall(become, monkeypatch):
    monkeypatch.setattr(walls.connection, "close", lambda: None)
    assert walls.insist() is None
    become(None)

    with pytest.raises(ImproperlyConfigured, match="owns tables"):
        walls.insist()
    with pytest.raises(SystemExit, match="owns tables"):
        insist_on_the_wall()


@pytest.mark.django_db
def test_the_portal_is_not_ready_without_redis(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.RAY_ADDRESS = ""

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["redis"] == "unavailable"


@pytest.mark.django_db
def test_rows_are_touched_as_the_application_role(settings):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, pg_has_role(current_user, tableowner, 'MEMBER') FROM pg_tables "
                       "WHERE tablename = 'django_session'")  # fmt: skip
        who, owns = cursor.fetchone()

    assert (who, owns) == (settings.DATABASE_APP_ROLE, False)


@pytest.mark.django_db(transaction=True)
def test_a_flush_between_tests_leaves_the_role_as_it_was(django_user_model, settings):
    from django.core.management import call_command

    django_user_model.objects.create(username="gone")

    call_command("flush", interactive=False, verbosity=0)

    assert django_user_model.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.DATABASE_APP_ROLE,)
