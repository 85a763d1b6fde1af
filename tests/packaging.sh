#!/bin/bash
# packaging.sh - packaging/ against the program and systemd: the configuration file names each option once, with its default; 'kinroom check'
# takes it, and tells a wrong line by its number; systemd understands the unit, and finds that it may do little.
# Usage: packaging.sh PROGRAM. Prints ok and not ok lines; exits with 1 when there is one of the latter.
set -uo pipefail
kinroom=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
EXPOSURE_MOST=20 # tenths, of the 0 to 10.0 that systemd counts: from 50 on it says 'medium'

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

judge() { # WHAT COMMAND...: ok when the command is, and what it said when not
    local what=$1
    shift
    if "$@" >"$folder/said" 2>&1; then
        printf 'ok %s\n' "$what"
    else
        printf 'not ok %s\n' "$what"
        sed 's/^/  /' "$folder/said"
        failed=1
    fi
}

# 'name = default' of each option, as the help tells it: no default has a space in it.
told() {
    "$kinroom" serve --help | sed -nE '/^Options of serve/,/^$/p' |
        sed -nE -e 's/^  --([a-z0-9-]+) .* \(([^() ]+)\)$/\1 = \2/p;t' -e 's/^  --([a-z0-9-]+) .*/\1 =/p' | sort
}

# The same of the file; what must be set has no default there.
commented() { sed -nE 's/^#([a-z0-9-]+ =.*)$/\1/p' packaging/kinroom.conf; }
set_there() { sed -nE 's/^([a-z0-9-]+) =.*/\1/p' packaging/kinroom.conf; }

names_each_option() {
    told >"$folder/told"
    [ -s "$folder/told" ] || { echo 'the help tells no option'; return 1; }
    while read -r name; do grep -E "^$name =" "$folder/told" || echo "$name is no option"; done < <(set_there) >"$folder/set"
    sort <(commented) "$folder/set" | diff - "$folder/told"
}

# The file with what must be set, of this folder.
filled() {
    sed -E "s,^(certificate|key|token-keys) = .*/,\1 = $folder/,; s,^#store = .*,store = $folder/store.db," packaging/kinroom.conf
}

is_taken() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null || return 1
    (umask 077 && "$kinroom" token key >"$folder/keys.jwk") || return 1
    filled >"$folder/kinroom.conf"
    "$kinroom" check --config "$folder/kinroom.conf"
}

# The line's number, and what it may be.
wrong_line_is_told() {
    local line
    filled | sed 's/^#https-port = .*/https-port = 70000/' >"$folder/wrong.conf"
    line=$(grep -n '^https-port' "$folder/wrong.conf" | cut -d: -f1)
    if "$kinroom" check --config "$folder/wrong.conf" >"$folder/told_wrong" 2>&1; then
        echo 'a port of 70000 was taken'
        return 1
    fi
    cat "$folder/told_wrong"
    grep -qE "(:| )$line[^0-9].*https-port.*65535" "$folder/told_wrong"
}

unit_is_understood() {
    sed "s,/usr/bin/kinroom,$kinroom," packaging/kinroom.service >"$folder/kinroom.service"
    # It ends well with some warnings; there must be none about this unit.
    systemd-analyze verify --man=no "$folder/kinroom.service" 2>&1 | grep 'kinroom.service' && return 1
    return 0
}

unit_may_do_little() { systemd-analyze security --offline=true --no-pager --threshold=$EXPOSURE_MOST "$folder/kinroom.service"; }

judge 'the configuration file names each option once, with its default' names_each_option
judge "kinroom check takes it once what must be set is there" is_taken
judge 'kinroom check tells a wrong line, and what may stand there' wrong_line_is_told
judge 'systemd understands the unit' unit_is_understood
judge 'systemd finds that the unit may do little' unit_may_do_little
exit $failed
