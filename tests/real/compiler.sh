#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gcc and make: a program of two files built in several ways, each of which has to compute the same; a wrong program
# that is told of; and libm.c, built here, against the right values.
. "$(dirname "$0")/checks.sh"
real=$(dirname "$0")

cat >hash.c <<'C'
#include "hash.h"

uint64_t hash(const unsigned char *bytes, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	while (n--)
		h = (h ^ *bytes++) * 0x100000001b3;
	return h;
}
C
cat >hash.h <<'C'
#include <stddef.h>
#include <stdint.h>

uint64_t hash(const unsigned char *bytes, size_t n);
C
cat >main.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include "hash.h"

static unsigned char field[1 << 16];
static double sums[256];

static int by_value(const void *a, const void *b)
{
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

int main(void)
{
	unsigned int x = 1, i;
	__int128 wide = 1;
	double sum = 0;

	for (i = 0; i < sizeof field; i++) {
		x = x * 1664525 + 1013904223;
		field[i] = x >> 24;
		sums[i & 255] += field[i] * 0.5;
	}
	for (i = 1; i < 30; i++)
		wide = wide * i % 0xffffffffffffffc5;
	for (i = 0; i < 256; i++)
		sum += sums[i];
	printf("%016llx %.1f %llu ", (unsigned long long)hash(field, sizeof field), sum, (unsigned long long)wide);
	qsort(field, sizeof field, 1, by_value);
	printf("%016llx\n", (unsigned long long)hash(field, sizeof field));
	return 0;
}
C
cat >Makefile <<'M'
main: main.o hash.o
	$(CC) $(CFLAGS) -o $@ $^
main.o hash.o: hash.h
clean:
	rm -f main *.o
M
for flags in -O0 -O1 -O2 -Os '-O3 -mcpu=power8 -ftree-vectorize' '-O2 -flto' '-O2 -g -fPIC -fstack-protector-all'; do
	works "make, $flags" make -j4 CFLAGS="$flags"
	same "$flags" '8e43804856d0e922 4172310.5 11390813560514282730 9a3ae9a1ff8dbb68' "$(./main)"
	make clean >/dev/null
done
echo 'int main(void) { return undeclared; }' >wrong.c
gcc -c wrong.c 2>out
same 'a wrong program, exit status' 1 $?
same 'a wrong program, message' 1 "$(grep -c "error: .undeclared. undeclared" out)"

if [ -e "$real/libm.values" ]; then
	for flags in -O0 '-O3 -mcpu=power8'; do
		works "libm.c, $flags" gcc $flags -frounding-math -fno-builtin -ffp-contract=off "$real/libm.c" -o libm -lm
		works "libm, $flags" ./libm "$real/libm.values"
		grep WRONG out
	done
fi
end_checks
