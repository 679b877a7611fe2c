# SPDX-License-Identifier: Apache-2.0
# A table is made, sorted by two keys, and summed. $U is what starts such a program on a host, nothing in a guest.
${U}mawk 'BEGIN {
	for (s = 1; n < 60000; n++) {
		s = (s * 16807) % 2147483647
		printf "%s%d,%d,%.3f\n", substr("alphabetagammadelta", s % 13 + 1, 3), s % 1000, s % 7, s / 1000
	}
}' >table
${U}sort -t, -k1,1 -k3,3nr table >sorted
${U}mawk -F, '{ sum[$1] += $3; n[$2]++ } END { for (k in sum) print k, sum[k]; for (k in n) print k, n[k] }' sorted >sums
${U}sort sums
