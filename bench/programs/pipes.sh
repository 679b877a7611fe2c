# SPDX-License-Identifier: Apache-2.0
# Small and large pieces through three processes.
dd if=/dev/zero bs=512 count=60000 2>/dev/null | cat | wc -c
dd if=/dev/zero bs=64k count=4000 2>/dev/null | dd bs=16k 2>/dev/null | wc -c
seq 30000 | tr 0-9 a-j | tail -1
