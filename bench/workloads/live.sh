# shellcheck shell=bash
# Bulk UPDATE of unlocked rows in a table with increasingly many locks on its
# other rows. Each number of locks has its cluster, with LIVE_SLOTS slots of
# the gate for a lock and at least the default, so that all are measured in
# turn.

declare -A KEY=([int]=g [uuid]='md5(g::text)::uuid')

slots_for() { # LOCKS
	local slots=$(($1 * LIVE_SLOTS * 1048576 / 1000000))
	echo $((slots > 65536 ? slots : 65536))
}

# NAME GATE LOCKS SLOTS KEYS: what is compared
live_clusters() {
	local locks most
	for locks in $LIVE_LOCKS; do
		echo "live_$locks on $locks $(slots_for "$locks") int"
		most=$locks
	done
	echo "live_0_big on 0 $(slots_for "$most") int"
	for locks in $LIVE_UUID_LOCKS; do
		echo "live_uuid_$locks on $locks $(slots_for "$locks") uuid"
	done
}

make_live() { # NAME GATE LOCKS SLOTS KEYS
	progress "live: $3 locks, $4 slots, $5 keys"
	start_bench_cluster "$1" "$2" "$4" 'wal_level = minimal' 'max_wal_senders = 0' \
		'synchronous_commit = off' "shared_buffers = $(buffers_for "$3")"
	sql -v rows="$ROWS" -v locks="$3" -v key="${KEY[$5]}" -v key_type="$5" -f "$BENCH/sql/live.sql"
}

buffers_for() { # LOCKS: room for all of them and for the tables
	echo "$((512 + $1 * 300 / 1000000))MB"
}

# A copy of the cluster without the gate. The first write after the restart of
# the original fills its gate.
make_live_off() { # NAME GATE LOCKS SLOTS KEYS
	local copy=$WORK/live_off socket
	stop_cluster "$1"
	as_user cp -a "$WORK/$1" "$copy"
	socket=$(socket_folder live_off)
	[[ $socket == "$WORK"/* ]] || SOCKETS+=("$socket")
	as_user sed -i -e '/^shared_preload_libraries\|^locking.gate_slots/d' "$copy/postgresql.conf"
	printf '%s\n' "unix_socket_directories = '$socket'" "session_preload_libraries = 'locking'" |
		as_user tee -a "$copy/postgresql.conf" >/dev/null
	as_user pg_ctl -D "$copy" -l "$copy.log" -w start >/dev/null
	# shellcheck disable=SC2034 # use() reads it
	HOSTS['live_off']=$socket
	as_user pg_ctl -D "$WORK/$1" -l "$WORK/$1.log" -w start >/dev/null
	use "$1"
}

fill_live() { # NAME GATE LOCKS SLOTS KEYS ORDER
	local -A order=([key order]=g [random order]='hashint4(g)' [uuid]=g)
	use "$1"
	sql -v rows="$ROWS" -v key="${KEY[$5]}" -v order_by="${order[$6]}" -f "$BENCH/sql/live_rows.sql"
}

live_key() { case $1 in int) echo 1 ;; uuid) echo "md5('1')::uuid" ;; esac; }

live_task() { # NAME GATE LOCKS SLOTS KEYS ORDER
	local most=${LIVE_LOCKS##* }
	if [ "$1" = live_0_big ]; then echo "0 locks in a gate for $most, $6"; else echo "$3 locks, $6"; fi
}

live_once() { # ROUND VARIANT NAME GATE LOCKS SLOTS KEYS ORDER
	local looked
	use "$3"
	count_looks
	looked=$OUT
	time_update bench.live "$2" "$(live_key "$7")"
	record live "$(live_task "${@:3}")" "$4" "$2" "$1" "$(per_row "$OUT" "$ROWS")" 'ns per row'
	count_looks
	[ "$2:$4" != guard:on ] ||
		record live "$(live_task "${@:3}"): looks at records" "$4" "$2" "$1" $((OUT - looked)) "in $ROWS rows"
	sql -c "VACUUM bench.live"
}

# How often a row was looked up because the gate could not prove it unlocked.
count_looks() { sql -c 'SELECT coalesce(lookups, 0) FROM locking.gate()'; }

live_order() { # ORDER CLUSTER...
	local round i variant cluster
	local -a clusters=("${@:2}") fields
	for cluster in "${clusters[@]}"; do
		read -ra fields <<<"$cluster"
		fill_live "${fields[@]}" "$1"
	done
	for round in $(seq 0 "$ROUNDS"); do
		progress "live: $1, round $round of $ROUNDS"
		for i in $(in_turn "$round" "${!clusters[@]}"); do
			read -ra fields <<<"${clusters[i]}"
			for variant in $(in_turn "$round" empty guard); do
				live_once "$round" "$variant" "${fields[@]}" "$1"
			done
		done
	done
}

live() {
	local cluster
	local -a clusters ints uuids fields
	mapfile -t clusters < <(live_clusters)
	for cluster in "${clusters[@]}"; do
		read -ra fields <<<"$cluster"
		make_live "${fields[@]}"
	done
	mapfile -t ints < <(printf '%s\n' "${clusters[@]}" | grep ' int$')
	mapfile -t uuids < <(printf '%s\n' "${clusters[@]}" | grep ' uuid$')
	read -ra fields < <(printf '%s\n' "${ints[@]}" | grep "^live_${LIVE_LOCKS##* } ")
	make_live_off "${fields[@]}"
	record_filling "${fields[2]}"
	ints+=("live_off off ${fields[*]:2}")
	live_order 'key order' "${ints[@]}"
	live_order 'random order' "${ints[@]}"
	stop_clusters live_off
	[ ${#uuids[@]} -eq 0 ] || live_order uuid "${uuids[@]}"
	for cluster in "${clusters[@]}"; do stop_clusters "${cluster%% *}"; done
}

record_filling() { # LOCKS
	use_variant bench.live guard
	sql -c "INSERT INTO bench.live VALUES (1, 0, now())"
	sql -c "SELECT bench.ms('UPDATE bench.live SET v = v + 1')"
	record live "first guarded UPDATE after a start, $1 locks" on guard 1 "$OUT" ms
}
