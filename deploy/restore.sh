#!/usr/bin/env bash
# Puts a backup made by backup.sh where the settings say: an empty data folder, an empty database.
#
#   deploy/restore.sh FOLDER/greenroom-TIME
#
# Nothing is overwritten, and nothing may be running. Afterwards the audit log is verified, and
# everybody is stopped: what was revoked after the backup was made is good again until it is
# revoked once more. `python -m auth resume everybody` opens the room.
set -euo pipefail
umask 077
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=deploy/places.sh
. "$here/places.sh"

refuse() {
    echo "Nothing was restored. $1" >&2
    exit 1
}

backup=$(cd "${1:?"Say what: deploy/restore.sh FOLDER/greenroom-TIME"}" && pwd)
(cd "$backup" && sha256sum --quiet --strict --check SHA256SUMS) ||
    refuse "The backup is damaged: its checksums differ. Take another one."

mkdir -p "$data"
for lock in web.lock worker.lock; do
    { [ -e "$data/$lock" ] && ! flock -n "$data/$lock" true; } &&
        refuse "Greenroom is running on $data. Stop it first."
done
[ -z "$(find "$data" -mindepth 1 -maxdepth 1 ! -name '*.lock' ! -path "$media" -print -quit)" ] ||
    refuse "$data is not empty. Move what it holds away first."
case $media in
*://*) ;;
*)
    mkdir -p "$media"
    [ -z "$(ls -A "$media")" ] || refuse "$media is not empty. Move what it holds away first."
    ;;
esac

case $database in
postgresql:*)
    [ -e "$backup/database.dump" ] || refuse "The backup is of SQLite, the settings name Postgres."
    tables="SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    [ "$(psql -XAtc "$tables" "$database")" = 0 ] ||
        refuse "The database is not empty. Make a new one and name it in GREENROOM_DATABASE_URL."
    pg_restore --no-owner --no-privileges --exit-on-error --single-transaction \
        --dbname="$database" "$backup/database.dump"
    ;;
*)
    [ -e "$backup/greenroom.db" ] || refuse "The backup is of Postgres, the settings name SQLite."
    [ ! -e "$database" ] || refuse "$database is there already. Move it away first."
    cp -- "$backup/greenroom.db" "$database"
    ;;
esac
tar -C "$data" -xpf "$backup/data.tar"
[ ! -e "$backup/media.tar" ] || case $media in
*://*) echo "The media of this backup were on a disk: copy $backup/media.tar into $media." >&2 ;;
*) tar -C "$media" -xpf "$backup/media.tar" ;;
esac

cd "$house"
"$python" -m auth stop everybody --message "Restored from a backup; an admin looks at it first" --yes
"$python" -m auth audit verify
echo "Restored. Revoke again what was revoked since, then: python -m auth resume everybody"
