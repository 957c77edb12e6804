# The daemon as a small image: docs/docker.md says how to run it.
FROM docker.io/library/python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# Every download has a hash in the lock. After this step nothing is downloaded.
COPY requirements.lock .
RUN pip download --quiet --require-hashes --only-binary :all: -r requirements.lock -d /wheels \
 && pip install --quiet --no-index --find-links /wheels hatchling

# The build tools stay in this stage. The run stage gets the wheel's dependencies and the driver for PostgreSQL.
COPY . .
RUN pip wheel --quiet --no-deps --no-build-isolation -w /wheels . \
 && python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --quiet --no-compile --no-index --find-links /wheels 'deadline-alerts[postgres]'


FROM docker.io/library/python:3.13-slim-trixie
LABEL org.opencontainers.image.title="deadline-alerts" \
      org.opencontainers.image.description="Deadline alerting for promises: early enough, again until acknowledged." \
      org.opencontainers.image.licenses="MIT"

RUN groupadd --gid 10001 alerts \
 && useradd --uid 10001 --gid alerts --no-create-home --home-dir /data --shell /usr/sbin/nologin alerts \
 && install -d -o alerts -g root -m 0770 /data
COPY --from=build /venv /venv
COPY config /config
COPY seeds /seeds
COPY sbom.json /sbom.json

# An empty PYTHONTZPATH: zones come from the locked tzdata, not from the base image.
ENV PATH=/venv/bin:$PATH \
    PYTHONTZPATH="" \
    PYTHONUNBUFFERED=1 \
    ALERTS_CONFIG=/config \
    ALERTS_SEED=/seeds \
    ALERTS_HTTP_BIND=0.0.0.0

# Migrations, configuration and every template, tried from the installed wheel. The bytecode that this leaves, of the
# standard library too (the base image has none), saves a third of the time that a command takes to start. Bytecode of all
# that is installed would take 17 MB more.
WORKDIR /data
RUN unset ALERTS_CONFIG \
 && alerts --database sqlite:////tmp/try/alerts.db load /seeds/*.yaml \
 && alerts --database sqlite:////tmp/try/alerts.db check \
 && rm -r /tmp/try \
 && python -m compileall -q "$(python -c 'import alerts; print(alerts.__path__[0])')" \
 && python -c 'import alerts.daemon, alerts.web.http_server, icalendar, openpyxl, psycopg, sqlalchemy.dialects.postgresql.psycopg'
ENV PYTHONDONTWRITEBYTECODE=1

# State lies in /data, where the configuration's relative paths begin: var/alerts.db, var/mail.
USER 10001:10001
VOLUME /data

# Links in alerts lead here, where the configuration has `http:`. ALERTS_HTTP_BIND lets the container be reached at all;
# `docker run -p 127.0.0.1:8080:8080` decides from where.
EXPOSE 8080

STOPSIGNAL SIGTERM
# Asks whether the daemon has planned and has checked all its channels within five minutes.
HEALTHCHECK --interval=30s --timeout=15s --start-period=30s --retries=3 CMD ["alerts", "health", "--live"]
ENTRYPOINT ["alerts"]
CMD ["run"]
