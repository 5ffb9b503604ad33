"""Celery is the heartbeat: it sweeps rows that an action left open."""

import os

from celery import Celery, Task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class CityTask(Task):
    """What time does, it does for the whole city; a process without a visitor would otherwise see no rows."""

    def __call__(self, *args, **options):
        from portal.shell import tenancy

        with tenancy.citywide():
            return self.run(*args, **options)


app = Celery("portal", task_cls=CityTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
