# SPDX-License-Identifier: Apache-2.0
"""What the tests share that move a guest while all its devices work: what each does, again and again, and compares."""
import hashlib
import os
import random

from virtiotest import drivers

DRIVERS = ('scsi_transport_srp', 'ibmvscsi', 'crct10dif_common', 'crc-t10dif', 'crc64', 'crc64-rocksoft', 't10-pi',
           'sd_mod', 'ibmveth', 'virtio-rng', 'virtio_blk', 'failover', 'net_failover', 'virtio_net', 'virtio_console',
           'netfs', 'fscache', '9pnet', '9pnet_virtio', '9p', 'virtio_balloon')
SLOT = 256 << 10  # of a disk: what is written at once, in pieces of 8 KiB
SLOTS = 12
DISK = SLOT * SLOTS
BAD = 'Kernel panic|Oops|BUG:|CORRUPT.*|I/O error'

# Each says "NAME N" after its round N, and "CORRUPT" instead if something isn't what it was. They end when there
# is /enough. What is written to a disk is new each time; its sum stays in /tmp.
WORK = """#!/bin/sh
bad() { echo "CORRUPT $*"; exit 1; }
rounds() { n=0; until [ -e /enough ]; do "$@" || bad "$*"; n=$((n + 1)); echo "$name $n"; done; echo "$name ends"; }
disk() {
	at=$((n % SLOTS * 32))
	dd if=/dev/urandom of=/tmp/$name.a bs=8k count=32 2>/dev/null || return
	dd if=/tmp/$name.a of=$1 bs=8k seek=$at conv=notrunc oflag=direct 2>/dev/null || return
	dd if=$1 of=/tmp/$name.b bs=8k skip=$at count=32 iflag=direct 2>/dev/null || return
	md5sum </tmp/$name.a | cut -c1-32 >/tmp/$name.sum.$((n % SLOTS))
	cmp /tmp/$name.a /tmp/$name.b
}
share() {
	[ "$(cd /share; find tree | wc -l)" = "$1" ] && tar c -C /share tree | tar x -C /tmp &&
	[ "$(cat /tmp/tree/*/* | md5sum)" = "$2  -" ] && rm -r /tmp/tree || return
	[ -z "$3" ] && return
	mkdir /share/new && cp -r /share/tree /share/new/ && [ "$(cat /share/new/tree/*/* | md5sum)" = "$2  -" ] && rm -r /share/new
}
rng() { dd if=/dev/hwrng bs=512 count=1 2>/dev/null | md5sum >>/tmp/random; }
net() { [ "$(wget -q -O - $1 | md5sum)" = "$2  -" ]; }
ping1() { until ping -c 1 -W 2 10.0.2.2 >/dev/null; do echo no answer; done; }
console() { usleep 20000; }
port() { while :; do while read line; do echo "heard $line"; done <>$1 >&0; usleep 50000; done; }
find_scsi() { until [ -e /sys/bus/scsi/devices/0:0:0:0/block ]; do usleep 100000; done; ls /sys/bus/scsi/devices/0:0:0:0/block; }
find_card() { basename $(dirname $(grep -l $1 /sys/class/net/*/address)); }

case $1 in
blk) name=blk; rounds disk /dev/vda ;;
scsi) name=scsi; rounds disk /dev/$(find_scsi) ;;
mount) mkdir /share; mount -t 9p -o trans=virtio,version=9p2000.L,msize=65536 share /share ;;
share) name=share; rounds share $2 $3 $4 ;;
rng) name=rng; rounds rng ;;
card) ifconfig $(find_card $2) $3 netmask $4 ;;
net) name=$2; rounds net $3 $4 ;;
ping) name=ping; rounds ping1 ;;
console) name=console; rounds console ;;
port) port $(echo /dev/vport*p0) ;;
sums) for i in $(seq 0 $((SLOTS - 1))); do cat /tmp/$2.sum.$i 2>/dev/null || echo none; done ;;
again) sort /tmp/random | uniq -d | wc -l ;;
esac
""".replace('SLOTS', str(SLOTS))


def worker(folder):
    """Its file, for an initrd."""
    path = os.path.join(folder, 'work')
    with open(path, 'w') as f:
        f.write(WORK)
    os.chmod(path, 0o755)
    return path


def modules():
    return drivers(*DRIVERS)


def make_disk(folder, name):
    path = os.path.join(folder, name)
    with open(path, 'wb') as f:
        f.truncate(DISK)
    return path


def make_tree(folder):
    """A folder with files to be shared; returns it, how many names are in it, and the sum of all."""
    root = os.path.join(folder, 'shared')
    all_of_it = b''
    for i in range(3):
        os.makedirs(os.path.join(root, 'tree', str(i)))
        for k in range(4):
            data = random.Random(4 * i + k).randbytes(1000 + 9000 * (k % 3))
            all_of_it += data
            with open(os.path.join(root, 'tree', str(i), str(k)), 'wb') as f:
                f.write(data)
    return root, 1 + 3 + 3 * 4, hashlib.md5(all_of_it).hexdigest()
