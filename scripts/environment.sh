# Sourced by the other scripts: the project's own Python environment in .venv, with exactly the locked versions.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Balas needs Python 3.11 or newer; this machine has $(python3 --version 2>/dev/null || echo 'no Python')." >&2
    exit 1
}

install_debian_packages() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "Please install these packages first (for example: sudo apt-get install $*)." >&2
        exit 1
    fi
    echo "Installing $* …" >&2
    apt-get update -qq >&2 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Debian's Chromium, and what the program that drives it wants of the system: Debian 12 has no libatomic by itself.
install_browser() {
    if ! command -v chromium >/dev/null 2>&1 || ! /sbin/ldconfig -p | grep 'libatomic\.so\.1 ' >/dev/null; then
        install_debian_packages chromium libatomic1
    fi
}

# set_up_environment EXTRA: .venv with the package, its locked dependencies and an extra ("" for none)
set_up_environment() {
    local extra=$1 python stamp wanted
    python=$(find_python)
    stamp=.venv/.installed-${extra:-run}
    wanted=$(cat pyproject.toml requirements.lock | sha256sum)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        rm -rf .venv
        if ! "$python" -c 'import ensurepip' >/dev/null 2>&1; then
            install_debian_packages python3-venv
        fi
        echo "Making the Python environment (.venv) …" >&2
        "$python" -m venv .venv
    fi
    echo "Installing Balas and what it needs; the first time takes a minute or two …" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --constraint requirements.lock --editable ".${extra:+[$extra]}" >&2
    echo "$wanted" >"$stamp"
}
