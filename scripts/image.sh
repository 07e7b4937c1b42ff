#!/bin/sh
# Lay out build/image: the wheels that requirements/run.lock pins and our own, the client, the Containerfile.
#   scripts/image.sh              only the folder, for any builder:  docker build build/image
#   scripts/image.sh TAG [BASE]   and build it with podman
set -eu
cd "$(dirname "$0")/.."
context=build/image
rm -rf "$context"
mkdir -p "$context/wheels"
# What the server imports at run time, without the tools that only build.
.venv/bin/python -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes -r requirements/server.lock -d "$context/wheels"
for package in shared/protocol server; do
    .venv/bin/uv build -q --wheel --no-build-isolation --out-dir "$context/wheels" "$package"
done
rm -f "$context/wheels/.gitignore"
cp -R build/client "$context/client"
cp deploy/Containerfile "$context/Containerfile"
[ $# -gt 0 ] || exit 0
tag=$1
base=${2:-}
# shellcheck disable=SC2086 # an absent base means no argument
podman build --runtime runc -q ${base:+--build-arg BASE="$base"} --tag "$tag" --network none \
    --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 "$context"
