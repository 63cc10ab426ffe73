# shellcheck shell=bash
# shellcheck disable=SC2034 # drive() expands them by name
# The lock services that "acquire" and "contention" compare, all with the same
# client, client/lock_client.

# shellcheck disable=SC2016 # the dollars are PostgreSQL's
BARE_ACQUIRE='INSERT INTO bench.bare_lock AS l
	VALUES ($1::int, $2, nextval($$bench.bare_token$$), clock_timestamp() + interval $$2 minutes$$)
	ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, token = excluded.token, expires_at = excluded.expires_at
	WHERE l.expires_at < clock_timestamp() RETURNING token'
# shellcheck disable=SC2016
BARE_RELEASE='DELETE FROM bench.bare_lock WHERE token = $1::bigint AND key = $2::int'
# shellcheck disable=SC2016
BARE_RENEW='UPDATE bench.bare_lock SET expires_at = clock_timestamp() + interval $$2 minutes$$
	WHERE token = $1::bigint AND key = $2::int RETURNING expires_at'
# shellcheck disable=SC2016
LOCKING_ACQUIRE='SELECT token FROM locking.try_acquire($$bench.doc$$, $1::int) WHERE granted'
# shellcheck disable=SC2016
LOCKING_WAIT='SELECT locking.acquire($$bench.doc$$, $1::int, wait => $$1 hour$$)'
# shellcheck disable=SC2016
LOCKING_RELEASE='SELECT locking.release($1::bigint)'
# shellcheck disable=SC2016
LOCKING_RENEW='SELECT locking.renew($1::bigint)'
# shellcheck disable=SC2016
ADVISORY_ACQUIRE='SELECT 1 WHERE pg_try_advisory_lock(1, $1::int)'
# shellcheck disable=SC2016
ADVISORY_RELEASE='SELECT pg_advisory_unlock($1::int, $2::int)'
REDIS_RELEASE='if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end'
REDIS_RENEW='if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("pexpire", KEYS[1], 120000) else return 0 end'

LOCKS_MADE=
make_locks() {
	[ -z "$LOCKS_MADE" ] || return 0
	progress 'locks: tables, and two Redis servers'
	use on
	sql -f "$BENCH/sql/locks.sql"
	start_redis none --appendonly no
	start_redis always --appendonly yes --appendfsync always
	LOCKS_MADE=yes
}

connection() { # DURABLE [OPTION...]: for libpq
	local options=''
	[ "$1" = durable ] || options='-csynchronous_commit=off'
	echo "host=$PGHOST port=$PGPORT user=$PGUSER dbname=$DATABASE options='$options ${*:2}'"
}

# Runs the clients of a service, and sets OUT to: rate, p99 of an answer, p99
# until the lock is acquired, rate of refusals.
drive() { # SERVICE DURABLE WHAT(release|renew) CLIENTS KEYS
	local -a load=("$SRC/bench/client/lock_client" -c "$4" -k "$5" -s "$SECONDS_EACH") words
	local proceed
	[ "$3" = release ] || load+=(-r)
	use on
	case $1 in
		bare) proceed=BARE_${3^^}; words=(postgres "$(connection "$2")" "$BARE_ACQUIRE" "${!proceed}") ;;
		locking) proceed=LOCKING_${3^^}; words=(postgres "$(connection "$2")" "$LOCKING_ACQUIRE" "${!proceed}") ;;
		waiting) proceed=LOCKING_${3^^}; words=(postgres "$(connection "$2")" "$LOCKING_WAIT" "${!proceed}") ;;
		as-installed) proceed=LOCKING_${3^^}
			words=(postgres "$(connection "$2" -clocking.notify=on -clocking.history=on)" "$LOCKING_ACQUIRE" "${!proceed}") ;;
		advisory) words=(postgres "$(connection "$2")" "$ADVISORY_ACQUIRE" "$ADVISORY_RELEASE") ;;
		redis-*) proceed=REDIS_${3^^}; words=(redis "$(redis_socket "${1#*-}")" '' "${!proceed}") ;;
	esac
	run "${load[@]}" "${words[@]}"
}

clean_locks() { # SERVICE
	case $1 in
		bare) sql -c 'DELETE FROM bench.bare_lock' -c 'VACUUM bench.bare_lock' ;;
		locking | waiting | as-installed) sql -c 'DELETE FROM locking.lock' -c 'VACUUM locking.lock' -c 'TRUNCATE locking.event' ;;
		redis-*) run redis-cli -s "$(redis_socket "${1#*-}")" flushall ;;
	esac
}
