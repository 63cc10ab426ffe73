# shellcheck shell=bash
# contrib_web for test/run, test/demo and bench/run: packages, build, start
# and stop, password authentication in a cluster, and Node.js for the browser.
#
# Sourced after lib.sh; build_web is for after stage_install,
# ask_for_passwords for after start_cluster.

# shellcheck disable=SC2034 # read by the scripts that source this file
WEB_PACKAGES=(libmicrohttpd-dev libpq-dev libjansson-dev uthash-dev pkg-config gzip)
# shellcheck disable=SC2034
WEB_TEST_PACKAGES=(libio-socket-ssl-perl libjson-validator-perl openssl)

# Builds a target of contrib_web/Makefile in the copy of the checkout; "all"
# makes $SRC/contrib_web/build/locking-web.
build_web() { # TARGET
	local log=$WORK/build-web.log
	if ! guarded "$log" make -s -j"$(nproc)" -C "$SRC/contrib_web" "$1"; then
		cat "$log" >&2
		complain "locking-web does not build"
		return 1
	fi
}

# Requires a password of every role but those named, since users sign in to
# locking-web with a password.
ask_for_passwords() { # NAME ROLE...
	local data=$WORK/$1 trusted
	shift
	trusted=$(IFS=,; echo "$*")
	printf 'local all %s trust\nlocal all all scram-sha-256\n' "$trusted" |
		as_user tee "$data/pg_hba.conf" >/dev/null
	as_user pg_ctl -D "$data" reload >/dev/null
}

# Starts locking-web on the loopback for a database of the cluster started
# last, and sets WEB_ADDRESS. The server outlives this shell; stop_web finds
# it by WORK.
start_web() { # DATABASE
	local output=$WORK/web.out tries
	: >"$output" # is read before the server's process may have created it
	"${AS_USER[@]}" "$SRC/contrib_web/build/locking-web" --listen 127.0.0.1:0 \
		--dsn "host=$PGHOST port=$PGPORT dbname=$1 user=locking_web" >"$output" 2>"$WORK/web.log" </dev/null &
	echo $! >"$WORK/web.pid"
	for ((tries = 0; tries < 100; tries++)); do
		WEB_ADDRESS=$(sed -n 's/^listening on //p' "$output")
		[ -z "$WEB_ADDRESS" ] || return 0
		sleep 0.1
	done
	cat "$WORK/web.log" >&2
	complain "locking-web does not start"
	return 1
}

stop_web() {
	local pid tries
	pid=$(cat "$WORK/web.pid" 2>/dev/null) || return 0
	for ((tries = 0; tries < 100; tries++)); do
		is_web "$pid" || return 0
		[ "$tries" -gt 0 ] || kill -TERM "$pid"
		sleep 0.1
	done
	kill -KILL "$pid"
}

# A stale web.pid may name another process.
is_web() { # PID
	[ "$(readlink "/proc/$1/exe" 2>/dev/null)" = "$(readlink -f "$WORK/src/contrib_web/build/locking-web")" ]
}

# A Node.js from another source includes npm and conflicts with Debian's
# package.
node_packages() {
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then printf '%s\n' nodejs npm; fi
}

# Once for all layers.
install_browser_modules() {
	local log=$WORK/npm.log
	[ ! -d "$SRC/test/browser/node_modules" ] || return 0
	guarded "$log" npm --prefix "$SRC/test/browser" ci --loglevel=error && return
	cat "$log" >&2
	complain "npm cannot install the modules of test/browser"
	return 1
}
