# For the scripts of this project: sourced, not run.

# A Python environment with the packages of a requirements file, made once; sets PYTHON.
python_env() {
  local wanted env
  wanted=$(sha256sum "$1" | cut -c1-16)
  env="$root/target/python-$wanted"
  if [ ! -f "$env/complete" ]; then
    echo "installing the Python packages of ${1#"$root"/} ..." >&2
    python3 -m venv "$env" 2>/dev/null || { debian_packages python3-venv && python3 -m venv "$env"; }
    "$env/bin/python" -m pip install --quiet --requirement "$1" >&2
    touch "$env/complete"
  fi
  PYTHON="$env/bin/python"
}

# Debian packages, installed if they are missing.
debian_packages() {
  dpkg --status "$@" >/dev/null 2>&1 && return
  local as_root=""
  [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends "$@" >&2
}
