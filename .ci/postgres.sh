#!/usr/bin/env bash
# A throw-away PostgreSQL for the tests, on loopback only.
#   .ci/postgres.sh start   prints its URL (idempotent; root: installs Debian's postgresql when it is missing and runs it as user postgres)
#   .ci/postgres.sh stop    stops it and removes its files
#   .ci/postgres.sh url     prints the URL
# In a script:  ASSISTANT_TEST_POSTGRES=$(.ci/postgres.sh start) && export ASSISTANT_TEST_POSTGRES
# ASSISTANT_PG_PORT (5433) and ASSISTANT_PG_DIR (/tmp/assistant-postgres-PORT) move it. Exit codes: 0 ready, 1 cannot start, 2 usage.
set -euo pipefail

port=${ASSISTANT_PG_PORT:-5433}
base=${ASSISTANT_PG_DIR:-/tmp/assistant-postgres-$port}
data=$base/data
log=$base/server.log
# No password: it listens on loopback and in a directory of its own, and holds nothing but test data.
url="postgresql+psycopg://postgres@127.0.0.1:$port/postgres"

say() { printf 'postgres.sh: %s\n' "$*" >&2; }

find_bin() {  # the newest version's own folder first: Debian does not put initdb on the PATH
  local dir
  while IFS= read -r dir; do
    if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && [ -x "$dir/postgres" ]; then printf '%s\n' "$dir"; return 0; fi
  done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV)
  if command -v initdb >/dev/null && command -v pg_ctl >/dev/null && initdb --version >/dev/null 2>&1; then
    dirname "$(readlink -f "$(command -v initdb)")"; return 0
  fi
  return 1
}

install_server() {
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    say "no initdb found: install PostgreSQL (Debian: apt-get install postgresql), or set ASSISTANT_TEST_POSTGRES to a server's URL"
    return 1
  fi
  say "installing postgresql"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql; } >&2
}

as_server() {  # PostgreSQL refuses to run as root
  if [ "$(id -u)" -eq 0 ]; then (cd / && setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups env HOME="$base" "$@"); else "$@"; fi
}

start() {
  local bin
  find_bin >/dev/null || install_server
  bin=$(find_bin) || { say "no usable initdb"; return 1; }
  if [ -f "$data/PG_VERSION" ] && as_server "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; then printf '%s\n' "$url"; return 0; fi
  if [ ! -f "$data/PG_VERSION" ]; then
    mkdir -p "$base"
    if [ "$(id -u)" -eq 0 ]; then
      id postgres >/dev/null 2>&1 || useradd --system --home-dir "$base" --shell /usr/sbin/nologin postgres
      chown postgres "$base"
    fi
    chmod 700 "$base"
    as_server "$bin/initdb" -D "$data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$base/initdb.log" 2>&1 \
      || { cat "$base/initdb.log" >&2; return 1; }
  fi
  # fsync off: what is lost with the power is only test data. kill -9 of a client still tests everything.
  as_server "$bin/pg_ctl" -D "$data" -l "$log" -w -t 60 start \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$base -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 -c shared_buffers=64MB" \
    >/dev/null || { [ -f "$log" ] && tail -n 20 "$log" >&2; say "could not start on port $port"; return 1; }
  printf '%s\n' "$url"
}

stop() {
  local bin
  if bin=$(find_bin) && [ -f "$data/PG_VERSION" ]; then as_server "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1 || true; fi
  rm -rf -- "$base"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  url) printf '%s\n' "$url" ;;
  *) say "usage: postgres.sh start|stop|url"; exit 2 ;;
esac
