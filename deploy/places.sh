# Where this Greenroom keeps what it has, by the settings it reads itself. Sourced.
# shellcheck shell=bash disable=SC2034
house=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-$house/.venv/bin/python}
command -v "$python" >/dev/null 2>&1 || python=python3

data=$(realpath -m -- "${GREENROOM_DATA:-./data}")
export GREENROOM_DATA=$data
media=${GREENROOM_MEDIA:-$data/clips}
database=${GREENROOM_DATABASE_URL:-sqlite:///$data/greenroom.db}
case $database in
sqlite:///*) database=${database#sqlite:///} ;;
postgres://* | postgresql://* | postgresql+psycopg://*) database=postgresql://${database#*://} ;;
*)
    echo "GREENROOM_DATABASE_URL is of no kind that can be copied." >&2
    exit 1
    ;;
esac
