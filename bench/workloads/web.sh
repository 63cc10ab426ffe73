# shellcheck shell=bash
# locking-web, with the database and the load generators on the same machine,
# and all settings as installed except synchronous_commit. Each round starts a
# server for the requests and another one for the streams.

# shellcheck source-path=SCRIPTDIR source=../../test/web.sh
. "$HERE/../test/web.sh"

WEB_SESSIONS=4
WEB_ROWS=/api/v1/tables/bench.doc/rows/

web_sizes() {
	if [ -n "${QUICK:-}" ]; then : "${WEB_STREAMS:=500}" "${WEB_SECONDS:=1}" "${WEB_EVENTS:=5}"; fi
	: "${WEB_STREAMS:=5000}" "${WEB_SECONDS:=5}" "${WEB_EVENTS:=31}"
}

# ----------------------------------------------------------------------------
# Database and server
# ----------------------------------------------------------------------------

# 100,000 rows, every tenth of them locked by another owner.
make_web() {
	start_bench_cluster web on "$GATE_SLOTS" 'fsync = on' 'synchronous_commit = off' \
		'locking.notify = on' 'locking.history = on'
	sql -f "$BENCH/sql/locks.sql"
	sql -c "CREATE ROLE editor LOGIN PASSWORD 'editor-password'" -c "ALTER ROLE reader LOGIN PASSWORD 'reader-password'" \
		-c 'CREATE ROLE locking_web LOGIN' -c 'GRANT USAGE ON SCHEMA bench TO editor' \
		-c 'GRANT SELECT, UPDATE ON bench.doc TO editor'
	lock_every_tenth
	ask_for_passwords web postgres locking_web
}

lock_every_tenth() {
	sql -c 'DELETE FROM locking.lock' \
		-c "INSERT INTO locking.lock (relation, key, owner, expires_at)
			SELECT 'bench.doc'::regclass, g::text, 'somebody', now() + interval '1 day' FROM generate_series(10, 100000, 10) g" \
		-c 'VACUUM ANALYZE locking.lock, bench.doc'
}

start_for_many() {
	LOCKING_WEB_CONNECTIONS_PER_ADDRESS=0 LOCKING_WEB_STREAMS_PER_SESSION=100000 start_web "$DATABASE"
	WEB_URL=${WEB_ADDRESS%/}
	WEB_PID=$(<"$WORK/web.pid")
}

sign_in() { # fills COOKIES and CSRFS
	local n
	COOKIES=() CSRFS=()
	for ((n = 0; n < WEB_SESSIONS; n++)); do
		run curl -sSi -H 'Content-Type: application/json' -d '{"role": "editor", "password": "editor-password"}' "$WEB_URL/api/v1/session"
		[[ $OUT =~ locking_session=([0-9a-f]+) ]] && COOKIES+=("${BASH_REMATCH[1]}")
		[[ $OUT =~ \"csrf\":\ *\"([0-9a-f]+)\" ]] && CSRFS+=("${BASH_REMATCH[1]}")
	done
}

# ----------------------------------------------------------------------------
# Measuring
# ----------------------------------------------------------------------------

record_web() { # TASK ROUND VALUE UNIT
	record web "$1" - locking-web "$2" "$3" "$4"
}

web_memory() { # TASK ROUND
	record_web "$1" "$2" "$(awk '/^VmRSS:/ { printf "%.1f", $2 / 1024 }' "/proc/$WEB_PID/status")" MB
}

# Writes requests that are spread over the sessions. Keys and tokens come from
# standard input.
write_requests() { # METHOD
	local n=0 key token body
	while read -r key token; do
		body=${token:+"{\"token\": $token}"}
		printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$WEB_ROWS$key/lock" "${COOKIES[n % WEB_SESSIONS]}" "${CSRFS[n % WEB_SESSIONS]}" "$body"
		n=$((n + 1))
	done >"$WORK/requests.tsv"
}

# The command that sends these requests for WEB_SECONDS.
wrk_command() {
	printf '%s\n' env "REQUESTS=$WORK/requests.tsv" wrk -t 1 -c 16 -d "$WEB_SECONDS" -s "$BENCH/client/requests.lua" "$WEB_URL"
}

record_rate() { # TASK ROUND: from the output of wrk
	if [[ $OUT == *Non-2xx* || $OUT == *'Socket errors'* ]]; then
		complain "$OUT"
		return 1
	fi
	record_web "$1" "$2" "$(awk '/^Requests\/sec:/ { print $2 }' <<<"$OUT")" 'per s'
}

web_rate() { # TASK ROUND
	local -a wrk
	mapfile -t wrk < <(wrk_command)
	run "${wrk[@]}"
	record_rate "$1" "$2"
}

measure_get() { # ROUND
	write_requests GET < <(seq 1 64)
	web_rate 'GET of a lock' "$1"
}

measure_renewals() { # ROUND
	sql -F ' ' -c 'SET ROLE editor' -c "SELECT g, locking.acquire('bench.doc', g) FROM generate_series(1, 640, 10) g"
	write_requests PUT <<<"$OUT"
	web_rate 'renewals' "$1"
}

# The first request plans the statement and is not counted.
measure_page() { # ROUND
	run curl -sS -b "locking_session=${COOKIES[0]}" -o "$WORK/page.json" -w '%{http_code} %{time_total}\n' \
		"$WEB_URL${WEB_ROWS%/}?limit=1000&n=[0-${WEB_EVENTS}]"
	record_web 'page of 1,000 rows' "$1" "$(awk '$1 != 200 { exit 1 } NR > 1 { print $2 * 1000 }' <<<"$OUT" | median)" ms
}

# Sets OUT to the milliseconds until each event has reached all streams, the
# KB of a stream, and the output of a command that runs while the streams are
# open.
stream_client() { # STREAMS COMMAND...
	end_editors_locks
	run "$BENCH/client/stream_client" "${WEB_URL##*:}" "${COOKIES[0]}" "${CSRFS[0]}" "$WEB_PID" "$1" "$WEB_EVENTS" "$WEB_ROWS" "${@:2}"
}

end_editors_locks() {
	sql -c "DELETE FROM locking.lock WHERE owner = 'editor'"
}

measure_browser() { # ROUND
	end_editors_locks
	run node "$BENCH/client/browser_client.mjs" "$WEB_URL" bench.doc "$WEB_EVENTS"
	record_events "acquire until in another browser" "$1"
}

record_events() { # TASK ROUND: from the output of a client
	record_web "$1" "$2" "$(head -n "$WEB_EVENTS" <<<"$OUT" | median)" ms
}

measure_streams() { # ROUND
	local -a wrk
	stream_client 1 true
	record_events 'acquire until on another stream' "$1"
	write_requests GET < <(seq 1 64)
	mapfile -t wrk < <(wrk_command)
	stream_client "$WEB_STREAMS" "${wrk[@]}"
	record_events "acquire until on all of $WEB_STREAMS streams" "$1"
	record_web "memory of each of $WEB_STREAMS streams" "$1" "$(sed -n "$((WEB_EVENTS + 1))p" <<<"$OUT")" KB
	record_rate "GET of a lock, $WEB_STREAMS streams open" "$1"
}

measure_requests() { # ROUND
	measure_get "$1"
	measure_renewals "$1"
	measure_page "$1"
	measure_browser "$1"
	web_memory 'memory after requests' "$1"
}

# The memory at rest is that of a server which has not served thousands of
# streams.
web_round() { # ROUND
	local part
	progress "web, round $1"
	lock_every_tenth
	for part in requests streams; do
		start_for_many
		[ "$part" = streams ] || web_memory 'memory at rest' "$1"
		sign_in
		"measure_$part" "$1"
		stop_web
	done
}

web() {
	local round
	local -a node
	web_sizes
	mapfile -t node < <(node_packages)
	need_packages "${WEB_PACKAGES[@]}" "${node[@]}" chromium-headless-shell curl wrk
	build_web all
	install_browser_modules
	make_web
	for round in $(seq 0 "$ROUNDS"); do web_round "$round"; done
	stop_clusters web
	use on
}
