"""What a load balancer asks: is the process alive, and may it be sent visitors?"""

import httpx
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import walls
from portal.backups import queries as backups


@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """The rows, the wall between tenants, the tables' shape and the heartbeat are there.

    Ray may still be waking up; an old copy is a warning.
    """
    checks = {
        "database": database(),
        "row_security": "unknown",
        "migrations": "unknown",
        "redis": queue(),
        "ray": compute(),
    }
    if checks["database"] == "ok":
        checks["row_security"] = row_security()
        checks["migrations"] = migrations()
    checks["backup"] = copies() if checks["migrations"] == "ok" else "unknown"
    is_ready = all(checks[name] == "ok" for name in ("database", "row_security", "migrations", "redis"))
    return JsonResponse(
        {"status": "ok" if is_ready else "unavailable", "checks": checks}, status=200 if is_ready else 503
    )


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unavailable"
    return "ok"


def row_security() -> str:
    try:
        return walls.gap() or "ok"
    except DatabaseError:
        return "unavailable"


def migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        return "pending" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"
    except DatabaseError:
        return "unavailable"


def copies() -> str:
    try:
        return backups.state(timezone.now())
    except DatabaseError:
        return "unknown"


def queue() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
    except redis.RedisError:
        return "unavailable"
    return "ok"


def compute() -> str:
    if not settings.RAY_ADDRESS:
        return "none"
    try:
        answer = httpx.get(f"{settings.RAY_ADDRESS}/api/version", timeout=1, trust_env=False)
    except httpx.HTTPError:
        return "connecting"
    return "ok" if answer.is_success else "connecting"
