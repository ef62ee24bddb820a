# shellcheck shell=bash
# What the machine lacks, from the system's packages. Sourced, with stages.sh.

# May packages be installed without asking? Set by --install.
install=${install:-no}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# install_packages WHY PACKAGE…: installs them, or fails with what to do.
install_packages() {
  local why=$1 answer
  shift
  if ! command -v apt-get >/dev/null; then
    fail "$why: install what Debian calls $* (this system has no apt-get)"
  fi
  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    fail "$why: install the packages $* as root (there is no sudo)"
  fi
  if [[ $install != yes ]]; then
    if [[ ! -t 0 || ! -t 1 ]]; then
      fail "$why: run \`bin/test --install\`, or install the packages $*"
    fi
    read -r -p "$why. Install the packages $* now? [y/N] " answer
    case $answer in
      y | Y | yes) ;;
      *) fail "nothing was installed, so nothing was tested" ;;
    esac
  fi
  echo "installing $*"
  as_root apt-get update -q </dev/null || echo "the lists of packages are not all fresh; trying with those at hand" >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "$@" </dev/null || fail "the packages $* could not be installed"
}

# python_tools FOLDER: a venv there with the locked tools; sets `tools` to its programs.
python_tools() {
  local folder=$1 wanted stamp
  stamp=$folder/onegrid-requirements
  tools=$folder/bin
  wanted=$(cksum tests/requirements.txt)
  if [[ -f $stamp && $(cat "$stamp") == "$wanted" && -x $tools/schemathesis ]]; then
    return
  fi
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    install_packages "schemathesis needs Python with venv" python3 python3-venv
  fi
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "tests/requirements.txt is locked for Python 3.11 or newer"
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$tools/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r tests/requirements.txt
  printf '%s' "$wanted" >"$stamp"
}
