# SPDX-License-Identifier: Apache-2.0
# compile.sh OPTION FILE...: objects of C files. Where programs can't start others (U is set), the compiler and the
# assembler are called as gcc calls them.
set -e
option=$1
shift
for file; do
	out=$(basename "$file" .c).o
	if [ -z "$U" ]; then
		gcc "$option" -std=gnu11 -I/bench/src -I/bench/include -c "$file" -o "$out"
	else
		${U}../lib/gcc/powerpc64le-linux-gnu/12/cc1 -quiet -imultiarch powerpc64le-linux-gnu "$option" -std=gnu11 \
			-I/bench/src -I/bench/include "$file" -dumpbase "${file##*/}" -dumpbase-ext .c -o out.s
		${U}powerpc64le-linux-gnu-as -a64 -mpower8 -many -mlittle -o "$out" out.s
	fi
	cat "$out"
done
