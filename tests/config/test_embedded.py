"""The embedded servers: what they keep, what they refuse, and what they leave behind."""

import os
import socket
import stat
import subprocess
import sys

import psycopg2
import pytest

from config.embedded import environment, processes
from config.embedded.lock import AlreadyRunning, lock
from config.embedded.postgres import APPLICATION, OWNER
from config.embedded.state import State
from config.embedded.steps import Step, steps
from config.embedded.throwaway import Throwaway


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "var")
    state.prepare()
    return state


def test_a_password_is_made_once_and_only_the_owner_may_read_it(state):
    password = state.secret("django")

    assert State(state.root).secret("django") == password
    assert stat.S_IMODE((state.run / "secrets.json").stat().st_mode) == 0o600


def test_a_server_keeps_its_port_until_somebody_else_takes_it(state):
    port = state.port("postgres")
    assert State(state.root).port("postgres") == port

    with socket.create_server(("127.0.0.1", port)):
        assert State(state.root).port("postgres") != port


@pytest.mark.parametrize(("said", "is_demo"), [(None, True), ("true", True), ("false", False), ("0", False)])
def test_a_laptop_shows_the_demonstration_unless_told_otherwise(state, monkeypatch, said, is_demo):
    monkeypatch.delenv("CITY_IS_DEMO")
    if said:
        monkeypatch.setenv("CITY_IS_DEMO", said)

    env = environment.basics(state)
    written = environment.write(state, env).read_text()

    assert environment.is_demo(env) is is_demo
    assert ("demo" in [step.name for step in steps(state.root, is_demo=is_demo)]) is is_demo
    assert f"CITY_IS_DEMO={said or 'true'}\n" in written


def test_a_second_supervisor_is_told_who_is_first(state):
    with lock(state), pytest.raises(AlreadyRunning, match="make down") as refusal:
        lock(state).__enter__()

    assert refusal.value.pid == os.getpid()
    with lock(state):
        pass


def test_a_step_is_done_until_its_ingredients_change(state):
    ingredient = state.root / "catalogue"
    ingredient.write_text("one")
    step = Step("demo", "Demo", ("demo",), lambda: [ingredient])
    assert not step.is_done(state.stamps, "")

    step.stamp(state.stamps, "")

    assert step.is_done(state.stamps, "")
    ingredient.write_text("two")
    assert not step.is_done(state.stamps, "")


def test_a_step_whose_result_was_removed_is_not_done(state):
    result = state.root / "static"
    result.mkdir()
    step = Step("static", "Styles", ("static",), lambda: [], results=(result,))
    step.stamp(state.stamps, "")
    assert step.is_done(state.stamps, "")

    result.rmdir()

    assert not step.is_done(state.stamps, "")


def test_orphans_of_a_dead_server_are_found_and_ended(state):
    program = (
        "import subprocess, sys; print(subprocess.Popen(['sleep', '600']).pid, flush=True); sys.stdin.read()"
    )
    parent = processes.spawn(
        [sys.executable, "-c", f"{program}; import time; time.sleep(600)"],
        mark=state.root,
        log=subprocess.PIPE,
        env=processes.bare_environment(),
    )
    orphan = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert [process.pid for process in processes.marked(state.root)] == [orphan]

    ended = processes.sweep(lambda: processes.marked(state.root), seconds=1)

    assert ended == 1
    assert processes.marked(state.root) == []


@pytest.fixture(scope="module")
def servers():
    servers = Throwaway(like_tests=False)
    servers.start_postgres()
    yield servers
    servers.stop()


def connect(servers, role):
    return psycopg2.connect(servers.postgres.url(role))


def test_the_application_may_not_make_tables(servers):
    cursor = connect(servers, APPLICATION).cursor()

    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("CREATE TABLE mine (id int)")


def test_the_application_cannot_become_the_owner(servers):
    cursor = connect(servers, APPLICATION).cursor()

    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(f"SET ROLE {OWNER}")


def test_the_owner_owns_the_database_and_is_no_superuser(servers):
    with connect(servers, OWNER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_userbyid(datdba), rolsuper, rolcreatedb, rolcreaterole FROM pg_database, pg_roles "
            "WHERE datname = current_database() AND rolname = current_user"
        )
        assert cursor.fetchone() == (OWNER, False, False, False)


def test_nobody_can_log_in_as_superuser(servers):
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(servers.postgres.url(OWNER).replace(f"{OWNER}:", "postgres:"))


def test_initialising_twice_keeps_the_data(servers):
    assert servers.postgres.initialise() is False
    assert servers.postgres.ready()
