#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# stress.sh SECONDS: stress-ng's checked stressors, four of each, one kind after the other.
. "$(dirname "$0")/checks.sh"

for kind in cpu matrix vecmath fp qsort zlib malloc memrate atomic fork futex switch sigq pthread mmap vm clone crypt hash str; do
	timeout $(($1 * 20 + 60)) stress-ng --verify --no-rand-seed --$kind 4 -t "$1" $([ $kind != vm ] || echo --vm-bytes 64M) \
		>out 2>&1
	same "$kind, exit status" 0 $?
	grep -E 'fail:|error:|SIG' out
done
end_checks
