# shellcheck shell=bash
# What test/run and test/demo/start share about contrib_web: its packages, building it,
# and a cluster in which people prove who they are.
#
# Sourced after lib.sh; build_web after stage_install, ask_for_passwords after start_cluster.

# shellcheck disable=SC2034 # read by who sources this
WEB_PACKAGES=(libmicrohttpd-dev libpq-dev libjansson-dev uthash-dev pkg-config gzip)

# Builds locking-web in the copy of the checkout: $SRC/contrib_web/build/locking-web, or
# that of another target of its Makefile.
build_web() { # [TARGET]
	local log=$WORK/build-web.log
	if ! as_user make -s -j"$(nproc)" -C "$SRC/contrib_web" "$@" >"$log" 2>&1; then
		cat "$log" >&2
		complain "locking-web does not build"
		return 1
	fi
}

# Signing in to locking-web is signing in to PostgreSQL, and one that asks for no
# password proves nothing. The roles named are let in as before.
ask_for_passwords() { # NAME ROLE...
	local data=$WORK/$1 trusted
	shift
	trusted=$(IFS=,; echo "$*")
	printf 'local all %s trust\nlocal all all scram-sha-256\n' "$trusted" |
		as_user tee "$data/pg_hba.conf" >/dev/null
	as_user pg_ctl -D "$data" reload >/dev/null
}
