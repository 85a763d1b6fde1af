#!/bin/bash
# Makes a self-signed certificate for this machine alone: make-dev-certs.sh [FOLDER]   (default: certs/dev)
#
# Leaves FOLDER/cert.pem and FOLDER/key.pem. A pair that is good for another week is kept, so that a browser's exception lasts.
set -euo pipefail
umask 077

folder=${1:-"$(cd "$(dirname "$0")" && pwd)/dev"}
cert=$folder/cert.pem key=$folder/key.pem
week=$((7 * 24 * 3600))

if [ -s "$key" ] && openssl x509 -in "$cert" -noout -checkend "$week" >/dev/null 2>&1; then exit 0; fi

mkdir -p "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha256 -nodes -days 90 \
    -subj "/CN=Kinroom on this machine" \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1" \
    -addext "basicConstraints=critical,CA:FALSE" \
    -addext "keyUsage=critical,digitalSignature" \
    -addext "extendedKeyUsage=serverAuth" \
    -keyout "$key.new" -out "$cert.new" 2>/dev/null
mv "$key.new" "$key"
mv "$cert.new" "$cert"
