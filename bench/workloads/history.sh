# shellcheck shell=bash
# Instructions of acquire + release, and what the history adds to them, as a
# whole and by its parts. Counted like those of a bulk UPDATE, in a
# single-user backend. Each call is a transaction of its own.

HISTORY_PAIRS=1000

# PostgreSQL's functions, by which the parts of the history are told apart
HISTORY_PARTS='nextval_internal simple_heap_insert btinsert ExecOpenIndices ExecCloseIndices'

# Sets OUT to the instructions of one pair, and those within each of
# HISTORY_PARTS, after some pairs that are not counted.
count_history() { # PROCEDURE BEFORE UNCOUNTED SETTINGS
	local data=$WORK/counted n
	for n in 1 "$HISTORY_PAIRS"; do
		count_backend "$4"$'\n'"CALL bench.$1_pairs($3, $2)"$'\n'"CALL bench.$1_pairs($n, $2)"
		run callgrind_annotate --inclusive=yes --threshold=100 --show=Ir "$data.callgrind"
		printf '%s\n' "$OUT" >"$data.$n.txt"
	done
	OUT=$(awk -v parts="totals $HISTORY_PARTS" -v pairs="$((HISTORY_PAIRS - 1))" '
		{ gsub(",", ""); name = $0 ~ /PROGRAM TOTALS/ ? "totals" : $0 }
		{ sub(/^.*:/, "", name); sub(/[ ].*$/, "", name); sub(/\x27.*$/, "", name) }
		!((FILENAME, name) in count) { count[FILENAME, name] = $1 }
		END {
			n = split(parts, part, " ")
			for (i = 1; i <= n; i++)
				printf "%d ", (count[ARGV[2], part[i]] - count[ARGV[1], part[i]]) / pairs
		}' "$data.1.txt" "$data.$HISTORY_PAIRS.txt")
}

count_history_variant() { # VARIANT PROCEDURE BEFORE UNCOUNTED SETTINGS
	local -a counts
	local part i=0
	progress "history: $1"
	count_history "$2" "$3" "$4" "$5"
	read -ra counts <<<"$OUT"
	for part in 'acquire + release' $HISTORY_PARTS; do
		record history "instructions of $part" on "$1" 1 "${counts[i++]}" 'per pair'
	done
}

# Each variant locks rows of its own. "again": rows that were locked since the
# start, so the gate does not prove that they have no lock.
history() {
	local again=$HISTORY_PAIRS
	need_packages valgrind
	start_bench_cluster counted on "$GATE_SLOTS"
	use counted
	sql -f "$BENCH/sql/locks.sql"
	stop_cluster counted
	count_history_variant bare bare 0 1 ''
	count_history_variant locking locking 0 1 ''
	count_history_variant 'locking again' locking 10000 "$again" ''
	count_history_variant 'with history' locking 50000 1 'SET locking.history = on'
	count_history_variant 'with history again' locking 60000 "$again" 'SET locking.history = on'
	stop_clusters counted
	use on
}
