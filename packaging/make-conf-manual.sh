#!/bin/sh
# make-conf-manual.sh PROGRAM OUTPUT - kinroom.conf(5), from the table of options that the program itself prints.
set -eu
{
    cat <<'HEAD'
.Dd December 1, 2026
.Dt KINROOM.CONF 5
.Os
.Sh NAME
.Nm kinroom.conf
.Nd configuration of kinroom
.Sh DESCRIPTION
One option a line, as
.Ql name = value ;
lines that begin with
.Ql #
are comments.
Defaults are in brackets.
.Bl -tag -width Ds
HEAD
    "$1" help | sed -n '/^Options of serve/,/^Options of load/s/^  --//p' |
        sed -E -e 's/\\/\\e/g' -e "s/^([a-z0-9-]+) +/.It Cm \\1\\n\\\\\&/" -e 's/\. ([A-Z])/.\n\1/g'
    cat <<'TAIL'
.El
.Sh FILES
.Pa /etc/kinroom/kinroom.conf
.Sh SEE ALSO
.Xr kinroom 1
TAIL
} >"$2.new"
mv "$2.new" "$2"
