# One image for web, worker, beat and migrate. State and heavy compute are elsewhere.
FROM python:3.11-slim AS build
WORKDIR /srv
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements requirements
# The nightly copy is made by PostgreSQL's own pg_dump, of the server's version.
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt -r requirements/backup.txt
# Node is needed only to bundle the charts, so it stays behind in this stage.
RUN python -m venv --system-site-packages /opt/node \
 && /opt/node/bin/pip install --no-cache-dir --require-hashes -r requirements/node.txt
COPY . .
# Building reads no rows; these addresses lead nowhere.
ENV DATABASE_URL=postgres://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 SECRET_KEY=build
RUN PYTHONPATH=/opt/venv/lib/python3.11/site-packages /opt/node/bin/python manage.py build_assets \
 && python -m config.translations compile \
 && python manage.py collectstatic --no-input -v0 -i rest_framework

FROM python:3.11-slim
RUN useradd --system --no-create-home portal && install -d -o portal -m 700 /backups
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 METRICS_DIR=/tmp/metrics
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv /srv
WORKDIR /srv
USER portal
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "8", "--no-ws", "--respawn-failed-workers", "config.wsgi:application"]
