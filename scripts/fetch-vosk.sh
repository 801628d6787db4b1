#!/bin/sh
# Brings Vosk's library, libvosk.so (Apache-2.0), to DEST, default runtime/vosk.
#
#   scripts/fetch-vosk.sh [DEST]
#
# It travels inside the wheel `vosk` of the Python registry, for x86-64, aarch64 and armv7l. pip downloads that; nothing of it is
# run, and only the library is kept. Does nothing when the right one is there. Needs python3 with pip (or the package
# python3-venv, which brings one); PIP_INDEX_URL and proxies work as usual.
set -eu

version=0.3.45
root=$(cd "$(dirname "$0")/.." && pwd)
dest=${1:-$root/runtime/vosk}

say() { echo "vosk: $*"; }
fail() { echo "vosk: $*" >&2; exit 1; }

# The platform's wheel and its sha256.
case $(uname -m) in
    x86_64)
        platform=manylinux2010_x86_64
        sum=25e025093c4399d7278f543568ed8cc5460ac3a4bf48c23673ace1e25d26619f ;;
    aarch64)
        platform=manylinux2014_aarch64
        sum=54efb47dd890e544e9e20f0316413acec7f8680d04ec095c6140ab4e70262704 ;;
    armv7l)
        platform=linux_armv7l
        sum=4221f83287eefe5abbe54fc6f1da5774e9e3ffcbbdca1705a466b341093b072e ;;
    *) fail "there is no wheel of Vosk $version for $(uname -m)" ;;
esac

# The wheel's sum stands beside the library, with the library's own: half a copy is seen.
if [ "$(sed -n 1p "$dest/libvosk.so.from" 2>/dev/null)" = "$sum" ] &&
    [ "$(sed -n 2p "$dest/libvosk.so.from")" = "$(sha256sum <"$dest/libvosk.so" 2>/dev/null)" ]; then
    say "already in $dest"
    exit 0
fi

python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3) || fail "python3 is missing: sudo apt install python3-venv"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Debian's python3 has no pip of its own; that of a virtual environment will do.
if ! "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv "$work/venv" || fail "python3 could not make a virtual environment: sudo apt install python3-venv"
    python=$work/venv/bin/python
fi
say "fetching vosk $version from the Python registry (25 MB are kept)"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform "$platform" \
    --dest "$work/wheel" "vosk==$version" ||
    fail "pip could not fetch vosk $version: check the network (pypi.org) or the proxy, then run this again"

wheel=$(find "$work/wheel" -name '*.whl')
[ "$(sha256sum <"$wheel" | cut -d ' ' -f 1)" = "$sum" ] ||
    fail "the wheel of vosk $version has another sha256 than $sum: do not use it, and report it"

"$python" -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read("vosk/libvosk.so"))' "$wheel" \
    >"$work/libvosk.so"
mkdir -p "$dest"
cp "$work/libvosk.so" "$dest/.libvosk.so.new"
chmod 644 "$dest/.libvosk.so.new"
mv -f "$dest/.libvosk.so.new" "$dest/libvosk.so" # in one step: never half a library under this name
{ echo "$sum"; sha256sum <"$work/libvosk.so"; } >"$dest/libvosk.so.from"
say "libvosk.so is in $dest"
