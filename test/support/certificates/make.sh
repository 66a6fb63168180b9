#!/bin/sh
# Makes the certificates of the tests anew: two authorities and their nodes, valid from 2020 to 2120, and one that has
# expired. Needs openssl 3; the tests do not, since what it made is kept. Run it in this folder.
set -eu

cat >ca.conf <<'END'
[ca]
default_ca = default
[default]
database = issued/index
rand_serial = yes
policy = policy
unique_subject = no
[policy]
commonName = supplied
END

request() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out request.pem
}

# sign FILE END OPTION...
sign() {
  file=$1 end=$2
  shift 2
  mkdir issued
  : >issued/index
  openssl ca -batch -notext -md sha256 -outdir issued -config ca.conf -extfile extensions -in request.pem \
    -out "$file.pem" -startdate 20200101000000Z -enddate "$end" "$@"
  rm -r request.pem extensions issued
}

authority() {
  request "$1"
  printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >extensions
  sign "$1" 21200101000000Z -selfsign -keyfile "$1.key"
}

# node FILE AUTHORITY NAMES [END]
node() {
  request "$1"
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3" >extensions
  sign "$1" "${4:-21200101000000Z}" -cert "$2.pem" -keyfile "$2.key"
}

authority authority
authority foreign-authority
node a authority DNS:a
node a-renewed authority DNS:a
node b authority DNS:b,DNS:b2
node m authority 'DNS:m,DNS:*.example.com,DNS:host.example.com'
node b-foreign foreign-authority DNS:b
node b-expired authority DNS:b 20200201000000Z
rm ca.conf authority.key foreign-authority.key
