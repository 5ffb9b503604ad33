"""Celery is the heartbeat: it sweeps rows that an action left open."""

import os

from celery import Celery, Task
from celery.signals import worker_init, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class CityTask(Task):
    """What time does, it does for the whole city; a process without a visitor would otherwise see no rows."""

    def __call__(self, *args, **options):
        from portal.shell import measures, tenancy
        from portal.shell.middleware import continuing

        task_id = self.request.id or ""
        with (
            tenancy.citywide(),
            continuing(task_id),
            tenancy.in_the_course_of(task=self.name),
            measures.timed(measures.TASKS, self.name),
        ):
            return self.run(*args, **options)


app = Celery("portal", task_cls=CityTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def insist_on_the_wall(**news):
    """Celery swallows what a listener raises, unless it is the end."""
    from django.core.exceptions import ImproperlyConfigured

    from config import walls

    try:
        walls.insist()
    except ImproperlyConfigured as gap:
        raise SystemExit(str(gap)) from gap


@worker_process_init.connect
def trace(**news):
    """Each worker process tells its own story."""
    from config import tracing

    tracing.start()
