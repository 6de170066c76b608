# For the scripts of this project: sourced, not run. Sets `root`.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian packages, installed if they are missing.
debian_packages() {
  dpkg --status "$@" >/dev/null 2>&1 && return
  local as_root=""
  [ "$(id -u)" = 0 ] || as_root=sudo
  echo "installing $* ..." >&2
  $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends "$@" >&2
}

# What every build needs: Rust by rustup, a C compiler for the embedded database.
build_tools() {
  command -v cc >/dev/null || debian_packages build-essential
  command -v cargo >/dev/null || { echo "aval is built with Rust: install it from rustup.rs, then run this again" >&2; exit 2; }
}

# What walks through web pages.
page_tools() {
  command -v curl >/dev/null || debian_packages curl
}

# A real browser.
chromium_tools() {
  command -v chromium >/dev/null || debian_packages chromium fonts-dejavu-core
}

# A real browser, and what drives it; sets PYTHON.
browser_tools() {
  chromium_tools
  python_env "$root/tests/browser/requirements.txt"
}

# A Python environment with the packages of a requirements file, made once; sets PYTHON.
python_env() {
  local wanted env
  wanted=$(sha256sum "$1" | cut -c1-16)
  env="$root/target/python-$wanted"
  if [ ! -f "$env/complete" ]; then
    echo "installing the Python packages of ${1#"$root"/} ..." >&2
    rm -rf "$env"
    python3 -m venv "$env" >/dev/null 2>&1 || { debian_packages python3-venv && python3 -m venv "$env"; }
    "$env/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$1" >&2
    touch "$env/complete"
  fi
  PYTHON="$env/bin/python"
}

# The package in python/ and what it is tested with; sets PYTHON.
python_package() {
  python_env "$root/python/requirements.txt"
  "$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall "$root/python"
}

# The generated Python modules of the protocol, in the folder $1. Needs PYTHON.
python_stubs() {
  mkdir -p "$1"
  "$PYTHON" -m grpc_tools.protoc -I "$root/proto" --python_out "$1" --grpc_python_out "$1" "$root"/proto/aval/v1/*.proto
}

# A port that nobody listens on.
free_port() {
  local port
  for port in $(shuf -i 20000-32000 -n 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  echo "no free port found" >&2
  return 1
}
