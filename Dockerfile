# BASE: any image with Python 3.11 or newer, venv and certificates, such as the official slim one.
ARG BASE=python:3.13-slim

FROM ${BASE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# The build tools have their own environment; the shipped one does not even contain pip.
RUN python3 -m venv tools && python3 -m venv --without-pip /opt/outtray
COPY requirements.lock requirements-build.lock ./
RUN tools/bin/pip --python /opt/outtray/bin/python3 install --require-hashes -r requirements.lock \
    && tools/bin/pip install --require-hashes -r requirements-build.lock
COPY . source
RUN tools/bin/pip wheel --no-deps --no-index --no-build-isolation --wheel-dir wheels source/ \
    && tools/bin/pip --python /opt/outtray/bin/python3 install --no-deps --no-index wheels/*.whl \
    # 80 MB that are needed only to build or test these packages.
    && find /opt/outtray -type d \( -name tests -o -path '*/pyarrow/include' \) -prune -exec rm -rf {} +

FROM ${BASE}
RUN useradd --uid 10001 --user-group --no-log-init --home-dir /data --no-create-home --shell /usr/sbin/nologin outtray \
    && install -d -o outtray -g outtray -m 0700 /data
# The same BASE and the same path, so that the environment finds the Python with which it was made.
COPY --from=builder /opt/outtray /opt/outtray
ENV PATH=/opt/outtray/bin:${PATH} PYTHONUNBUFFERED=1 OUTTRAY_HOST=0.0.0.0 OUTTRAY_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# http.client instead of urllib.request, because it ignores the proxy variables of the environment.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python3", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('OUTTRAY_PORT') or 8000), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["outtray", "serve"]
