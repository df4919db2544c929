#!/bin/sh
# Starts PostgreSQL on the volume /data, which is made ready at the first start. Debian's programs are under /usr/lib/postgresql/VERSION/bin.
set -eu
for bin in /usr/lib/postgresql/*/bin; do :; done
[ -x "$bin/postgres" ] || { echo 'db: PostgreSQL is not installed on this machine' >&2; exit 1; }
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }

mkdir -p /data/cluster
chown postgres:postgres /data/cluster
chmod 0700 /data/cluster
if [ ! -e /data/cluster/PG_VERSION ]; then
  as_postgres "$bin/initdb" --pgdata /data/cluster --username shop --auth password --pwfile /run/secrets/db-password --encoding UTF8 --locale C --no-sync
  echo 'host all all all password' >>/data/cluster/pg_hba.conf
fi
exec setpriv --reuid postgres --regid postgres --init-groups "$bin/postgres" -D /data/cluster \
  -c listen_addresses='*' -c unix_socket_directories=/tmp -c shared_buffers=32MB -c max_connections=20
