"""What a load balancer is told."""

import pytest


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
            "migrations": "ok",
            "redis": "ok",
            "ray": "connecting",
            "backup": "none",
        },
    }


@pytest.mark.django_db
def test_the_portal_is_not_ready_without_redis(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.RAY_ADDRESS = ""

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["redis"] == "unavailable"


@pytest.mark.django_db
def test_rows_are_touched_as_the_application_role(settings):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, pg_has_role(current_user, tableowner, 'MEMBER') FROM pg_tables "
                       "WHERE tablename = 'django_session'")  # fmt: skip
        who, owns = cursor.fetchone()

    assert (who, owns) == (settings.DATABASE_APP_ROLE, False)


@pytest.mark.django_db(transaction=True)
def test_a_flush_between_tests_leaves_the_role_as_it_was(django_user_model, settings):
    from django.core.management import call_command
    from django.db import connection

    django_user_model.objects.create(username="gone")

    call_command("flush", interactive=False, verbosity=0)

    assert django_user_model.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.DATABASE_APP_ROLE,)
