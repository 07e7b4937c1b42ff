#!/bin/sh
# A stand-in for the public base image, made from Debian packages, for places that cannot reach a registry of images.
#   scripts/standin_base.sh TAG
set -eu
tag=$1
podman image exists "$tag" && exit 0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$root" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; exit 1; }
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root.log"
tar -C "$root" -c . | podman import -q - "$tag" >/dev/null
