"""What a page would rather not ask again; when nobody remembers, it asks."""

import logging

import redis
from django.core.cache.backends.redis import RedisCache

log = logging.getLogger(__name__)


class Passing(RedisCache):
    """A cache whose loss costs time only: without Redis nothing is found and nothing is kept."""

    def get(self, key, default=None, version=None):
        try:
            return super().get(key, default, version)
        except redis.RedisError as error:
            log.warning("nothing is remembered: %s", error)
            return default

    def set(self, *entry, **options):
        try:
            super().set(*entry, **options)
        except redis.RedisError:
            return

    def add(self, *entry, **options):
        try:
            return super().add(*entry, **options)
        except redis.RedisError:
            return False

    def delete(self, key, version=None):
        try:
            return super().delete(key, version)
        except redis.RedisError:
            return False
