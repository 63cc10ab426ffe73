# shellcheck shell=bash
# Shared by test/run, test/demo and bench/run: packages, a private copy of
# PostgreSQL with the extension in it, an unprivileged user, throw-away
# clusters.
#
# Sourced. Installs missing packages and changes nothing else on the machine:
# its servers and its installation of PostgreSQL stay as they are.
#
# In order: need_packages, set_work FOLDER, stage_install FOLDER,
# start_cluster NAME. They set PG_CONFIG, WORK, SRC (copy of the checkout),
# BIN (private binaries, first in PATH), and for the cluster started last
# PGHOST, PGPORT, PGUSER.

set -euo pipefail

CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# PostgreSQL's headers cause the three warnings that are off.
WARNINGS="-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers"

say() { printf '== %s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }
is_root() { [ "$(id -u)" = 0 ]; }

# ----------------------------------------------------------------------------
# Environment
# ----------------------------------------------------------------------------

# Unsets the variables of libpq, psql, PostgreSQL's test modules and make that
# the caller set for another server, or that come from the calling make.
clean_environment() {
	local name
	for name in $(compgen -e); do
		case $name in
			PG_CONFIG | PG_TEST_*) ;;
			PG* | PSQL* | LC_* | LANG | LANGUAGE | MAKE* | MFLAGS | DESTDIR | CDPATH | PROVE_*)
				unset "$name" ;;
		esac
	done
	LC_ALL=$(utf8_locale)
	export LC_ALL
	# Of PostgreSQL's test modules, in seconds: it only ends tests that hang.
	export PG_TEST_TIMEOUT_DEFAULT=${PG_TEST_TIMEOUT_DEFAULT:-600}
}

utf8_locale() {
	if locale -a 2>/dev/null | grep -qix 'c\.utf-\?8'; then echo C.UTF-8; else echo C; fi
}

# ----------------------------------------------------------------------------
# Packages
# ----------------------------------------------------------------------------

# Version and pg_config of the PostgreSQL to use, set by find_postgres. A
# PG_CONFIG in the environment names an installation, which no package
# replaces.
PG_MAJOR=
PG_CONFIG_GIVEN=${PG_CONFIG:+yes}

installed_majors() { # PROGRAM: majors that have it, newest first
	local path
	for path in /usr/lib/postgresql/*/bin/"$1"; do
		[ -x "$path" ] || continue
		path=${path%/bin/*}
		echo "${path##*/}"
	done | sort -rV
}

has_pgxs() { [ -f "$("$1" --pgxs 2>/dev/null)" ]; }

find_postgres() {
	local major
	[ -z "$PG_CONFIG_GIVEN" ] || return 0
	for major in $(installed_majors pg_config); do
		if has_pgxs "/usr/lib/postgresql/$major/bin/pg_config"; then
			PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config PG_MAJOR=$major
			return
		fi
	done
	# if only the headers are missing, install those of the same version
	PG_MAJOR=$(installed_majors postgres | sed -n 1p)
	if [ -z "$PG_MAJOR" ] && ! is_debian; then
		PG_CONFIG=$(command -v pg_config || true)
	fi
}

is_debian() { command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; }

debian_default_major() {
	apt-cache depends postgresql 2>/dev/null | sed -n 's/^ *Depends: postgresql-\([0-9]\{1,\}\)$/\1/p' | sed -n 1p
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

# Not every version has a package of pgTAP, nor every release of Debian those
# of OPTIONAL_PACKAGES; test/run then skips their tests.
OPTIONAL_PACKAGES=()
is_optional() { [[ $1 == *-pgtap || " ${OPTIONAL_PACKAGES[*]} " == *" $1 "* ]]; }
is_available() { apt-cache show "$1" >/dev/null 2>&1; }

missing_packages() { # PKG...; N in a name stands for the major version
	local package
	for package in "$@"; do
		case $package in
			postgresql-N* | postgresql-server-dev-N*)
				[ -z "$PG_CONFIG_GIVEN" ] || continue
				package=${package/-N/-${PG_MAJOR:-N}} ;;
		esac
		is_installed "$package" || echo "$package"
	done
}

# Installs the packages that are missing, of those named and of make, gcc and
# PostgreSQL.
need_packages() { # PKG...
	local -a wanted=(make gcc libc6-dev postgresql-N postgresql-server-dev-N "$@") missing=()
	find_postgres
	if is_debian; then
		mapfile -t missing < <(missing_packages "${wanted[@]}" | unless_unavailable)
		if [ ${#missing[@]} -gt 0 ]; then
			install_packages "${wanted[@]}"
			find_postgres
		fi
	fi
	if [ -z "${PG_CONFIG:-}" ] || ! has_pgxs "$PG_CONFIG"; then
		complain "no PostgreSQL server headers found${PG_CONFIG:+ by PG_CONFIG=$PG_CONFIG}: install postgresql-server-dev-all"
		exit 1
	fi
}

# Passes the names on unless all are optional and have no package: updating
# the list of packages at each run would change nothing.
unless_unavailable() {
	local package
	local -a all=() useful=()
	mapfile -t all
	for package in "${all[@]}"; do
		if ! is_optional "$package" || is_available "$package"; then useful+=("$package"); fi
	done
	[ ${#useful[@]} -eq 0 ] || printf '%s\n' "${all[@]}"
}

install_packages() {
	local package
	local -a missing packages=()
	mapfile -t missing < <(missing_packages "$@")
	become_root "${missing[@]}"
	as_root apt-get -qq update >&2
	: "${PG_MAJOR:=$(debian_default_major)}"
	for package in $(missing_packages "$@"); do
		if ! is_optional "$package" || is_available "$package"; then packages+=("$package"); fi
	done
	complain "installing: ${packages[*]}"
	as_root sh -c "$INSTALL_SCRIPT" sh "${packages[@]}" >&2
}

# Debian's server package creates a cluster "main" and starts it, unless this
# snippet is there during the installation.
# shellcheck disable=SC2016 # the inner shell expands them
INSTALL_SCRIPT='set -e
folder=/etc/postgresql-common/createcluster.d
snippet=$folder/locking-test.conf
trap "rm -f $snippet; rmdir --ignore-fail-on-non-empty $folder" EXIT
trap "exit 1" INT TERM HUP
mkdir -p $folder
echo "create_main_cluster = false" > $snippet
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"'

AS_ROOT=()
become_root() { # PKG...: exits with a line that names them if it cannot
	if is_root; then return; fi
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		AS_ROOT=(sudo -n)
		return
	fi
	complain "packages are missing, install them as root: apt-get install $(installable_names "$@")"
	exit 1
}

installable_names() { # PKG...: without a version where none is known yet
	local package
	local -a names=()
	for package in "$@"; do
		case $package in
			postgresql-N-*) ;;
			postgresql-N) names+=(postgresql) ;;
			postgresql-server-dev-N) names+=(postgresql-server-dev-all) ;;
			*) names+=("$package") ;;
		esac
	done
	echo "${names[*]}"
}
as_root() { "${AS_ROOT[@]}" "$@"; }

# ----------------------------------------------------------------------------
# Work folder and user
# ----------------------------------------------------------------------------

# Sets WORK, an existing folder, and gives it to the user who runs PostgreSQL.
# It is closed to other users because its clusters trust every local
# connection.
set_work() { # FOLDER
	WORK=$1
	mkdir -p "$WORK/home" "$WORK/tmp"
	chmod 700 "$WORK"
	AS_USER=(env "HOME=$WORK/home" "TMPDIR=$WORK/tmp")
	if is_root; then
		local user
		user=$(test_user)
		chown -R "$user:" "$WORK"
		AS_USER+=("USER=$user" "LOGNAME=$user"
			setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups)
	fi
}

# PostgreSQL refuses to run as root. The user of Debian's package can read the
# installation.
test_user() { if id -u postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi; }

as_user() { "${AS_USER[@]}" "$@"; }

# The path of a Unix socket has at most 107 bytes, and PostgreSQL's test
# modules put further folders below TMPDIR.
new_work_folder() { # NAME
	local parent=${TMPDIR:-/tmp}
	if [ ${#parent} -gt 30 ] || [ ! -d "$parent" ]; then parent=/tmp; fi
	mktemp -d "$parent/$1.XXXXXX"
}

# Like as_user, in a process group of its own: an interrupt then ends all that
# the command started, and this shell does not wait for it before it cleans
# up.
CHILD=
guarded() { # OUTPUT COMMAND...; the file for its output, or - for that of this shell
	local status=0
	case $1 in
		-) setsid "${AS_USER[@]}" "${@:2}" & ;;
		*) setsid "${AS_USER[@]}" "${@:2}" >"$1" 2>&1 & ;;
	esac
	CHILD=$!
	wait "$CHILD" || status=$?
	CHILD=
	return "$status"
}

stop_child() {
	[ -n "$CHILD" ] || return 0
	local tries
	kill -TERM -- "-$CHILD" 2>/dev/null || true
	for ((tries = 0; tries < 50; tries++)); do
		kill -0 "$CHILD" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL -- "-$CHILD" 2>/dev/null || true
	wait "$CHILD" 2>/dev/null || true
	CHILD=
}

# ----------------------------------------------------------------------------
# Private installation
# ----------------------------------------------------------------------------

# Copies PostgreSQL below FOLDER, and installs the extension into the copy,
# built from a copy of the checkout. PostgreSQL's programs find libraries and
# shared files relative to themselves, so the copy works from below FOLDER.
stage_install() { # FOLDER
	SRC=$1/src
	copy_checkout || return
	copy_installation "$1" || return
	build_extension "$1"
}

copy_installation() { # FOLDER
	local kind path
	for kind in bindir pkglibdir sharedir; do
		path=$("$PG_CONFIG" --$kind) || return
		as_user mkdir -p "$1$path" || return
		as_user cp -a "$path/." "$1$path/" || return
	done
	BIN=$1$("$PG_CONFIG" --bindir)
	relocate_pg_config "$1"
	export PATH="$BIN:$PATH"
}

# Some pg_config print fixed paths, as that of PostgreSQL 13 in Debian 11.
# Tests need those of the copy.
relocate_pg_config() { # FOLDER
	[ "$("$BIN/pg_config" --bindir)" != "$BIN" ] || return 0
	as_user rm -f "$BIN/pg_config"
	as_user tee "$BIN/pg_config" >/dev/null <<-END
		#!/bin/sh
		case \$* in --bindir | --pkglibdir | --sharedir) printf %s '$1' ;; esac
		exec '$PG_CONFIG' "\$@"
	END
	as_user chmod 755 "$BIN/pg_config"
}

# The user who builds may have no access to the checkout, hence the pipe.
copy_checkout() {
	as_user mkdir -p "$SRC" || return
	checkout_files | tar -C "$CHECKOUT" --null -T - -cf - | as_user tar -C "$SRC" -xf -
}

# Files of the checkout, separated by NUL: tracked and new ones, or without
# git all but the products of a build.
checkout_files() {
	if [ -e "$CHECKOUT/.git" ] && git_here rev-parse 2>/dev/null; then
		git_here ls-files -z --cached --others --exclude-standard | existing_files
	else
		cd "$CHECKOUT" && find . \( -path ./.git -o -path ./.demo \) -prune -o \
			\( -type f -o -type l \) ! -name '*.o' ! -name '*.so' ! -name '*.bc' -print0
	fi
}

# safe.directory: root may run the tests in another user's checkout.
git_here() { git -c safe.directory='*' -C "$CHECKOUT" "$@"; }

existing_files() { # git also lists files whose deletion is not committed
	local path
	while IFS= read -r -d '' path; do
		if [ -e "$CHECKOUT/$path" ]; then printf '%s\0' "$path"; fi
	done
}

# Without bitcode for JIT, which would take longer than everything else.
build_extension() { # FOLDER
	local log=$WORK/build.log
	local -a options=(PG_CONFIG="$PG_CONFIG" LOCKING_CFLAGS="$WARNINGS ${LOCKING_CFLAGS:-}" DESTDIR="$1" with_llvm=no)
	if ! guarded "$log" make -s -k -j"$(nproc)" -C "$SRC" "${options[@]}" install; then
		cat "$log" >&2
		complain "the extension does not build"
		return 1
	fi
}

# ----------------------------------------------------------------------------
# Clusters
# ----------------------------------------------------------------------------

SOCKETS=() # folders outside of WORK, used if the path of WORK is too long

# Starts a cluster in WORK/NAME that listens on a socket only, and sets
# PGHOST, PGPORT and PGUSER. Further arguments are lines for postgresql.conf.
start_cluster() { # NAME [LINE...]
	local data=$WORK/$1 log=$WORK/$1.log
	as_user initdb -D "$data" -A trust -U postgres -E UTF8 --locale="$(utf8_locale)" --no-sync \
		>"$data.initdb" 2>&1 || { cat "$data.initdb" >&2; return 1; }
	PGHOST=$(socket_folder "$1") PGPORT=5432 PGUSER=postgres
	export PGHOST PGPORT PGUSER
	[[ $PGHOST == "$WORK"/* ]] || SOCKETS+=("$PGHOST")
	shift
	cluster_settings "$@" | as_user tee -a "$data/postgresql.conf" >/dev/null || return
	as_user pg_ctl -D "$data" -l "$log" -w start >/dev/null || { tail -n 30 "$log" >&2; return 1; }
}

cluster_settings() { # [LINE...]
	echo "listen_addresses = ''"
	echo "unix_socket_directories = '$PGHOST'"
	echo "port = $PGPORT"
	echo "fsync = off"
	[ $# -eq 0 ] || printf '%s\n' "$@"
}

socket_folder() { # NAME
	local folder=$WORK/$1.socket
	if [ ${#folder} -le 80 ]; then
		as_user mkdir -m 700 "$folder"
	else
		folder=$(mktemp -d /tmp/locking-socket.XXXXXX)
		! is_root || chown "$(test_user):" "$folder"
	fi
	echo "$folder"
}

stop_cluster() { # NAME
	stop_server "$WORK/$1"
}

# Stops the server of a data folder: fast, and after 30 seconds immediately. A
# stale postmaster.pid may name another process, so the working directory is
# compared.
stop_server() { # DATA
	local pid tries
	pid=$(sed -n 1p "$1/postmaster.pid" 2>/dev/null) || return 0
	is_server_of "$pid" "$1" || return 0
	kill -INT "$pid"
	for ((tries = 0; tries < 300; tries++)); do
		is_server_of "$pid" "$1" || return 0
		sleep 0.1
	done
	kill -QUIT "$pid"
}

is_server_of() { # PID DATA
	[ -n "$1" ] && [ "$(readlink "/proc/$1/cwd" 2>/dev/null)" = "$(readlink -f "$2")" ]
}

# Stops all servers below WORK, including those that Perl tests left behind,
# and removes it.
remove_work() {
	local file
	while IFS= read -r file; do
		stop_server "${file%/postmaster.pid}"
	done < <(find "$WORK" -name postmaster.pid 2>/dev/null)
	[ ${#SOCKETS[@]} -eq 0 ] || rm -rf "${SOCKETS[@]}"
	rm -rf "$WORK"
}

clean_environment
