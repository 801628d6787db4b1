#!/bin/sh
# Brings Vosk's library, libvosk.so (Apache-2.0), to DEST, default runtime/vosk.
#
#   scripts/fetch-vosk.sh [DEST]
#
# It travels inside the wheel `vosk` of the Python registry, for x86-64, aarch64 and armv7l. Only the library is kept;
# library-from-wheel.sh says how it is fetched.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
dest=${1:-$root/runtime/vosk}
package=vosk version=0.3.45 kept="25 MB"
library=libvosk.so member=vosk/libvosk.so licence=
. "$root/scripts/library-from-wheel.sh"

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
bring
