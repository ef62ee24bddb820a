# shellcheck shell=bash
# What the measurements share. Sourced from the root of the repository.

fail() {
  echo "$*" >&2
  exit 1
}

# Where cargo builds, for those who source this.
# shellcheck disable=SC2034
target=$(cargo metadata --locked --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

# Builds the measuring program as released; sets `measure` to it.
build_measure() {
  measure=$(cargo bench --locked --no-run --bench measure --message-format json-render-diagnostics |
    sed -n 's/.*"name":"measure".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
  [[ -x $measure ]] || fail "the measuring program was not built"
}
