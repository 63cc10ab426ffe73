# shellcheck shell=bash
# Releases of Debian in folders, for test/versions and test/packages: install
# them, give them the checkout, run commands in them.
#
# Sourced after lib.sh. A release is a folder below FOLDER.

FOLDER=${RELEASES_FOLDER:-${TMPDIR:-/tmp}/locking-releases}
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

need_debootstrap() {
	if ! is_root; then
		complain "debootstrap and chroot need root"
		exit 1
	fi
	command -v debootstrap >/dev/null || install_packages debootstrap
}

# The kernel runs the programs of another processor with qemu-user. Debian
# registers it so that a chroot needs no copy (the flag F).
declare -A EMULATORS=([arm64]=qemu-aarch64)

need_emulator() { # ARCHITECTURE
	local emulator=${EMULATORS[$1]:-}
	if [ -z "$emulator" ]; then
		complain "no emulator known for $1"
		exit 1
	fi
	[ ! -e "/proc/sys/fs/binfmt_misc/$emulator" ] || return 0
	install_packages binfmt-support qemu-user-static
	update-binfmts --enable "$emulator"
}

# Under its name only when it is complete: RELEASE, or RELEASE-ARCHITECTURE.
install_release() { # RELEASE
	local root=$FOLDER/$1
	local -a options=(--variant=minbase)
	[ -d "$root" ] && return
	say "$1: debootstrap"
	rm -rf "$root.new"
	[[ $1 != *-* ]] || options+=(--arch="${1#*-}")
	debootstrap "${options[@]}" "${1%%-*}" "$root.new" "$MIRROR" >"$root.log" 2>&1 || return
	mv "$root.new" "$root"
}

# The copy of the checkout, and how this machine reaches the mirror.
prepare_release() { # RELEASE
	local root=$FOLDER/$1
	rm -rf "$root/locking"
	mkdir "$root/locking"
	checkout_files | tar -C "$CHECKOUT" --null -T - -cf - | tar -C "$root/locking" --no-same-owner -xf -
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	apt-config dump | grep -E '^Acquire::(http|https|Check)' >"$root/etc/apt/apt.conf.d/90host" || true
}

# What is mounted and what runs in these namespaces ends with the command.
# shellcheck disable=SC2016 # the inner shell expands them
IN_RELEASE='set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/dev/shm"
root=$1
shift
exec chroot "$root" "$@"'

in_release() { # RELEASE COMMAND...
	unshare --mount --pid --ipc --fork --kill-child sh -c "$IN_RELEASE" sh "$FOLDER/$1" "${@:2}"
}

clean_in_release() { # RELEASE COMMAND...: without the caller's environment
	in_release "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "${@:2}"
}
