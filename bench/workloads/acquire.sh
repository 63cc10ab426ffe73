# shellcheck shell=bash
# Acquisition and release, and renewals, of random rows by 1 to 64 clients;
# and acquisition of many rows by a call.

# SERVICE:DURABLE:WHAT
ACQUIRE_RUNS=(bare:durable:release locking:durable:release as-installed:durable:release redis-always:durable:release
	bare:volatile:release locking:volatile:release as-installed:volatile:release advisory:volatile:release redis-none:volatile:release
	bare:durable:renew locking:durable:renew redis-always:durable:renew
	bare:volatile:renew locking:volatile:renew redis-none:volatile:renew)

service_task() { # DURABLE WHAT CLIENTS
	local what='acquire + release'
	[ "$2" = release ] || what='renew'
	if [ "$1" = durable ]; then echo "$what, durable, $3 clients"; else echo "$what, not durable, $3 clients"; fi
}

acquire_once() { # SERVICE DURABLE WHAT CLIENTS ROUND
	local rate rest
	drive "$1" "$2" "$3" "$4" 100000
	read -r rate rest <<<"$OUT"
	record acquire "$(service_task "$2" "$3" "$4")" - "$1" "$5" "$rate" 'per s'
	clean_locks "$1"
}

acquire_round() { # CLIENTS ROUND
	local one service durable what
	progress "acquire: $1 clients, round $2"
	for one in $(in_turn "$2" "${ACQUIRE_RUNS[@]}"); do
		IFS=: read -r service durable what <<<"$one"
		acquire_once "$service" "$durable" "$what" "$1" "$2"
	done
}

# One call, one transaction.
acquire_all_round() { # ROUND
	use on
	sql -c "SELECT bench.ms('SELECT count(*) FROM locking.acquire_all(''bench.doc'', ARRAY(SELECT g::text FROM generate_series(1, 10000) g))')"
	record acquire 'acquire_all of 10,000 rows' - locking "$1" "$OUT" ms
	clean_locks locking
	sql -c "SELECT bench.ms('INSERT INTO bench.bare_lock SELECT g, current_user, nextval(''bench.bare_token''),
		clock_timestamp() + interval ''2 minutes'' FROM generate_series(1, 10000) g ON CONFLICT DO NOTHING')"
	record acquire 'acquire_all of 10,000 rows' - bare "$1" "$OUT" ms
	clean_locks bare
}

acquire() {
	local round clients
	make_locks
	for round in $(seq 0 "$ROUNDS"); do
		acquire_all_round "$round"
		for clients in ${CLIENTS:?}; do
			# the target is for 16 clients, so the others have fewer rounds
			if [ "$clients" = 16 ] || { [ "$round" -ge 1 ] && [ "$round" -le 3 ]; }; then
				acquire_round "$clients" "$round"
			fi
		done
	done
}
