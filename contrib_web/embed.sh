#!/bin/sh
# embed.sh FOLDER FILE...: writes C with the contents of the files, as
# declared in src/server/assets.h, to standard output. FOLDER receives a
# compressed copy of each file, which is empty unless gzip saves at least a
# tenth.
set -eu

folder=$1
shift
mkdir -p "$folder"

size() { wc -c <"$1"; }

embed() { # SYMBOL FILE
	printf '__asm__(".pushsection .rodata\\n.globl %s, %s_end\\n%s: .incbin \\"%s\\"\\n%s_end: .byte 0\\n.popsection\\n");\n' \
		"$1" "$1" "$1" "$2" "$1"
	printf 'extern const unsigned char %s[], %s_end[];\n' "$1" "$1"
}

echo '#include <stddef.h>'
echo '#include "server/assets.h"'
n=0
for file; do
	embed "asset_$n" "$file"
	packed=$folder/$n.gz
	gzip -9nc "$file" >"$packed"
	[ "$(($(size "$packed") * 10))" -lt "$(($(size "$file") * 9))" ] || : >"$packed"
	embed "asset_${n}_packed" "$packed"
	n=$((n + 1))
done

echo 'const Asset assets[] = {'
n=0
for file; do
	hash=$(sha256sum "$file" | cut -c 1-32)
	printf '\t{"%s", "%s", asset_%d, asset_%d_end, asset_%d_packed, asset_%d_packed_end},\n' \
		"$file" "$hash" "$n" "$n" "$n" "$n"
	n=$((n + 1))
done
echo '	{NULL, NULL, NULL, NULL, NULL, NULL}'
echo '};'
