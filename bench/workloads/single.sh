# shellcheck shell=bash
# Single-row UPDATEs in a loop inside the server, on the tables of "bulk".

single_once() { # SHAPE VARIANT CLUSTER ROUND
	local count=$((ROWS / 10))
	use "$3"
	use_variant "bench.$1" "$2"
	sql -c "UPDATE bench.$1 SET v = v + 1 WHERE id = 1" -c "SELECT bench.singles_$1($count)"
	record single "$1" "$3" "$2" "$4" "$(per_row "$OUT" "$count")" 'ns per row'
	sql -c "VACUUM bench.$1"
}

single() { all_variants single; }
