#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Four processors, disks and a network card at work at the same time: nothing is lost or mixed up. Built with the thread
sanitizer nothing races either."""
import hashlib
import http.server
import random
import threading

from disktest import MIB, PANIC, drivers, folder, new_file, power_off
from papyrtest import PROMPT, check, debian, papyr, skip

DISK = 6 * MIB
BYTES = 3 * MIB

noise = random.Random(5).randbytes(DISK)
noise_sum = hashlib.md5(noise).hexdigest()
sent_sum = hashlib.md5(noise[:BYTES]).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', str(BYTES))
        self.end_headers()
        self.wfile.write(noise[:BYTES])

    def log_message(self, *_):
        pass


# Direct and through the guest's cache, small and large, in both directions, on both disks.
WORK = """#!/bin/sh
ifconfig lo 127.0.0.1; udhcpc -n -q
until [ -e /sys/bus/scsi/devices/0:0:1:0/block ]; do sleep 0.1; done
from=/dev/$(basename /sys/bus/scsi/devices/0:0:0:0/block/*); to=/dev/$(basename /sys/bus/scsi/devices/0:0:1:0/block/*)
(dd if=$from of=$to bs=4k count=512 iflag=direct oflag=direct) &
(dd if=$from of=$to bs=1M skip=2 seek=2 count=2 iflag=direct oflag=direct) &
(dd if=$from of=$to bs=64k skip=64 seek=64; sync) &
(wget -q -O - http://10.0.2.2:$1/ | md5sum; wget -q -O - http://10.0.2.2:$1/ | md5sum) &
(wget -q -O - http://10.0.2.2:$1/ | md5sum) &
(for i in 1 2 3; do ping -c 5 -i 0.2 -s 1400 10.0.2.2 | grep loss; done) &
wait
md5sum $from $to
echo all done
"""

if 'without libslirp' in papyr('run', '--net', 'user,forward=tcp::0-:22', status=1)[1]:
    skip('built without libslirp')
server = http.server.ThreadingHTTPServer(('', 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
work = new_file('work', WORK.encode())
source, target = new_file('source', noise), new_file('target', bytes(DISK))

guest = debian(folder, cpus='4', files=[work, *drivers], append='quiet',
               more=['--name', 'load', '--disk', source, '--disk', target, '--net', 'user'])
guest.expect(PROMPT, 90, never=PANIC)
guest.type(f'./work {server.server_port}\r')
guest.expect('all done', 180, never=PANIC)
guest.expect(PROMPT)
check(guest.text.count(sent_sum) == 3, 'what came by the network was something else')
check(guest.text.count(noise_sum) == 2, 'what was copied is something else')
check(guest.text.count(' 0% packet loss') == 3, 'echoes were lost')
power_off(guest)
with open(target, 'rb') as f:
    check(f.read() == noise, 'the disk does not hold what the guest wrote')
