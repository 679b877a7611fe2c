#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 4 MB of text, numbers and noise through each compressor and back; and that a changed byte is found.
. "$(dirname "$0")/checks.sh"

sum() {
	sha256sum | cut -c-32
}

perl -e 'my $x = 1; for my $n (1 .. 50000) { $x = ($x * 1103515245 + 12345) & 0xffffffff;
	print "line $n of the file: ", $x % 1000, " and ", pack("V", $x), $n % 7 ? "the same words again and again\n" : "-" x 40, "\n" }' >big
right=ac551d590b7df1c5aca4c486365d3c32
same 'the file' $right "$(sum <big)"

for tool in 'gzip -1' 'gzip -9' 'xz -1' 'xz -T2 -2 --block-size=1MiB' 'zstd -q -1' 'zstd -q -T2 -6' 'zstd -q --long -3'; do
	name=${tool%% *}
	$tool -c <big >packed
	same "$tool, exit status" 0 $?
	same "$tool and back" $right "$($name -dc <packed | sum)"
	works "$name -t" sh -c "$name -t <packed"
	# In the middle, where data are.
	size=$(wc -c <packed)
	printf '\377\000\377\000' | dd of=packed bs=1 seek=$((size / 2)) conv=notrunc status=none
	$name -dc <packed >/dev/null 2>&1
	same "$tool: a changed byte, exit status" 1 $?
done
# Pieces that were packed apart are one file.
(head -c 1000000 big | gzip; tail -c +1000001 big | gzip) >packed
same 'two gzip files' $right "$(gzip -dc packed | sum)"
end_checks
