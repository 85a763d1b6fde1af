#!/bin/bash
# The Debian package, in a Debian 12 that has nothing else: made, installed, run, upgraded, purged. As root.
#   tests/packaging.sh           the whole
#   tests/packaging.sh --files   only what needs no other root: the configuration and the manual
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/release
conf=packaging/kinroom.conf
failed=0
work=$(mktemp -d)
root=$work/root

unmount() { if mountpoint -q "$root/$1"; then umount "$root/$1"; fi; }

leave() {
    # By its own number: a server that still runs would keep the mounts busy.
    if [ -n "${server:-}" ]; then kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; fi
    unmount proc
    # With something mounted, removal would reach beyond the root.
    if mountpoint -q "$root/proc"; then echo "not ok $root/proc stays mounted"; else rm -rf --one-file-system "$work"; fi
}
trap leave EXIT
trap 'exit 1' INT TERM

check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then echo "ok $what"; else
        echo "not ok $what"
        failed=1
        tail -15 "$work/log"
    fi
}

# ---- the files ----

has_every_option() {
    local names name missing=0
    names=$("$build/broker/kinroom" serve --help | sed -nE '/^Options of serve/,/^Options of load/s/^  --([a-z0-9-]+) .*/\1/p')
    [ "$(wc -w <<<"$names")" -gt 30 ] || { echo "the table cannot be read"; return 1; }
    for name in $names; do grep -qE "^#?$name = " "$conf" || { echo "missing: $name"; missing=1; }; done
    while read -r name; do grep -qx -- "$name" <<<"$names" || { echo "no option: $name"; missing=1; }; done \
        < <(sed -nE 's/^#?([a-z0-9-]+) = .*/\1/p' "$conf")
    return $missing
}
manual_is_fine() { mandoc -Tlint -Wwarning packaging/kinroom.1 "$build/packaging/kinroom.conf.5"; }
unit_is_fine() {
    # Where the program is not installed, verify complains of that; only the settings count here.
    sed 's|=/usr/bin/kinroom.*|=/bin/true|' packaging/kinroom.service >"$work/kinroom.service"
    systemd-analyze verify --man=no "$work/kinroom.service" && systemd-analyze security --offline=true --threshold=30 "$work/kinroom.service"
}
make_package() {
    cmake --preset release && cmake --build --preset release --target kinroom manual || return 1
    rm -f "$build"/kinroom_*.deb
    (cd "$build" && cpack -G DEB -D CPACK_PACKAGE_DIRECTORY="$PWD")
}

check 'the package is made' make_package
check 'the configuration names every option, and no other' has_every_option
check 'the manual has no mistakes' manual_is_fine
if command -v systemd-analyze >/dev/null; then check 'the unit is right, and leaves little open' unit_is_fine; fi
[ "${1:-}" != --files ] || exit $failed

# ---- a bare Debian ----

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed -nE 's/^(URIs: *|deb +(\[[^]]*\] +)?)(https?:[^ ]+\/debian)\/?( .*)?$/\3/p' | head -1)
within() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} "$@"; }
make_root() {
    command -v debootstrap curl >/dev/null || { echo "install debootstrap and curl, please"; return 1; }
    [ -n "$mirror" ] || { echo "apt's sources name no mirror"; return 1; }
    debootstrap --variant=minbase bookworm "$root" "$mirror" && cp /etc/resolv.conf "$root/etc/" &&
        { mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"; } && cp "$build"/kinroom_*.deb "$root/kinroom.deb"
}
install_package() { within apt-get install -y -q --no-install-recommends ./kinroom.deb; }
as_kinroom() { within setpriv --reuid kinroom --regid kinroom --clear-groups "$@"; }
configure() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout "$root/etc/kinroom/key.pem" -out "$root/etc/kinroom/cert.pem" &&
        within kinroom token key >"$root/etc/kinroom/keys.jwk" &&
        within sh -c 'chgrp kinroom /etc/kinroom/*.pem /etc/kinroom/*.jwk && chmod 640 /etc/kinroom/*.pem /etc/kinroom/*.jwk' &&
        sed -i -E 's/^#(certificate|key|token-keys) = /\1 = /; s/^#origins = .*/origins = https:\/\/localhost:18443/
            s/^#https-port = .*/https-port = 18443/; s/^#udp-port = .*/udp-port = 41700/' "$root/etc/kinroom/kinroom.conf"
}
is_refused() { ! as_kinroom kinroom check --config /etc/kinroom/kinroom.conf; }
is_fine() { as_kinroom kinroom check --config /etc/kinroom/kinroom.conf; }
answers() {
    local tries=0
    until curl -sf --cacert "$root/etc/kinroom/cert.pem" https://localhost:18443/healthz; do
        kill -0 "$server" && [ $((tries += 1)) -lt 50 ] || { cat "$work/server"; return 1; }
        sleep 0.2
    done
    curl -sf --cacert "$root/etc/kinroom/cert.pem" https://localhost:18443/ | grep -qi '<html'
}
stops() {
    local ended=0
    kill -TERM "$server"
    wait "$server" || ended=$?
    server=
    [ $ended = 0 ] || { cat "$work/server"; return 1; }
}
keeps_state() { [ -s "$root/var/lib/kinroom/kinroom.db" ]; }
# To a version whose own configuration differs too, so that dpkg has something to decide.
upgrade() {
    dpkg-deb -R "$root/kinroom.deb" "$work/next" && sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control" &&
        echo '# The next version says more.' >>"$work/next/etc/kinroom/kinroom.conf" && dpkg-deb -b "$work/next" "$root/next.deb" &&
        within dpkg -i --force-confdef --force-confold /next.deb && grep -q '^https-port = 18443' "$root/etc/kinroom/kinroom.conf" &&
        [ "$(within dpkg-query -W -f '${Version}' kinroom | tail -c 5)" = "+next" ] && keeps_state
}
remove() { within apt-get remove -y -q kinroom && keeps_state; }
purge() {
    within apt-get purge -y -q kinroom || return 1
    local left
    left=$(find "$root/etc" "$root/usr" "$root/var/lib" "$root/lib/systemd" -name '*kinroom*')
    [ -z "$left" ] || { echo "left: $left"; return 1; }
    ! grep kinroom "$root/etc/passwd" "$root/etc/group"
}

check 'a bare Debian 12' make_root
check 'installs' install_package
check 'unconfigured, it is refused' is_refused
check 'configured' configure
check 'the configuration is fine' is_fine
# exec: the number is then the server's own.
(exec chroot --userspec=kinroom:kinroom "$root" /usr/bin/kinroom serve --config /etc/kinroom/kinroom.conf) >"$work/server" 2>&1 &
server=$!
check 'answers by TLS, as the user kinroom' answers
check 'stops when it is told to' stops
check 'an upgrade keeps the configuration and the store' upgrade
check 'a removal keeps the store' remove
check 'a purge leaves nothing' purge
[ $failed = 0 ] && echo 'figure bare_debian 1 count'
exit $failed
