#!/usr/bin/env bash
# Copies everything a Greenroom needs to stand up again: database, media, the data folder's secret.
#
#   deploy/backup.sh FOLDER [KEEP]
#
# Makes FOLDER/greenroom-TIME, whole or not at all, while Greenroom runs; with KEEP, the older ones
# beyond so many are removed. Reads the same settings as Greenroom does: GREENROOM_DATA,
# GREENROOM_DATABASE_URL, GREENROOM_MEDIA. What it makes opens everything: keep it like the secret.
# Media in a bucket are not copied: switch its versioning on.
set -euo pipefail
umask 077
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=deploy/places.sh
. "$here/places.sh"

folder=${1:?"Say where to: deploy/backup.sh FOLDER [KEEP]"}
keep=${2:-0}
mkdir -p "$folder"
draft=$(mktemp -d "$folder/.draft-XXXXXX")
trap 'rm -rf "$draft"' EXIT

# The database first: media are written before the rows that name them, so that every row of this
# copy finds its file in the copy of the media, which is made after it.
case $database in
postgresql:*)
    pg_dump --format=custom --no-owner --no-privileges --file="$draft/database.dump" "$database"
    ;;
*)
    "$python" - "$database" "$draft/greenroom.db" <<'PYTHON'
import sqlite3, sys

source, copy = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True), sqlite3.connect(sys.argv[2])
source.backup(copy)
copy.execute("PRAGMA journal_mode=DELETE")
[verdict] = copy.execute("PRAGMA integrity_check").fetchone()
sys.exit(0 if verdict == "ok" else f"The copy of the database is not whole: {verdict}")
PYTHON
    ;;
esac

tar -C "$data" -cf "$draft/data.tar" --exclude='./greenroom.db*' --exclude=./clips --exclude=./drafts \
    --exclude='./*.lock' .
case $media in
*://*) echo "Media in $media are not copied." >&2 ;;
*)
    mkdir -p "$media"
    # 1: a file went away while it was read, as an erased one does. It is in no row either.
    tar -C "$media" -cf "$draft/media.tar" --exclude=./.drafts --warning=no-file-removed \
        --warning=no-file-changed . || [ $? -eq 1 ]
    ;;
esac

(cd "$draft" && sha256sum -- * >SHA256SUMS)
sync -f "$draft"
backup=$folder/greenroom-$(date -u +%Y%m%dT%H%M%SZ)
mv -T "$draft" "$backup"
trap - EXIT
if [ "$keep" -gt 0 ]; then
    find "$folder" -maxdepth 1 -type d -name 'greenroom-*' | sort | head -n "-$keep" | xargs -r rm -rf --
fi
echo "$backup"
