# syntax=docker/dockerfile:1

# The toolchain of `rust-version` in Cargo.toml.
ARG RUST=1.95

FROM rust:${RUST}-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# The dependencies first: this layer stays until Cargo.lock changes. The targets that
# Cargo.toml names must be there, if only as empty files.
COPY Cargo.toml Cargo.lock ./
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    mkdir -p src tests/suite benches/measure && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs tests/suite/main.rs benches/circle.rs benches/measure/main.rs \
    && cargo build --release --locked --features postgres-tls \
    && rm -r src

COPY src src
COPY data data
COPY migrations migrations
COPY openapi openapi
# Copied files are older than what was built of the empty ones above.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    touch src/main.rs src/lib.rs \
    && cargo build --release --locked --features postgres-tls

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/onegrid --create-home onegrid \
    && install -d -o onegrid -g onegrid /maps /files
COPY --from=build /build/target/release/onegrid /usr/local/bin/onegrid
COPY --chmod=755 deploy/health-ready /usr/local/bin/health-ready
USER onegrid
WORKDIR /var/lib/onegrid
ENV ONEGRID_LISTEN=0.0.0.0:8080 \
    ONEGRID_LOG_FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["health-ready"]
ENTRYPOINT ["onegrid"]
CMD ["serve"]
