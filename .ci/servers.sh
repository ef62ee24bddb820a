# shellcheck shell=bash
# The PostgreSQL and the Redis that the suite runs against: those that are named,
# else those that answer on the standard local ports, else private ones. Sourced,
# with stages.sh and packages.sh.
#
# Sets and exports TEST_DATABASE_URL, TEST_REDIS_URL, and for the tests that start
# servers of their own TEST_POSTGRES_BIN (a folder) and TEST_REDIS_SERVER (a program).

oldest_postgres=15
oldest_redis=7
servers_folder=
postgres_pid=
redis_pid=
local_postgres=no
local_redis=no

# The folder of the newest PostgreSQL server that is installed; nothing where none is.
postgres_bin() {
  local folder
  while read -r folder; do
    if [[ -x $folder/initdb && -x $folder/postgres ]]; then
      echo "$folder"
      return
    fi
  done < <(
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV
    dirname "$(command -v initdb || true)"
    if command -v pg_config >/dev/null; then pg_config --bindir; fi
  )
}

# The major number in a version such as "postgres (PostgreSQL) 15.8" or "v=7.0.15".
major() {
  sed -n 's/^[^0-9]*\([0-9][0-9]*\).*/\1/p' | head -n 1
}

# The programs of both servers, installed if need be. They are needed even where
# servers answer, because the tests of faults and of TLS start their own.
need_server_programs() {
  local packages=()
  if [[ -z $(postgres_bin) ]] || ! command -v psql >/dev/null; then packages+=(postgresql); fi
  if ! command -v redis-server >/dev/null || ! command -v redis-cli >/dev/null; then packages+=(redis-server); fi
  if [[ ${#packages[@]} -gt 0 ]]; then
    install_packages "the suite needs the servers of PostgreSQL and Redis" "${packages[@]}"
  fi
  TEST_POSTGRES_BIN=$(postgres_bin)
  [[ -n $TEST_POSTGRES_BIN ]] || fail "no initdb and postgres are to be found after the installation"
  TEST_REDIS_SERVER=$(command -v redis-server) || fail "no redis-server is to be found after the installation"
  local found
  found=$("$TEST_POSTGRES_BIN/postgres" --version | major)
  [[ $found -ge $oldest_postgres ]] || fail "PostgreSQL $oldest_postgres or newer is needed, $TEST_POSTGRES_BIN has $found"
  found=$("$TEST_REDIS_SERVER" --version | major)
  [[ $found -ge $oldest_redis ]] || fail "Redis $oldest_redis or newer is needed, $TEST_REDIS_SERVER is $found"
  export TEST_POSTGRES_BIN TEST_REDIS_SERVER
}

# The server's major version, where this URL may create databases there.
postgres_at() {
  PGCONNECT_TIMEOUT=3 psql -X -w -At "$1" 2>/dev/null \
    -c "select current_setting('server_version_num')::int / 10000 from pg_roles
        where rolname = current_user and (rolsuper or rolcreatedb)"
}

redis_at() {
  redis-cli -u "$1" --no-auth-warning info server 2>/dev/null </dev/null | sed -n 's/^redis_version://p' | major
}

port_answers() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Whether a server of HTTP on this port answers 200 at this path.
answers_ok() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
    read -r -t 5 status <&3 && [[ $status == "HTTP/1.1 200"* ]]
  ) 2>/dev/null
}

# A port below the range that the system hands out by itself, where nothing answers.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    if ! port_answers "$port"; then
      echo "$port"
      return
    fi
  done
  fail "no free port was found"
}

find_postgres() {
  local url found
  if [[ -n ${TEST_DATABASE_URL:-} ]]; then
    found=$(postgres_at "$TEST_DATABASE_URL" || true)
    [[ -n $found ]] || fail "TEST_DATABASE_URL: no server answers there, or the user may not create databases"
    [[ $found -ge $oldest_postgres ]] || fail "TEST_DATABASE_URL: PostgreSQL $oldest_postgres or newer is needed, this is $found"
    echo "PostgreSQL $found, named by TEST_DATABASE_URL"
    return
  fi
  if [[ $local_postgres == yes ]]; then
    for url in postgres://postgres@127.0.0.1:5432/postgres "postgres://$(id -un)@127.0.0.1:5432/postgres" \
      "postgres:///postgres?host=/var/run/postgresql&port=5432"; do
      found=$(postgres_at "$url" || true)
      if [[ -n $found && $found -ge $oldest_postgres ]]; then
        TEST_DATABASE_URL=$url
        echo "PostgreSQL $found on the standard port"
        return
      fi
    done
    echo "what answers on port 5432 is not PostgreSQL $oldest_postgres or newer where we may create databases"
  fi
  start_postgres
}

find_redis() {
  local found
  if [[ -n ${TEST_REDIS_URL:-} ]]; then
    found=$(redis_at "$TEST_REDIS_URL" || true)
    [[ -n $found ]] || fail "TEST_REDIS_URL: no Redis answers there"
    [[ $found -ge $oldest_redis ]] || fail "TEST_REDIS_URL: Redis $oldest_redis or newer is needed, this is $found"
    echo "Redis $found, named by TEST_REDIS_URL"
    return
  fi
  if [[ $local_redis == yes ]]; then
    found=$(redis_at redis://127.0.0.1:6379 || true)
    if [[ -n $found && $found -ge $oldest_redis ]]; then
      TEST_REDIS_URL=redis://127.0.0.1:6379
      echo "Redis $found on the standard port"
      return
    fi
    echo "what answers on port 6379 is not Redis $oldest_redis or newer that lets us in"
  fi
  start_redis
}

need_servers_folder() {
  if [[ -z $servers_folder ]]; then
    servers_folder=$(mktemp -d -t onegrid-servers.XXXXXX)
    chmod 755 "$servers_folder"
  fi
}

# PostgreSQL refuses to run as root. Replaces the process, so that its id is the server's.
exec_as_postgres() {
  if [[ $EUID -eq 0 ]]; then
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
  fi
  exec "$@"
}

# wait_until SECONDS PID COMMAND…: until the command succeeds, while the process lives.
wait_until() {
  local until=$((SECONDS + $1)) pid=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "$pid" 2>/dev/null || [[ $SECONDS -ge $until ]]; then return 1; fi
    sleep 0.05
  done
}

start_postgres() {
  need_servers_folder
  local folder=$servers_folder/postgres port
  mkdir "$folder"
  if [[ $EUID -eq 0 ]]; then
    id postgres >/dev/null 2>&1 || fail "root needs a user named postgres to run PostgreSQL as"
    chown postgres "$folder"
    (exec_as_postgres test -x "$folder") || fail "the user postgres cannot reach $folder; set TMPDIR to a folder that all may enter"
  fi
  # Nothing here outlives the run, so nothing waits for the disk.
  (cd "$folder" && exec_as_postgres "$TEST_POSTGRES_BIN/initdb" --pgdata="$folder/data" --username=postgres \
    --auth=trust --encoding=UTF8 --locale=C --no-sync >initdb.log 2>&1) || fail "initdb: $(cat "$folder/initdb.log")"
  port=$(free_port)
  (cd "$folder" && exec_as_postgres "$TEST_POSTGRES_BIN/postgres" -D "$folder/data" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 \
    -c fsync=off -c full_page_writes=off >"$folder/server.log" 2>&1 </dev/null) &
  postgres_pid=$!
  TEST_DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres
  wait_until 60 "$postgres_pid" postgres_at "$TEST_DATABASE_URL" || fail "PostgreSQL did not start: $(tail -n 20 "$folder/server.log")"
  echo "PostgreSQL $(postgres_at "$TEST_DATABASE_URL"), private, on port $port, process $postgres_pid"
}

redis_answers() {
  [[ -n $(redis_at "$1") ]]
}

start_redis() {
  need_servers_folder
  local folder=$servers_folder/redis port
  mkdir "$folder"
  port=$(free_port)
  "$TEST_REDIS_SERVER" --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$folder" --daemonize no \
    >"$folder/server.log" 2>&1 </dev/null &
  redis_pid=$!
  TEST_REDIS_URL=redis://127.0.0.1:$port
  wait_until 60 "$redis_pid" redis_answers "$TEST_REDIS_URL" || fail "Redis did not start: $(tail -n 20 "$folder/server.log")"
  echo "Redis $(redis_at "$TEST_REDIS_URL"), private, on port $port, process $redis_pid"
}

find_servers() {
  # Asked before anything is installed: an installation may start servers on these
  # ports, and those nobody has offered to us.
  if port_answers 5432; then local_postgres=yes; fi
  if port_answers 6379; then local_redis=yes; fi
  need_server_programs
  find_postgres
  find_redis
  export TEST_DATABASE_URL TEST_REDIS_URL
}

# Ends what `find_servers` started, and nothing else.
stop_servers() {
  # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
  if [[ -n $postgres_pid ]]; then kill -INT "$postgres_pid" 2>/dev/null || true; fi
  if [[ -n $redis_pid ]]; then kill "$redis_pid" 2>/dev/null || true; fi
  if [[ -n $postgres_pid ]]; then wait "$postgres_pid" 2>/dev/null || true; fi
  if [[ -n $redis_pid ]]; then wait "$redis_pid" 2>/dev/null || true; fi
  postgres_pid=
  redis_pid=
  if [[ -n $servers_folder ]]; then rm -rf "$servers_folder"; fi
  servers_folder=
}
