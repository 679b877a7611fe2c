#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may migrate where: certificates and pre-shared keys, right and wrong ones, and strangers at either end. Whoever is
refused is told so, a waiting destination goes on waiting, and the guest runs on."""
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time

from migratetest import migrate, status, wait_listening as wait_uri_listening
from papyrtest import PATIENCE, Guest, check, fail, skip, workdir

BEAT = 'memory as it should be'
TODAY = 'expiration_days = 30'
PAST = 'activation_date = "2020-01-01 00:00:00"\nexpiration_date = "2020-02-01 00:00:00"'
SERVER, CLIENT = 'tls_www_server\nsigning_key', 'tls_www_client\nsigning_key'

if not shutil.which('certtool'):
    skip('certificates are made by certtool (gnutls-bin), which is not here')
folder = workdir()


# ---- Certificates ----

def path(*names):
    return os.path.join(folder, *names)


def certtool(*args):
    got = subprocess.run(['certtool', *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    check(got.returncode == 0, got.stdout)


def write(name, text):
    with open(path(name), 'w') as f:
        f.write(text)
    return path(name)


def authority(name):
    template = write('template', f'cn = "{name}"\nca\ncert_signing_key\n{TODAY}\n')
    certtool('--generate-self-signed', '--load-privkey', path('key'), '--template', template, '--outfile',
             path(name + '.pem'))


def certificate(name, ca, what):
    template = write('template', f'cn = "{name}"\n{what}\n')
    certtool('--generate-certificate', '--load-privkey', path('key'), '--load-ca-certificate', path(ca + '.pem'),
             '--load-ca-privkey', path('key'), '--template', template, '--outfile', path(name + '.pem'))


def put(name, ca=None, server=None, client=None):
    """A folder as --tls-x509 wants it; what isn't given isn't there."""
    os.mkdir(path(name))
    for what, cert in (('ca', ca), ('server', server), ('client', client)):
        if cert:
            shutil.copy(path(cert + '.pem'), path(name, what + '-cert.pem'))
            shutil.copy(path('key'), path(name, what + '-key.pem'))
    return path(name)


def make_certificates():
    """One key for all: it is the signatures that count."""
    certtool('--generate-privkey', '--key-type=ecdsa', '--outfile', path('key'))
    authority('ours')
    authority('theirs')
    names = 'dns_name = "localhost"'
    certificate('server', 'ours', f'{SERVER}\n{names}\n{TODAY}')
    certificate('server-elsewhere', 'ours', f'{SERVER}\ndns_name = "elsewhere.example"\n{TODAY}')
    certificate('server-old', 'ours', f'{SERVER}\n{names}\n{PAST}')
    certificate('server-theirs', 'theirs', f'{SERVER}\n{names}\n{TODAY}')
    certificate('server-address', 'ours', f'{SERVER}\nip_address = 127.0.0.1\n{TODAY}')
    certificate('client', 'ours', f'{CLIENT}\n{TODAY}')
    certificate('client-named', 'ours', f'{CLIENT}\n{names}\n{TODAY}')
    certificate('client-old', 'ours', f'{CLIENT}\n{PAST}')
    certificate('client-theirs', 'theirs', f'{CLIENT}\n{TODAY}')


# ---- Both ends ----

def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_listening(port):
    """Without connecting: state 0A in the kernel's list."""
    end = time.monotonic() + 20 * PATIENCE
    while time.monotonic() < end:
        for name in ('tcp', 'tcp6'):
            with open('/proc/net/' + name) as f:
                for words in map(str.split, f):
                    if words[1].endswith(f':{port:04X}') and words[3] == '0A':
                        return
        time.sleep(0.05)
    fail(f'nobody listens at port {port}')


def runs_on():
    guest.seen = len(guest.text)
    guest.expect(BEAT, 60)
    check(status('here') == 'running', f"the guest is {status('here')}")


class There:
    """A waiting destination."""

    def __init__(self, *options):
        self.port = free_port()
        self.guest = Guest(['run', '--incoming', f'tcp:127.0.0.1:{self.port}', '--name', 'there', *options])
        wait_listening(self.port)

    def no(self, said_here, said_there, *options, host='localhost'):
        """Refused, with these words at either end; both go on as before. None: not a byte came there, nor a word."""
        code, _, said = migrate('here', f'tcp:{host}:{self.port}', '--timeout', '10', *options)
        check(code == 1 and said_here in said, f'{options}: {said}')
        if said_there is not None:
            found = self.guest.expect(r'papyr: ([^\r\n]*); waiting for another', 20)
            check(said_there in found.group(1), f'{options}: {found.group(1)}')
            print(f'  there: {found.group(1)}')
        check(self.guest.process.poll() is None, 'the destination ended')
        runs_on()

    def yes(self, *options, host='localhost'):
        """The guest moves, however long a loaded host makes it stand still; it's 'here' from then on."""
        global guest
        code, _, said = migrate('here', f'tcp:{host}:{self.port}', '--downtime-ms', '500', *options)
        check(code == 0, f'{options}: {said}')
        guest.wait_for_status(0)
        guest, now = self.guest, status('there')
        guest.seen = len(guest.text)
        guest.expect(BEAT, 60)
        check(now == 'running', now)

    def kill(self):
        self.guest.kill()


def back():
    """Under the name 'here' again."""
    global guest
    old, guest = guest, Guest(['run', '--incoming', f'unix:{folder}/back', '--name', 'here'])
    wait_uri_listening(f'unix:{folder}/back')
    check(migrate('there', f'unix:{folder}/back', '--downtime-ms', '500')[0] == 0, 'it does not come back')
    old.wait_for_status(0)
    runs_on()


# ---- Strangers ----

def knock(port, data, listen=True):
    """Connects, says this and hears what comes; b'' and no more listening: a stranger who says nothing and stays."""
    s = socket.create_connection(('127.0.0.1', port))
    s.sendall(data)
    if not listen:
        return s
    s.settimeout(20 * PATIENCE)
    heard = b''
    try:
        while True:
            got = s.recv(4096)
            if not got:
                break
            heard += got
    except ConnectionError:
        pass
    s.close()
    return heard


def tls_client(port, cert=None):
    """Any TLS client, that shows this certificate whether or not it is wanted; does it hear anything?"""
    context = ssl.create_default_context(cafile=path('ours.pem'))
    if cert:
        context.load_cert_chain(path(cert + '.pem'), path('key'))
    with socket.create_connection(('127.0.0.1', port)) as plain:
        plain.settimeout(20 * PATIENCE)
        try:
            with context.wrap_socket(plain, server_hostname='localhost') as s:
                return s.recv(1)
        except (ssl.SSLError, ConnectionError) as e:
            print(f'  with certificate {cert}: {e}')
            return b''


class Server:
    """Somebody who listens and is no papyr; answers each connection with some bytes, and closes or not."""

    def __init__(self, data, stay):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.data, self.stay, self.open = data, stay, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            s, _ = self.socket.accept()
            s.sendall(self.data)
            if self.stay:
                self.open.append(s)
            else:
                s.close()


def at_server(data, stay, word, *options):
    server = Server(data, stay)
    begin = time.monotonic()
    code, _, said = migrate('here', f'tcp:127.0.0.1:{server.port}', '--timeout', '1', *options)
    check(code == 1 and word in said, said)
    check(time.monotonic() - begin < 5 * PATIENCE, 'it took too long')
    runs_on()


make_certificates()
guest = Guest(['run', '--name', 'here', '-p', 'storm', '-c', '2', '-m', '64M'])
guest.expect(BEAT, 60)
ours = put('x509', 'ours', 'server', 'client')

# The destination's own files are looked at before it waits.
for name, files in (('none', {}), ('half', {'ca': 'ours'}), ('client-only', {'ca': 'ours', 'client': 'client'})):
    wrong = Guest(['run', '--incoming', f'unix:{folder}/never', '--tls-x509', put(name, **files)])
    wrong.wait_for_status(1)
    if 'without TLS' in wrong.text:
        skip('this papyr was built without TLS')
    check('-cert.pem' in wrong.text, wrong.text)

# Certificates: the client is the one who is wrong.
there = There('--tls-x509', ours)
there.no('wrong key or certificate', 'Certificate is required', '--tls-x509',
         put('client-theirs-x509', 'ours', client='client-theirs'))
there.no('wrong key or certificate', 'expired', '--tls-x509', put('client-old-x509', 'ours', client='client-old'))
there.no('wrong key or certificate', 'purpose', '--tls-x509', put('client-server-x509', 'ours', client='server'))
there.no('client-cert.pem', None, '--tls-x509', put('no-client', 'ours'))
there.no('not who it should be', 'hung up', '--tls-psk', write('psk', 'papyr:00112233445566778899aabbccddeeff\n'))
there.no('without a word', 'speaks no TLS')
for cert, word in ((None, 'required'), ('client-theirs', 'NOT trusted'), ('client-old', 'expired')):
    check(tls_client(there.port, cert) == b'', f'{cert} is let in')
    there.guest.expect(word + '.*waiting for another')
check(tls_client(there.port, 'client') == b'\1', 'the right certificate is not let in')
there.guest.expect('waiting for another')
# A server that it doesn't believe, or that is another than the URI's host.
there.no('NOT trusted', 'hung up', '--tls-x509', put('theirs-x509', 'theirs', client='client'))
there.no('name', 'hung up', '--tls-x509', ours, host='127.0.0.1')
there.no('name', 'hung up', '--tls-x509', ours, '--tls-hostname', 'elsewhere.example')
there.yes('--tls-x509', ours)
back()
there = There('--tls-x509', ours)
there.yes('--tls-x509', ours, '--tls-hostname', 'localhost', host='127.0.0.1')
back()
there = There('--tls-x509', put('address', 'ours', 'server-address'))
there.yes('--tls-x509', ours, host='127.0.0.1')
back()
for name, word in (('server-elsewhere', 'name'), ('server-old', 'expired'), ('server-theirs', 'NOT trusted'),
                   ('client-named', 'purpose')):
    there = There('--tls-x509', put(name + '-x509', 'ours', name))
    there.no(word, 'hung up', '--tls-x509', ours)
    there.kill()

# Pre-shared keys.
right, wrong = path('psk'), write('psk-wrong', 'papyr:ff112233445566778899aabbccddeeff\n')
there = There('--tls-psk', right)
there.no('hung up', 'not who it should be', '--tls-psk', wrong)
there.no('hung up', 'not who it should be', '--tls-psk', write('psk-name', 'nobody:00112233445566778899aabbccddeeff\n'))
there.no('NAME:HEXKEY', None, '--tls-psk', write('psk-bad', 'papyr:xyz\n'))
there.no('without a word', 'speaks no TLS')
there.no('hung up', 'not who it should be', '--tls-x509', ours)
there.yes('--tls-psk', right)
back()
there = There()
there.no('hung up', 'no migration stream', '--tls-psk', right)
there.no('hung up', 'no migration stream', '--tls-x509', ours)

# Strangers at a waiting destination: garbage, half a record, and one who says nothing and keeps others waiting.
for data in (b'GET / HTTP/1.1\r\n\r\n', bytes(range(256)) * 64, b'\0' * 4096, b'HELO' + b'\xff' * 28):
    check(len(knock(there.port, data)) < 4096, 'a stranger hears a lot')
    there.guest.expect('waiting for another')
knock(there.port, b'HELO', listen=False).close()
there.guest.expect('waiting for another')
# Connections are taken in the order in which they came.
silent = knock(there.port, b'', listen=False)
begin = time.monotonic()
there.yes()
print(f'  behind a silent stranger: {time.monotonic() - begin:.1f} s')
silent.close()
back()

# Strangers where a guest was to go.
at_server(b'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n' * 4, True, 'no migration stream')
at_server(b'\0' * 65536, True, 'no migration stream')
at_server(b'', True, 'stood still')
at_server(b'', False, 'closed')
at_server(b'HTTP/1.1 400 Bad Request\r\n\r\n' * 4, False, 'TLS', '--tls-x509', ours, '--tls-hostname', 'localhost')
at_server(b'', True, 'stood still', '--tls-psk', right)
