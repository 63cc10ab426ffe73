# shellcheck shell=bash
# The time from the request for a lock to the notification of a listener, one
# after the other, on a machine that does nothing else.

events_once() { # NOTIFY ROUND
	use on
	run "$BENCH/client/event_client" "$(connection durable "-clocking.notify=$1 -clocking.history=on")" "${EVENTS:?}"
	record events 'acquire until at a listener' - "notify-$1" "$2" "$(median <<<"$OUT")" ms
	clean_locks locking
}

events() {
	local round one
	make_locks
	for round in $(seq 0 "$ROUNDS"); do
		progress "events: round $round of $ROUNDS"
		for one in $(in_turn "$round" on transaction); do events_once "$one" "$round"; done
	done
}
