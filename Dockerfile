# Builds the project into a virtual environment, then copies that into a small image.
FROM python:3.13-slim AS build
WORKDIR /src
COPY constraints.txt pyproject.toml hatch_build.py README.md LICENSE CHANGELOG.md ./
COPY proto proto
COPY src src
ENV PIP_CONSTRAINT=/src/constraints.txt PIP_NO_CACHE_DIR=1
RUN python -m venv /venv && /venv/bin/pip install '.[postgresql]'

FROM python:3.13-slim
COPY --from=build /venv /venv
RUN useradd --system --uid 10001 segsvc && install -d -o segsvc /data
USER segsvc
WORKDIR /data
VOLUME /data
ENV PATH=/venv/bin:$PATH \
    SEGSVC_DATABASE=sqlite:////data/segsvc.db \
    SEGSVC_LISTEN=127.0.0.1:50051 \
    SEGSVC_LOG_FORMAT=json
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-m", "segsvc", "health"]
ENTRYPOINT ["segsvc"]
# A bind beyond loopback needs TLS files, or --insecure behind something that encrypts.
CMD ["serve"]
