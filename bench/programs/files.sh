# SPDX-License-Identifier: Apache-2.0
# What is asked of a file system: copy, look at, link, move, remove many files; and a file byte by byte.
mkdir tree
cp -r /usr/lib/python3.11/json /usr/lib/python3.11/email /usr/lib/python3.11/asyncio /usr/lib/python3.11/collections tree
i=0
while [ $i -lt 8 ]; do
	i=$((i + 1))
	cp -rl tree copy$i
done
find . -type f -name '*.py' -size +2 | wc -l
find . -type f | sort | tail -1
du -s --apparent-size tree
rm -r copy*
dd if=/dev/zero of=bytes bs=1 count=150000 2>/dev/null
wc -c <bytes
