#!/bin/sh
# Brings ONNX Runtime's library, libonnxruntime.so (MIT), to DEST, default runtime/onnxruntime.
#
#   scripts/fetch-onnxruntime.sh [DEST]
#
# It travels inside the wheel `onnxruntime` of the Python registry, for x86-64 and aarch64; there is none for 32-bit ARM (armv7l, the
# Pi Zero and older systems), which has no Piper. pip downloads that; nothing of it is run, and only the library and its licence are
# kept. Does nothing when the right one is there. Needs python3 with pip (or the package python3-venv, which brings one);
# PIP_INDEX_URL and proxies work as usual.
set -eu

version=1.24.4
root=$(cd "$(dirname "$0")/.." && pwd)
dest=${1:-$root/runtime/onnxruntime}

say() { echo "onnxruntime: $*"; }
fail() { echo "onnxruntime: $*" >&2; exit 1; }

# The platform's wheel and its sha256.
case $(uname -m) in
    x86_64) sum=e54ad52e61d2d4618dcff8fa1480ac66b24ee2eab73331322db1049f11ccf330 ;;
    aarch64) sum=046ff290045a387676941a02a8ae5c3ebec6b4f551ae228711968c4a69d8f6b7 ;;
    *) fail "there is no wheel of ONNX Runtime $version for $(uname -m): Piper needs x86-64 or a 64-bit ARM system" ;;
esac
platform=manylinux_2_28_$(uname -m)

# The wheel's sum stands beside the library, with the library's own: half a copy is seen.
if [ "$(sed -n 1p "$dest/libonnxruntime.so.from" 2>/dev/null)" = "$sum" ] &&
    [ "$(sed -n 2p "$dest/libonnxruntime.so.from")" = "$(sha256sum <"$dest/libonnxruntime.so" 2>/dev/null)" ]; then
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
say "fetching onnxruntime $version from the Python registry (22 MB are kept)"
# The library is the same for every Python; one has to be named.
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform "$platform" \
    --implementation cp --python-version 311 --abi cp311 --dest "$work/wheel" "onnxruntime==$version" ||
    fail "pip could not fetch onnxruntime $version: check the network (pypi.org) or the proxy, then run this again"

wheel=$(find "$work/wheel" -name '*.whl')
[ "$(sha256sum <"$wheel" | cut -d ' ' -f 1)" = "$sum" ] ||
    fail "the wheel of onnxruntime $version has another sha256 than $sum: do not use it, and report it"

member() { "$python" -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$wheel" "$1"; }
member "onnxruntime/capi/libonnxruntime.so.$version" >"$work/libonnxruntime.so"
mkdir -p "$dest"
member onnxruntime/LICENSE >"$dest/LICENSE"
cp "$work/libonnxruntime.so" "$dest/.libonnxruntime.so.new"
chmod 644 "$dest/.libonnxruntime.so.new"
mv -f "$dest/.libonnxruntime.so.new" "$dest/libonnxruntime.so" # in one step: never half a library under this name
{ echo "$sum"; sha256sum <"$work/libonnxruntime.so"; } >"$dest/libonnxruntime.so.from"
say "libonnxruntime.so is in $dest"
