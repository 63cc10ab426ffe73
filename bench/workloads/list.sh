# shellcheck shell=bash
# A change list: a page of 1,000 rows out of 100,000 with its locks, for a
# role with only SELECT. Every tenth row is locked.

LIST_COLUMNS='a.id, a.title, coalesce(l.owner_name, l.owner), l.is_mine, ceil(l.seconds_left)'
# The query of the README.
page() { # KEY
	echo "WITH page AS MATERIALIZED (SELECT d.*, $1 AS key FROM bench.doc d ORDER BY id LIMIT 1000)
		SELECT $LIST_COLUMNS FROM page a
		LEFT JOIN locking.locks l ON l.relation = 'bench.doc'::regclass
			AND l.key = ANY (ARRAY(SELECT key FROM page)) AND l.key = a.key"
}

declare -A LIST_FROM=(
	[rows-alone]="SELECT a.id, a.title FROM bench.doc a"
	[locking]="$(page 'locking.row_key(d)')"
	[locking-text]="$(page 'd.id::text')"
	[locking-page-last]="SELECT $LIST_COLUMNS FROM bench.doc a
		LEFT JOIN locking.locks l ON l.relation = 'bench.doc'::regclass AND l.key = a.id::text"
	[usual-table]="SELECT a.id, a.title, l.owner, l.owner = current_user,
			ceil(date_part('epoch', l.expires_at - clock_timestamp())) FROM bench.doc a
		LEFT JOIN bench.usual_lock l ON l.relation = 'bench.doc'::regclass AND l.key = a.id::text
			AND l.expires_at > clock_timestamp()"
)

make_list() {
	use on
	sql -c "INSERT INTO locking.lock (relation, key, owner, expires_at)
			SELECT 'bench.doc'::regclass, g::text, 'somebody', now() + interval '1 day' FROM generate_series(1, 100000, 10) g" \
		-c "INSERT INTO bench.usual_lock
			SELECT 'bench.doc'::regclass, g::text, 'somebody', now() + interval '1 day' FROM generate_series(1, 100000, 10) g" \
		-c 'VACUUM ANALYZE locking.lock, bench.usual_lock, bench.doc'
}

# The second of two runs, since the first fills the session's caches.
list_once() { # NAME ROUND
	sql -c 'SET ROLE reader' \
		-c "SELECT bench.ms(\$q\$${LIST_FROM[$1]} ORDER BY a.id LIMIT 1000\$q\$) FROM generate_series(1, 2) OFFSET 1"
	record list '1,000 rows of 100,000' - "$1" "$2" "$OUT" ms
}

list() {
	local round name
	make_locks
	make_list
	progress 'list'
	for round in $(seq 0 "$ROUNDS"); do
		for name in $(in_turn "$round" rows-alone locking locking-text locking-page-last usual-table); do
			list_once "$name" "$round"
		done
	done
	clean_locks locking
	sql -c 'TRUNCATE bench.usual_lock'
}
