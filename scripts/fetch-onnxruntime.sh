#!/bin/sh
# Brings ONNX Runtime's library, libonnxruntime.so (MIT), to DEST, default runtime/onnxruntime.
#
#   scripts/fetch-onnxruntime.sh [DEST]
#
# It travels inside the wheel `onnxruntime` of the Python registry, for x86-64 and aarch64; there is none for 32-bit ARM (armv7l, the
# Pi Zero and older systems), which has no Piper. Only the library and its licence are kept; library-from-wheel.sh says how
# they are fetched.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
dest=${1:-$root/runtime/onnxruntime}
package=onnxruntime version=1.24.4 kept="22 MB"
library=libonnxruntime.so member=onnxruntime/capi/libonnxruntime.so.$version licence=onnxruntime/LICENSE
. "$root/scripts/library-from-wheel.sh"

# The platform's wheel and its sha256.
case $(uname -m) in
    x86_64) sum=e54ad52e61d2d4618dcff8fa1480ac66b24ee2eab73331322db1049f11ccf330 ;;
    aarch64) sum=046ff290045a387676941a02a8ae5c3ebec6b4f551ae228711968c4a69d8f6b7 ;;
    *) fail "there is no wheel of ONNX Runtime $version for $(uname -m): Piper needs x86-64 or a 64-bit ARM system" ;;
esac
platform=manylinux_2_28_$(uname -m)
# The library is the same for every Python; one has to be named.
bring --implementation cp --python-version 311 --abi cp311
