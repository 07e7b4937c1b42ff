#!/bin/sh
# Everything a fresh Debian 12 with git, make and python3 lacks. Idempotent: a stamp per step, keyed by what the step reads.
#   scripts/setup.sh run     what `make run` needs
#   scripts/setup.sh check   what `make check` needs: no system package
#   scripts/setup.sh docs    what `make docs` needs
#   scripts/setup.sh test    and what `make test` needs: tools, browsers, PostgreSQL, an S3 server, podman, DICOM checkers
set -eu
cd "$(dirname "$0")/.."
want=${1:-run}
mkdir -p .stamps

need_apt() { # need_apt PACKAGE... : installs what is missing, or says what to install
    missing=""
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing system packages:$missing"
        apt-get update -qq
        # The tests start servers of their own: none that is installed for them is started as a service.
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod +x "$policy"
            trap 'rm -f "$policy"' EXIT
        fi
        # shellcheck disable=SC2086 # one word a package
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >.stamps/apt.log 2>&1 ||
            { tail -n 20 .stamps/apt.log >&2; echo "setup: apt could not install:$missing" >&2; exit 1; }
    else
        echo "setup: these system packages are missing:$missing" >&2
        echo "setup: install them first:  sudo apt-get install$missing" >&2
        exit 1
    fi
}

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "setup: Python 3.11 or newer is needed" >&2; exit 1; }
if [ ! -x .venv/bin/python ]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_apt python3-venv
    python3 -m venv .venv
fi

done_already() { # done_already STEP FILE... : true when STEP last ran on exactly these files
    step=$1; shift
    stamp=$(cat "$@" scripts/setup.sh | sha256sum | cut -d' ' -f1)
    [ "$(cat ".stamps/$step" 2>/dev/null)" = "$stamp" ]
}
mark_done() { printf '%s\n' "$stamp" >".stamps/$step"; }

install_python() { # install_python LOCK
    if ! done_already "python-$1" "requirements/$1.lock" shared/protocol/pyproject.toml shared/media/pyproject.toml shared/dicom/pyproject.toml server/pyproject.toml cli/pyproject.toml; then
        echo "setup: installing Python packages ($1)"
        .venv/bin/python -m pip install -q --disable-pip-version-check "$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements/run.lock)"
        export UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV="$PWD/.venv"
        .venv/bin/uv pip install -q --require-hashes -r "requirements/$1.lock"
        .venv/bin/uv pip install -q --no-deps --no-build-isolation -e shared/protocol -e shared/media -e shared/dicom -e server -e cli
        mark_done
    fi
}

install_python run
case $want in
run) ;;
docs)
    if ! done_already python-docs requirements/docs.lock; then
        echo "setup: installing Python packages (docs)"
        UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install -q --require-hashes -r requirements/docs.lock
        mark_done
    fi
    ;;
*) install_python dev ;;
esac
if [ "$want" = test ]; then
    need_apt chromium firefox-esr fonts-liberation fonts-noto-color-emoji postgresql \
        radosgw ceph-mon ceph-osd ceph-common \
        podman buildah runc netavark aardvark-dns iptables debootstrap \
        nginx-light apache2-bin caddy \
        dicom3tools dcmtk \
        ffmpeg imagemagick graphicsmagick libjpeg-turbo-progs webp gifsicle optipng \
        libavif-bin libheif-examples libimage-exiftool-perl \
        lame twolame sox libsox-fmt-mp3 flac vorbis-tools opus-tools speex sndfile-programs \
        gstreamer1.0-tools mkvtoolnix atomicparsley \
        gir1.2-webkit2-4.1 python3-gi python3-gi-cairo xvfb \
        gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav
fi
