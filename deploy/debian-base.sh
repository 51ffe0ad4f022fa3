#!/bin/sh
# Make a base image of Debian's own packages, for machines that reach a mirror of Debian and no registry of images. As root:
#
#     sh debian-base.sh localhost/debian-python [bookworm [http://deb.debian.org/debian]]
#
# It takes debootstrap and buildah; buildah's own settings (STORAGE_DRIVER, --root by BUILDAH) are whoever calls it to choose.
set -eu

image=$1 suite=${2:-bookworm} mirror=${3:-http://deb.debian.org/debian}
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates "$suite" "$made/tree" "$mirror" >&2
# As in images of Python: it is called python, and pip installs for everybody.
ln -s python3 "$made/tree/usr/bin/python"
rm -f "$made"/tree/usr/lib/python3*/EXTERNALLY-MANAGED
rm -rf "$made"/tree/var/cache/apt/* "$made"/tree/var/lib/apt/lists/* "$made"/tree/var/log/* "$made"/tree/usr/share/doc/* \
    "$made"/tree/usr/share/man/* "$made"/tree/usr/share/locale/*

container=$(${BUILDAH:-buildah} from scratch)
${BUILDAH:-buildah} add --quiet "$container" "$made/tree" / > /dev/null
${BUILDAH:-buildah} commit --quiet --rm "$container" "$image"
