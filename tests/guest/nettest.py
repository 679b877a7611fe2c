# SPDX-License-Identifier: Apache-2.0
"""What the tests of networks share: a server on the host that gives out noise, of which a client can have the rest."""
import hashlib
import http.server
import random
import threading
import time

BYTES = 24 << 20

noise = random.Random(2).randbytes(BYTES)
noise_sum = hashlib.md5(noise).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Gives out noise, as much of it as is asked for."""
    pause = 0  # seconds before each MiB

    def do_GET(self):
        first = int(self.headers.get('Range', 'bytes=0-')[6:].rstrip('-'))
        self.send_response(206 if first else 200)
        self.send_header('Content-Length', str(BYTES - first))
        if first:
            self.send_header('Content-Range', f'bytes {first}-{BYTES - 1}/{BYTES}')
        self.end_headers()
        try:
            for at in range(first, BYTES, 1 << 20):
                time.sleep(self.pause)
                self.wfile.write(noise[at:at + (1 << 20)])
        except OSError:  # the guest is gone
            pass

    def log_message(self, *_):
        pass


def serve(handler=Server):
    """Serves from now on; returns the port."""
    server = http.server.ThreadingHTTPServer(('', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port
