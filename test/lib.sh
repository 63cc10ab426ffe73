# shellcheck shell=bash
# What test/run, test/demo and bench/run share: getting packages, a private copy of
# PostgreSQL with the extension in it, a user who is not root, throw-away clusters.
#
# Sourced. Nothing here changes the machine, but for the packages that are missing:
# no server of its own is touched, nothing is installed into its PostgreSQL.
#
# In order: need_packages, set_work FOLDER, stage_install FOLDER, start_cluster NAME.
# They leave behind: PG_CONFIG, WORK, SRC (copy of the checkout), BIN (private
# binaries, first in PATH), and for the cluster started last PGHOST, PGPORT, PGUSER.

set -euo pipefail

CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# PostgreSQL's own headers are not clean under -Wextra; these three are theirs.
WARNINGS="-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers"

say() { printf '== %s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }
is_root() { [ "$(id -u)" = 0 ]; }

# -----------------------------------------------------------------------------
# Environment
# -----------------------------------------------------------------------------

# libpq, psql, PostgreSQL's test modules and make all listen to variables that the
# caller meant for something else: his own server, or the make that called us.
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
}

utf8_locale() {
	if locale -a 2>/dev/null | grep -qix 'c\.utf-\?8'; then echo C.UTF-8; else echo C; fi
}

# -----------------------------------------------------------------------------
# Packages
# -----------------------------------------------------------------------------

# Finds the PostgreSQL to use, sets PG_CONFIG and PG_MAJOR. A PG_CONFIG from outside
# is somebody's choice of an installation, which packages have nothing to do with.
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
	# A server that only lacks its headers is better than a second server.
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

# Not every PostgreSQL has a package of pgTAP; test/run then says so and goes on.
is_optional() { [[ $1 == *-pgtap ]]; }
is_available() { apt-cache show "$1" >/dev/null 2>&1; }

missing_packages() { # PKG...: those not there; N in a name stands for the major version
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

# PKG...: sees to it that these are installed, and make, gcc and PostgreSQL besides.
# postgresql-N-pgtap means: for the major version that is used.
need_packages() {
	local -a wanted=(make gcc libc6-dev postgresql-N postgresql-server-dev-N "$@") missing=()
	find_postgres
	if is_debian; then
		mapfile -t missing < <(missing_packages "${wanted[@]}" | not_in_vain)
		if [ ${#missing[@]} -gt 0 ]; then
			install_packages "${wanted[@]}"
			find_postgres
		fi
	fi
	if [ -z "${PG_CONFIG:-}" ] || ! has_pgxs "$PG_CONFIG"; then
		complain "no PostgreSQL with PGXS found (PG_CONFIG=${PG_CONFIG:-})"
		exit 1
	fi
}

# If only optional ones are missing and apt does not know them, there is nothing to
# do: asking the network again at every run would not help.
not_in_vain() {
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

# Debian's server package makes a cluster "main" and starts it. A snippet that is
# there only while installing keeps it from that; nothing else of the
# configuration is touched.
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
become_root() { # PKG...: or one line that says what to install
	if is_root; then return; fi
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		AS_ROOT=(sudo -n)
		return
	fi
	complain "missing packages, and neither root nor sudo to install them: $(names_to_people "$@")"
	exit 1
}

names_to_people() { # PKG...: where the version is not known yet, names that need none
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

# -----------------------------------------------------------------------------
# Work folder and user
# -----------------------------------------------------------------------------

# Sets WORK, an existing folder, and gives it to the user who runs PostgreSQL. It must
# be closed to others: its clusters trust whoever reaches their socket.
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

# PostgreSQL refuses to run as root. The package's own user is the one who can
# surely read the installation.
test_user() { if id -u postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi; }

as_user() { "${AS_USER[@]}" "$@"; }

# The path of a Unix socket has room for 107 bytes, and Perl's test modules put more
# folders of their own below TMPDIR.
new_work_folder() { # NAME
	local parent=${TMPDIR:-/tmp}
	if [ ${#parent} -gt 30 ] || [ ! -d "$parent" ]; then parent=/tmp; fi
	mktemp -d "$parent/$1.XXXXXX"
}

# Like as_user, with all output to a file, in a process group of its own: an interrupt
# then reaches all that the command started, and this shell does not wait for its end
# before it cleans up.
CHILD=
guarded() { # OUTPUT COMMAND...
	local status=0
	setsid "${AS_USER[@]}" "${@:2}" >"$1" 2>&1 &
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

# -----------------------------------------------------------------------------
# Private installation
# -----------------------------------------------------------------------------

# Copies PostgreSQL below FOLDER and installs the extension, built from a copy of the
# checkout, into the copy. Programs find their libraries and shared files relative
# to themselves, so a copy under the same path below FOLDER is complete.
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
	export PATH="$BIN:$PATH"
}

# The user who builds may neither read nor write the checkout, hence the pipe.
copy_checkout() {
	as_user mkdir -p "$SRC" || return
	checkout_files | tar -C "$CHECKOUT" --null -T - -cf - | as_user tar -C "$SRC" -xf -
}

# What belongs to the checkout, separated by NUL: what git knows and what is new, or,
# without git, all but what a build left behind.
checkout_files() {
	if [ -e "$CHECKOUT/.git" ] && git_here rev-parse 2>/dev/null; then
		git_here ls-files -z --cached --others --exclude-standard | existing_files
	else
		cd "$CHECKOUT" && find . \( -path ./.git -o -path ./.demo \) -prune -o \
			\( -type f -o -type l \) ! -name '*.o' ! -name '*.so' ! -name '*.bc' -print0
	fi
}

# safe.directory: root may well run the tests in somebody else's checkout.
git_here() { git -c safe.directory='*' -C "$CHECKOUT" "$@"; }

existing_files() { # git lists files deleted but not yet committed, too
	local path
	while IFS= read -r -d '' path; do
		if [ -e "$CHECKOUT/$path" ]; then printf '%s\0' "$path"; fi
	done
}

build_extension() { # FOLDER
	local log=$WORK/build.log
	local -a options=(PG_CONFIG="$PG_CONFIG" LOCKING_CFLAGS="$WARNINGS ${LOCKING_CFLAGS:-}" DESTDIR="$1")
	has_clang || options+=(with_llvm=no)
	if ! as_user make -s -k -j"$(nproc)" -C "$SRC" "${options[@]}" install >"$log" 2>&1; then
		cat "$log" >&2
		complain "the extension does not build"
		return 1
	fi
}

# PGXS of a server with JIT also compiles to bitcode, but its packages only suggest
# the compiler for that.
has_clang() {
	local clang
	clang=$(sed -n 's/^CLANG *= *//p' "$(dirname "$("$PG_CONFIG" --pgxs)")/../Makefile.global")
	[ -n "$clang" ] && command -v "$clang" >/dev/null
}

# -----------------------------------------------------------------------------
# Clusters
# -----------------------------------------------------------------------------

SOCKETS=() # folders outside of WORK, made because WORK has too long a name

# Starts a cluster in WORK/NAME, reachable by its socket only, and points PGHOST,
# PGPORT and PGUSER to it. Further arguments are lines for postgresql.conf.
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

# Stops the server of a data folder: fast, after a while at once. A stale postmaster.pid
# may name another's process by now, so the process must also be at home in there.
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

# Ends whatever servers live below WORK, those that Perl tests left behind too, and
# removes it.
remove_work() {
	local file
	while IFS= read -r file; do
		stop_server "${file%/postmaster.pid}"
	done < <(find "$WORK" -name postmaster.pid 2>/dev/null)
	[ ${#SOCKETS[@]} -eq 0 ] || rm -rf "${SOCKETS[@]}"
	rm -rf "$WORK"
}

clean_environment
