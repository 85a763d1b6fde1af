#!/bin/bash
# The house's layers, checked in two ways: what each folder includes, and which of the world's calls the pure folders'
# archives ask the linker for. One line per violation; exit 1 when there is one.
#   tests/layering.sh [BUILD_DIR]               checks this tree and the archives in BUILD_DIR (default build/dev)
#   tests/layering.sh --self-test [BUILD_DIR]   plants each kind of sin in a copy and checks that it is found
set -euo pipefail
self=${BASH_SOURCE[0]}
root=$(cd "$(dirname "$self")/.." && pwd)

# ---- what a folder may include ----

# FOLDER: the folders of ours that it may include. Sideways (transport, media, signaling, auth) is as wrong as upwards.
declare -A may_use=(
    [broker/base]="base"
    [broker/transport]="base transport"
    [broker/media]="base media"
    [signaling]="base signaling"
    [auth]="base auth"
    [broker/ledger]="base auth ledger"
    [broker/api]="base auth ledger api"
    [broker/room]="base transport media signaling auth ledger room"
    [broker/load]="base transport media signaling auth load"
    [broker/shell]="base transport media signaling auth ledger room api load shell"
)
folders=(broker/base broker/transport broker/media signaling auth broker/ledger broker/api broker/room broker/load
    broker/shell)
ours="base|transport|media|signaling|auth|room|api|load|shell|ledger|broker|tests|support|sim"

# A library's headers, and the files (a prefix of their path) that may include them.
declare -A library_users=(
    [srtp2/]="broker/transport/fallback.c"
    [intel-ipsec-mb]="broker/transport/gcm_ipsec.c"
    [libwebsockets]="broker/load/ broker/shell/"
    [jansson]="signaling/ auth/ broker/ledger/ broker/api/ broker/load/ broker/shell/"
    [sqlite3]="broker/shell/"
    [curl/]="broker/load/ broker/shell/"
    [zlib]="broker/shell/site.c"
    [jose/]="auth/"
    [openssl/]="broker/transport/ auth/ broker/ledger/ broker/api/ broker/load/ broker/shell/"
)

starts_with_one_of() { # TEXT PREFIX...
    local text=$1 prefix
    shift
    for prefix in "$@"; do
        case $text in "$prefix"*) return 0 ;; esac
    done
    return 1
}

check_include() { # FILE FOLDER FORM HEADER, where FORM is < or "
    local file=$1 folder=$2 form=$3 header=$4 layer=${4%%/*} library
    if [[ $header == *..* || $header == /* ]]; then
        echo "$file: includes $header by its place and not by its layer"
    elif [[ $header == */* && $layer =~ ^($ours)$ ]]; then
        case " ${may_use[$folder]} " in *" $layer "*) ;; *) echo "$file: $folder may not include $header" ;; esac
    elif [ "$form" = '"' ]; then
        echo "$file: includes \"$header\" without its layer's name"
    fi
    for library in "${!library_users[@]}"; do
        if [[ $header == "$library"* ]] && ! starts_with_one_of "$file" ${library_users[$library]}; then
            echo "$file: may not include <$header>"
        fi
    done
}

check_includes() { # TREE
    local folder file form header
    for folder in "${folders[@]}"; do
        (cd "$1" && grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' "$folder"/*.[ch] || true) |
            sed -E 's/^([^:]+):[^<"]*([<"])(.*)$/\1 \2 \3/' |
            while read -r file form header; do check_include "$file" "$folder" "$form" "$header"; done
    done
}

# ---- what a pure archive may call ----

pure=(base transport media signaling auth ledger api room)

# KIND: extended regular expression for the whole symbol, without the decorations that plain_symbol strips. Besides the
# system's calls these are the calls of our libraries that read a clock or draw randomness by themselves.
declare -A forbidden=(
    [clock]='time|gettimeofday|clock|clock_.*|timespec_get|timespec_getres|localtime|localtime_r|mktime|ftime|times|getrusage|alarm|setitimer|getitimer|timer_.*|timerfd_.*|ctime|ctime_r|X509_gmtime_adj|X509_time_adj(_ex)?|X509_cmp_current_time|DTLS.*_method'
    [socket]='socket|socketpair|bind|listen|accept|accept4|connect|send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|shutdown|getsockopt|setsockopt|getsockname|getpeername|getaddrinfo|getnameinfo|gethostby.*|poll|ppoll|select|pselect|epoll_.*|eventfd.*|signalfd|pipe|pipe2|inotify_.*|io_uring_.*|ioctl|fcntl|BIO_(new_)?(socket|dgram|connect|accept|fd|file).*|BIO_s_(socket|datagram|connect|accept|fd|file)'
    [file]='open|openat|open_2|creat|close|read|write|readv|writev|pread|pwrite|lseek|mmap|fopen|fdopen|freopen|fclose|fread|fwrite|fgets|fputs|fputc|putc|putchar|puts|printf|vprintf|fprintf|vfprintf|dprintf|perror|stdin|stdout|stderr|getenv|secure_getenv|json_load_file|json_loadf|json_load_callback|json_dump_file|json_dumpf'
    [thread]='pthread_.*|thrd_.*|mtx_.*|cnd_.*|tss_.*|call_once|sem_.*|fork|vfork|clone|system|popen|exec.*|posix_spawn.*|raise|kill|signal|sigaction'
    [library]='dlopen|dlmopen|dlsym|dlvsym'
    [sleep]='sleep|usleep|nanosleep|pause|sched_yield'
    [random]='rand|srand|rand_r|random|srandom|random_r|[dlmjn]rand48|srand48|getrandom|getentropy|arc4random.*|RAND_.*|EVP_RAND_.*|BN_.*rand.*|EVP_PKEY_Q_keygen|EVP_PKEY_.*keygen|EVP_PKEY_generate|jose_jwk_gen|jose_jws_sig|json_object_seed|DTLS.*_method'
)

# Exceptions, KIND:ARCHIVE:SYMBOL, each with its reason.
declare -A allowed=(
    [random:transport:EVP_PKEY_Q_keygen]="dtls_identity_create: the certificate's key pair, made once at start; OpenSSL offers no way to hand entropy in"
    [random:transport:DTLS_server_method]="DTLS itself: OpenSSL draws the handshake's nonces and ephemeral keys; no decision of ours hangs on them"
    [clock:transport:DTLS_server_method]="DTLS itself: OpenSSL 3.0 times its retransmissions by its own clock, the one exception that CRAFT names"
    [library:transport:dlopen]="gcm_ipsec: a faster cipher where the machine has one, looked for once at start; it gives the same bytes"
    [library:transport:dlsym]="gcm_ipsec, as above"
    [random:auth:jose_jwk_gen]="keyring_generate: a signing key for the command line, never called by the broker"
    [random:auth:jose_jws_sig]="keyring_sign: the nonce of an ECDSA signature belongs to OpenSSL; no decision of ours hangs on it"
)

# "OBJECT SYMBOL PLAIN" a line, from nm's "ARCHIVE:OBJECT:   U SYMBOL". PLAIN is one spelling for __recv_chk, open64,
# clock_gettime@GLIBC_2.17 and their simple forms.
undefined_of() { # ARCHIVE
    nm -A -u "$1" | awk '$(NF - 1) ~ /^[Uwv]$/ {
        object = $1; sub(/:$/, "", object); sub(/.*:/, "", object)
        plain = $NF; sub(/@.*/, "", plain); sub(/^__(isoc99_)?/, "", plain); sub(/_chk$/, "", plain)
        if (plain ~ /^(time|open|openat|creat|lseek|mmap|pread|pwrite|fopen|freopen)64$/) sub(/64$/, "", plain)
        print object, $NF, plain
    }'
}

check_archive() { # LAYER ARCHIVE
    local kind object symbol plain undefined
    undefined=$(undefined_of "$2")
    for kind in "${!forbidden[@]}"; do
        (grep -E " (${forbidden[$kind]})\$" <<<"$undefined" || true) | while read -r object symbol plain; do
            [ -n "${allowed[$kind:$1:$plain]:-}" ] || echo "libkinroom_$1.a: $object calls $symbol ($kind)"
        done
    done
}

check_archives() { # BUILD_DIR
    local layer archive
    for layer in "${pure[@]}"; do
        archive=$(find "$1" -name "libkinroom_$layer.a" | head -1)
        if [ -z "$archive" ]; then
            echo "libkinroom_$layer.a: not built in $1"
        elif [ "$(nm -u "$archive" 2>/dev/null | grep -c ' U ')" = 0 ]; then
            echo "libkinroom_$layer.a: names no symbol at all, so nothing could be checked"
        else
            check_archive "$layer" "$archive"
        fi
    done
}

check() { # TREE BUILD_DIR
    local found
    found=$(check_includes "$1"; check_archives "$2")
    [ -z "$found" ] || { printf '%s\n' "$found"; return 1; }
}

# ---- the self-test ----

failures=0

expect() { # WHAT PATTERN CHECK...: an empty pattern wants nothing found
    local output
    output=$("${@:3}") || true
    if [ -z "$2" ] && [ -z "$output" ]; then
        echo "ok layering: $1"
    elif [ -n "$2" ] && grep -qE -- "$2" <<<"$output"; then
        echo "ok layering: $1 is found"
    else
        echo "not ok layering: $1 (wanted '$2'): $output"
        failures=$((failures + 1))
    fi
}

plant_call() { # LAYER SYMBOL PATTERN
    local archive="$work/build/libkinroom_$1.a"
    printf 'int %s(void); int planted(void); int planted(void) { return %s(); }\n' "$2" "$2" >"$work/planted.c"
    ${CC:-cc} -fno-builtin -w -c "$work/planted.c" -o "$work/planted.o"
    cp "$archive" "$work/kept.a"
    ar q "$archive" "$work/planted.o" 2>/dev/null
    expect "$2 called in $1" "libkinroom_$1\.a: planted\.o calls .*$3" check_archive "$1" "$archive"
    mv "$work/kept.a" "$archive"
}

plant_include() { # FILE LINE PATTERN
    printf '%s\n' "$2" >"$work/tree/$1"
    expect "$2 in $1" "$1: $3" check_includes "$work/tree"
    rm "$work/tree/$1"
}

self_test() { # BUILD_DIR
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    local layer folder archive
    for folder in "${folders[@]}"; do
        mkdir -p "$work/tree/$folder"
        cp "$root/$folder"/*.[ch] "$work/tree/$folder"
    done
    mkdir "$work/build"
    for layer in "${pure[@]}"; do
        archive=$(find "$1" -name "libkinroom_$layer.a" | head -1)
        [ -n "$archive" ] || { echo "not ok layering: libkinroom_$layer.a is not built in $1"; exit 1; }
        cp "$archive" "$work/build"
    done
    expect 'the tree as it is' '' check "$work/tree" "$work/build"
    find "$work/tree" -name '*.[ch]' -exec truncate -s 0 {} + # clean, as was just seen, and not to be read twenty times
    plant_call base clock_gettime '\(clock\)'
    plant_call media gettimeofday '\(clock\)'
    plant_call room time '\(clock\)'
    plant_call transport sendto '\(socket\)'
    plant_call signaling __recv_chk '\(socket\)'
    plant_call room epoll_wait '\(socket\)'
    plant_call base open64 '\(file\)'
    plant_call media pthread_create '\(thread\)'
    plant_call room dlopen '\(library\)'
    plant_call room nanosleep '\(sleep\)'
    plant_call api time '\(clock\)'
    plant_call ledger clock_gettime '\(clock\)'
    plant_call auth getrandom '\(random\)'
    plant_call transport RAND_bytes '\(random\)'
    plant_call room jose_jws_sig '\(random\)' # allowed in auth, and nowhere else
    plant_include broker/base/planted.c '#include "room/room.h"' 'broker/base may not include'
    plant_include broker/base/planted.h '#  include <transport/stun.h>' 'broker/base may not include'
    plant_include broker/media/planted.c '#include "transport/stun.h"' 'broker/media may not include'
    plant_include signaling/planted.c '#include "auth/token.h"' 'signaling may not include'
    plant_include auth/planted.c '#include "media/rtp.h"' 'auth may not include'
    plant_include broker/room/planted.c '#include "shell/config.h"' 'broker/room may not include'
    plant_include broker/room/planted.c '#include "../shell/config.h"' 'includes .* by its place'
    plant_include broker/room/planted.c '#include "room.h"' 'includes .* without'
    plant_include broker/transport/planted.c '#include <srtp2/srtp.h>' 'may not include'
    plant_include broker/room/planted.c '#include <libwebsockets.h>' 'may not include'
    plant_include broker/room/planted.c '#include <jansson.h>' 'may not include'
    plant_include broker/ledger/planted.c '#include <sqlite3.h>' 'may not include'
    plant_include broker/api/planted.c '#include <curl/curl.h>' 'may not include'
    plant_include broker/ledger/planted.c '#include "room/room.h"' 'broker/ledger may not include'
    plant_include broker/api/planted.c '#include "room/room.h"' 'broker/api may not include'
    rm "$work/build/libkinroom_room.a"
    expect 'a missing archive' 'libkinroom_room\.a: not built' check "$work/tree" "$work/build"
    if check "$work/tree" "$work/build" >/dev/null; then
        echo "not ok layering: what was found is no failure"
        failures=$((failures + 1))
    fi
    [ $failures = 0 ] || exit 1
}

mode=check
if [ "${1:-}" = --self-test ]; then
    mode=self_test
    shift
fi
build=${1:-$root/build/dev}
[ -d "$build" ] || { echo "layering.sh: no build directory $build" >&2; exit 2; }
if [ $mode = self_test ]; then
    self_test "$build"
else
    check "$root" "$build"
fi
