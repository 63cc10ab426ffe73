# shellcheck shell=bash
# Shared by the workloads: several clusters at a time, timing, results.
#
# Sourced after test/lib.sh. Every result is a line of WORK/results.tsv:
# workload, task, gate (on, off, or - where it makes no difference), variant,
# round, value, unit. Round 0 warms up and is not recorded.

DATABASE=bench
declare -A HOSTS=()

# ----------------------------------------------------------------------------
# Clusters
# ----------------------------------------------------------------------------

cluster_lines() { # GATE SLOTS
	printf '%s\n' 'autovacuum = off' 'jit = off' 'bgwriter_lru_maxpages = 0' \
		'checkpoint_timeout = 1h' 'locking.notify = off' 'locking.history = off'
	case $1 in
		off) echo "session_preload_libraries = 'locking'" ;;
		on) printf '%s\n' "shared_preload_libraries = 'locking'" "locking.gate_slots = $2" ;;
	esac
}

# The clusters run at the same time, so that compared variants are measured in
# turn.
start_bench_cluster() { # NAME GATE SLOTS [LINE...]
	local -a lines
	mapfile -t lines < <(cluster_lines "$2" "$3")
	start_cluster "$1" "${lines[@]}" "${@:4}"
	HOSTS[$1]=$PGHOST
	run createdb bench
	sql -f "$BENCH/sql/setup.sql"
}

use() { # NAME: the cluster for the following commands
	PGHOST=${HOSTS[$1]}
}

stop_clusters() { # NAME...
	local name
	for name; do
		stop_cluster "$name"
		rm -rf "${WORK:?}/$name" "$WORK/$name.socket"
		unset "HOSTS[$name]"
	done
}

# ----------------------------------------------------------------------------
# Running and measuring
# ----------------------------------------------------------------------------

# Runs a program as the user who runs the servers, until its end or an
# interrupt, and sets OUT to its output.
OUT=
run() { # COMMAND...
	guarded "$WORK/out" "$@" || { cat "$WORK/out" >&2; return 1; }
	# shellcheck disable=SC2034 # the workloads read it
	OUT=$(<"$WORK/out")
}

sql() { run psql -X -q -At -v ON_ERROR_STOP=1 -d "$DATABASE" "$@"; }

# Sets OUT to the processor time of a bulk UPDATE, in ms. The UPDATE of a
# single row before it loads the caches of the session.
time_update() { # TABLE VARIANT KEY
	use_variant "$1" "$2"
	sql -c "UPDATE $1 SET v = v + 1 WHERE id = $3" -c "SELECT bench.busy_ms('UPDATE $1 SET v = v + 1')"
}

use_variant() { # TABLE VARIANT
	sql -c "SELECT bench.use('$1', '$2')"
}

record() { # WORKLOAD TASK GATE VARIANT ROUND VALUE UNIT
	local IFS=$'\t'
	[ "$5" = 0 ] || printf '%s\n' "$*" >>"$WORK/results.tsv"
}

per_row() { # MS ROWS: ns
	awk -v ms="$1" -v rows="$2" 'BEGIN { printf "%.2f", ms * 1e6 / rows }'
}

# The lower of the two in the middle, if their number is even.
median() { sort -g | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

# Forwards and backwards in turn, so that no item always has the better place.
in_turn() { # ROUND ITEM...
	local i
	if (($1 % 2)); then
		echo "${@:2}"
	else
		for ((i = $#; i > 1; i--)); do printf '%s ' "${!i}"; done
	fi
}

progress() { say "$(date +%T) $*"; }

# ----------------------------------------------------------------------------
# Redis
# ----------------------------------------------------------------------------

# The server is part of Debian's redis-tools. The package redis-server only
# adds a link and a service, which would be started at once.
REDIS_PIDS=()
start_redis() { # NAME OPTION...
	local folder=$WORK/redis_$1 tries
	as_user mkdir -p "$folder"
	as_user ln -sf "$(command -v redis-check-rdb)" "$WORK/redis-server"
	setsid "${AS_USER[@]}" "$WORK/redis-server" --port 0 --unixsocket "$(redis_socket "$1")" \
		--dir "$folder" --save '' "${@:2}" >"$folder.log" 2>&1 &
	REDIS_PIDS+=($!)
	for ((tries = 0; tries < 100; tries++)); do
		if redis-cli -s "$(redis_socket "$1")" ping >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	cat "$folder.log" >&2
	return 1
}

redis_socket() { echo "${HOSTS[on]%/*}/redis_$1.socket"; }

stop_redis() {
	[ ${#REDIS_PIDS[@]} -gt 0 ] || return 0
	kill -TERM "${REDIS_PIDS[@]}" 2>/dev/null || true
	wait "${REDIS_PIDS[@]}" 2>/dev/null || true
	REDIS_PIDS=()
}
