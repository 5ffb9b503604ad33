"""What a page would rather not ask again; when nobody remembers, it asks."""

import logging

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property

log = logging.getLogger(__name__)


class Client(RedisCacheClient):
    """Keeps the client that its questions are asked through; Django makes another for each of them."""

    @cached_property
    def _kept(self):
        return super().get_client(write=True)

    def get_client(self, key=None, *, write=False):
        return self._kept


class Passing(RedisCache):
    """A cache whose loss costs time only: without Redis nothing is found and nothing is kept."""

    def __init__(self, server, params):
        super().__init__(server, params)
        self._class = Client

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
