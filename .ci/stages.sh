# shellcheck shell=bash
# Stages: each is announced, timed, and listed at the end. Sourced.
#
# ONEGRID_STAGES names the file where seconds and names are gathered; a script that
# is called by another writes into its caller's.

stage_name=
stage_from=0

# stage NAME COMMAND…: runs the command; the seconds go to the list. A failure ends
# the script (set -e), and `stages_end` in its EXIT trap says in which stage.
stage() {
  stage_name=$1
  stage_from=$SECONDS
  shift
  printf '\n==> %s\n' "$stage_name"
  "$@"
  printf '<== %s: %d s\n' "$stage_name" "$((SECONDS - stage_from))"
  printf '%d\t%s\n' "$((SECONDS - stage_from))" "$stage_name" >>"$ONEGRID_STAGES"
  stage_name=
}

# Starts the list, unless a caller did.
stages_begin() {
  stages_own=
  if [[ -z ${ONEGRID_STAGES:-} ]]; then
    stages_own=yes
    ONEGRID_STAGES=$(mktemp -t onegrid-stages.XXXXXX)
    export ONEGRID_STAGES
  fi
}

# stages_end STATUS: names the stage that failed, and prints the table if it is ours.
stages_end() {
  if [[ -n $stage_name ]]; then
    printf '\n<== %s: FAILED after %d s\n' "$stage_name" "$((SECONDS - stage_from))" >&2
    printf '%d\t%s (FAILED)\n' "$((SECONDS - stage_from))" "$stage_name" >>"$ONEGRID_STAGES"
    stage_name=
  fi
  if [[ -n $stages_own ]]; then
    printf '\n%8s  %s\n' seconds stage
    while IFS=$'\t' read -r seconds name; do
      printf '%8d  %s\n' "$seconds" "$name"
    done <"$ONEGRID_STAGES"
    printf '%8d  %s\n' "$SECONDS" "all"
    rm -f "$ONEGRID_STAGES"
  fi
}

# Says what is wrong, and ends.
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}
