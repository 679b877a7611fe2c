# SPDX-License-Identifier: Apache-2.0
# Programs started, one after the other, and subshells.
i=0
while [ $i -lt 150 ]; do
	i=$((i + 1))
	/usr/bin/true
	n=$(echo $i)
	/usr/bin/expr $n % 97 >last
done
cat last
