#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images: made of folders, archives, disks and OCI layouts; commands in them; hostile ones, and makers that are killed."""
import ctypes
import gzip
import hashlib
import io
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import tarfile
import time

from papyrtest import PAPYR, PATIENCE, check, fail, fetch, papyr, until, workdir

busybox = open(fetch('busybox'), 'rb').read()
folder = workdir()
os.environ['XDG_DATA_HOME'] = os.path.join(folder, 'data')
images = os.path.join(folder, 'data', 'papyr', 'images')
LONG = 'a-long-name-' + 'x' * 180


def execute(*args, status=0):
    print('$ papyr exec ' + ' '.join(args), flush=True)
    got = subprocess.run([PAPYR, 'exec', *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120 * PATIENCE)
    if got.returncode != status:
        fail(f'status {got.returncode}, not {status}: {got.stdout} {got.stderr}')
    return got.stdout if status == 0 else got.stderr


def refused(words, *args):
    """The command fails, and says so."""
    _, err = papyr('image', *args, status=1)
    check(words in err, f'{words!r} is not in {err!r}')


def listed(*args):
    return papyr('image', *args)[0].decode()


def entry(name, kind=tarfile.REGTYPE, data=b'', mode=0o644, uid=0, gid=0, **more):
    e = tarfile.TarInfo(name)
    e.type, e.mode, e.uid, e.gid, e.size, e.mtime = kind, mode, uid, gid, len(data), 1000000000
    e.uname, e.gname = 'somebody', 'else'   # names of another system mean nothing
    for key, value in more.items():
        setattr(e, key, value)
    return e, data


def archive(path, *entries):
    """A tar archive as pax has it, compressed, with what is given."""
    with tarfile.open(path, 'w:gz', format=tarfile.PAX_FORMAT) as t:
        for e, data in entries:
            t.addfile(e, io.BytesIO(data))
    return path


def link(name, to):
    return entry(name, tarfile.SYMTYPE, linkname=to, mode=0o777)


SYSTEM = [
    entry('.', tarfile.DIRTYPE, mode=0o755), entry('./bin', tarfile.DIRTYPE, mode=0o755), entry('bin/busybox', data=busybox, mode=0o755),
    link('bin/sh', 'busybox'), link('bin/ls', 'busybox'), link('bin/cat', 'busybox'), link('bin/stat', 'busybox'), link('bin/id', 'busybox'), link('bin/grep', 'busybox'),
    entry('usr/lib', tarfile.DIRTYPE, mode=0o755), link('lib', 'usr/lib'), link('etc/lib', '/usr/lib'),
    entry('etc/passwd', data=b'root:x:0:0::/:/bin/sh\njoe:x:70000:70001::/:/bin/sh\n'),
    entry('etc/group', data=b'root:x:0:\ntape:x:70002:\nothers:x:70003:joe\n'),
    entry('/etc/absolute', data=b'inside\n'),
    link('etc/resolv.conf', '../run/systemd/resolve/stub-resolv.conf'),
]


def owners_and_kinds():
    tar = archive(os.path.join(folder, 'system.tar.gz'), *SYSTEM,
                  entry('set', data=b'#!\n', mode=0o4751, uid=70000, gid=70001), entry('hard', tarfile.LNKTYPE, linkname='./set'),
                  entry('odd', tarfile.CHRTYPE, mode=0o620, devmajor=5, devminor=77), entry('pipe', tarfile.FIFOTYPE, mode=0o600),
                  entry('etc/' + LONG, data=b'long\n'), entry('lib/by-link', data=b'in usr\n'))
    papyr('image', 'import', tar, 'tiny')
    seen = execute('--image', 'tiny', '--', 'stat', '-c', '%n %a %u %g %h %F %Y', '/set', '/hard', '/odd', '/pipe', '/usr/lib/by-link')
    check(seen == '''/set 4751 70000 70001 2 regular file 1000000000
/hard 4751 70000 70001 2 regular file 1000000000
/odd 620 0 0 1 character special file 1000000000
/pipe 600 0 0 1 fifo 1000000000
/usr/lib/by-link 644 0 0 1 regular file 1000000000
''', f'stat says {seen}')
    check(execute('--image', 'tiny', 'cat', '/etc/absolute', f'/etc/{LONG}') == 'inside\nlong\n', 'contents differ')
    check(execute('--image', 'tiny', '-u', 'joe', 'id', '-u') == '70000\n', 'joe is somebody else')
    # The name server, where the image has a link to what isn't there; the link stays.
    seen = execute('--image', 'tiny', '--keep', '--net', 'user', 'cat', '/etc/resolv.conf')
    check(seen == 'nameserver 10.0.2.3\n', f'resolv.conf: {seen!r}')
    check(execute('--image', 'tiny', 'sh', '-c', 'ls -l /etc/resolv.conf | grep -c stub-resolv') == '1\n', 'the link is gone')


def attributes():
    """Extended ones, and what they let a program do that isn't root's."""
    def cap(number):
        return ('\x01\0\0\x02' + chr(1 << number) + '\0' * 15)
    text = 'binary: \x01\0\x7f'
    tar = archive(os.path.join(folder, 'attributes.tar.gz'), *SYSTEM,
                  entry('bin/chown', data=busybox, mode=0o755, pax_headers={'SCHILY.xattr.security.capability': cap(0)}),
                  entry('bin/plain/chown', data=busybox, mode=0o755),
                  entry('d', tarfile.DIRTYPE, mode=0o755, pax_headers={'SCHILY.xattr.user.note': text}),
                  entry('long', data=b'x', pax_headers={'SCHILY.xattr.user.long': 'y' * 3000,
                                                        'SCHILY.xattr.security.selinux': 'of another system'}))
    papyr('image', 'import', tar, 'attributes')
    disk = os.path.join(images, 'attributes', 'root.img')

    def on_disk(command):
        return subprocess.run(['debugfs', '-R', command, disk], capture_output=True, check=True).stdout
    check(on_disk('ea_get -f /dev/stdout /d user.note').startswith(text.encode()), f'd has {on_disk("ea_list /d")}')
    check(b'user.long (3000)' in on_disk('ea_list /long') and b'selinux' not in on_disk('ea_list /long'), on_disk('ea_list /long'))
    check(execute('--image', 'attributes', '-u', 'joe', 'sh', '-c', '/bin/chown 5:6 /etc/absolute; stat -c %u:%g /etc/absolute') == '5:6\n',
          'its capability is lost')
    execute('--image', 'attributes', '-u', 'joe', '/bin/plain/chown', '5:6', '/etc/absolute', status=1)
    papyr('image', 'remove', 'attributes')
    # Of a folder, where the host's file system has any.
    top = os.path.join(folder, 'noted')
    os.mkdir(top)
    try:
        os.setxattr(top, 'user.note', b'the root\0')
        with open(os.path.join(top, 'file'), 'w') as f:
            os.setxattr(f.name, 'user.note', text.encode())
    except OSError as e:
        print(f'no attributes here: {e}')
        return
    papyr('image', 'import', top, 'attributes')
    check(on_disk('ea_get -f /dev/stdout /file user.note').startswith(text.encode()), 'of a folder they are lost')
    check(on_disk('ea_get -f /dev/stdout / user.note').startswith(b'the root\0'), 'of the folder itself they are lost')
    papyr('image', 'remove', 'attributes')


LINES = 'user::rw-\ngroup::r--\nother::---'
USERS_LIST = struct.pack('<I' + 'HHI' * 5, 2, 1, 6, 2**32 - 1, 2, 4, 70000, 4, 4, 2**32 - 1, 16, 4, 2**32 - 1, 32, 0, 2**32 - 1)


def access_lists():
    """Who may, beside owner and group: as tar says it, as other systems' attributes, and of a folder here."""
    theirs = {'SCHILY.acl.access': LINES + '\nuser:joe:r--:70000\nmask::r--'}
    tar = archive(os.path.join(folder, 'lists.tar.gz'), *SYSTEM, entry('secret', data=b'told\n', mode=0o640, pax_headers=theirs),
                  entry('closed', data=b'told\n', mode=0o640),
                  entry('d', tarfile.DIRTYPE, mode=0o755, pax_headers={'SCHILY.acl.default': theirs['SCHILY.acl.access']}),
                  entry('nameless', data=b'x', mode=0o640, pax_headers={'SCHILY.acl.access': LINES + '\nuser:jane:r--\nmask::r--'}))
    err = papyr('image', 'import', tar, 'lists')[1]
    check('access lists are left out of 1 files' in err, f'it said {err!r}')
    check(execute('--image', 'lists', '-u', 'joe', 'cat', '/secret') == 'told\n', 'joe may not read it')
    execute('--image', 'lists', '-u', 'joe', 'cat', '/closed', status=1)
    execute('--image', 'lists', '-u', '70005:70005', 'cat', '/secret', status=1)
    check(execute('--image', 'lists', 'sh', '-c', 'umask 0; echo made >/d/new; chmod 755 /d; ls -l /d/new') .startswith('-rw-r-----'),
          'what is made in the folder has another mode')
    papyr('image', 'remove', 'lists')
    top = os.path.join(folder, 'listed')
    shutil.copytree(os.path.join(folder, 'top'), top, symlinks=True)
    os.symlink('busybox', os.path.join(top, 'bin', 'cat'))
    with open(os.path.join(top, 'secret'), 'w') as f:
        f.write('told\n')
    os.chmod(f.name, 0o640)
    try:
        os.setxattr(f.name, 'system.posix_acl_access', USERS_LIST)
    except OSError as e:
        print(f'no access lists here: {e}')
        return
    papyr('image', 'import', top, 'lists')
    check(execute('--image', 'lists', '-u', '70000', 'cat', '/secret') == 'told\n', 'of a folder they are lost')
    execute('--image', 'lists', '-u', '70005:70005', 'cat', '/secret', status=1)
    papyr('image', 'remove', 'lists')
    # A list that no file system takes is no reason to make half an image.
    tar = archive(os.path.join(folder, 'lists.tar.gz'), *SYSTEM,
                  entry('bad', data=b'x', pax_headers={'SCHILY.xattr.system.posix_acl_access': 'no list'}))
    refused("couldn't unpack it", 'import', tar, 'lists')


def at_once():
    """Two that make one image: the second waits, and finds that it is there."""
    tar = os.path.join(folder, 'system.tar.gz')
    both = [subprocess.Popen([PAPYR, 'image', 'import', tar, 'twice'], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted((p.communicate(timeout=120 * PATIENCE)[1], p.returncode) for p in both)
    check([code for _, code in said] == [0, 1], f'two at once: {said}')
    check('is being made by another papyr: waiting' in said[1][0] and 'there is an image twice already' in said[1][0], f'it said {said}')
    papyr('image', 'remove', 'twice')
    check(os.listdir(images) == ['tiny'], f'left behind: {os.listdir(images)}')
    # That a lock can't be had at all is no reason to wait for anybody.
    elsewhere = os.path.join(folder, 'no-lock')
    os.makedirs(os.path.join(elsewhere, 'papyr', 'images.lock'))
    got = subprocess.run([PAPYR, 'image', 'import', tar, 'x'], stderr=subprocess.PIPE, text=True, timeout=120 * PATIENCE,
                         env={**os.environ, 'XDG_DATA_HOME': elsewhere})
    check(got.returncode == 1 and 'images.lock: Is a directory' in got.stderr and 'another papyr' not in got.stderr, f'{got}')


def changes():
    execute('--image', 'tiny', 'sh', '-c', 'echo lost >/new')
    execute('--image', 'tiny', 'cat', '/new', status=1)
    execute('--image', 'tiny', '--keep', 'sh', '-c', 'echo kept >/new')
    check(execute('--image', 'tiny', 'cat', '/new') == 'kept\n', 'it was not kept')


def the_store():
    (one,) = json.loads(listed('list', '--json'))
    check(one['name'] == 'tiny' and one['source'].endswith('system.tar.gz') and one['bytes'] > len(busybox), f'listed as {one}')
    check(listed('list').startswith('tiny '), 'list')
    check('source:' in listed('info', 'tiny'), 'info')
    refused('there is an image tiny already', 'import', folder, 'tiny')
    refused('is no image\'s name', 'import', folder, '../tiny')
    refused('there is no image other', 'info', 'other')
    refused('there is no image other', 'remove', 'other')
    refused('no verb', 'frobnicate')
    check('there is no image other' in execute('--image', 'other', 'true', status=125), 'no such image')
    check('there is no command' in execute('--image', 'tiny', status=125), 'no command')
    check('are a root each' in execute('--image', 'tiny', '--root', '/', 'true', status=125), 'two roots')


def folders_and_disks():
    top = os.path.join(folder, 'top')
    os.makedirs(os.path.join(top, 'bin'))
    with open(os.path.join(top, 'bin', 'busybox'), 'wb') as f:
        f.write(busybox)
    os.chmod(f.name, 0o755)
    os.symlink('busybox', os.path.join(top, 'bin', 'stat'))
    os.link(f.name, os.path.join(top, 'twin'))
    papyr('image', 'import', top, 'folder')
    check(execute('--image', 'folder', 'stat', '-c', '%u %h %a', '/twin') == f'{os.getuid()} 2 755\n', 'the twin')
    disk = os.path.join(images, 'folder', 'root.img')
    papyr('image', 'import', disk, 'copy')
    check(execute('--image', 'copy', 'stat', '-c', '%h', '/twin') == '2\n', 'the copy')
    check(execute('--disk', disk, '--', 'stat', '-c', '%h', '/twin') == '2\n', 'a disk as the root')
    check(execute('--disk', f'{disk}:/data/disk', '--', 'stat', '-c', '%h', '/data/disk/twin') == '2\n', 'a disk in the root')
    execute('--keep', '--disk', f'{disk}:/d', '--', 'sh', '-c', 'echo 1 >/d/one')
    check(execute('--disk', f'{disk}:/d', '--', 'cat', '/d/one') == '1\n', 'kept on a disk')
    papyr('image', 'remove', 'copy', 'folder')
    check(not os.path.exists(disk), 'it is still there')
    text = os.path.join(folder, 'text')
    with open(text, 'w') as f:
        f.write('no disk\n' * 100000)
    check("can't be mounted as ext4" in execute('--disk', text, '--', 'true', status=125), 'no file system')


def hostile():
    def one(words, *entries):
        refused(words, 'import', archive(os.path.join(folder, 'hostile.tar.gz'), *entries), 'hostile')
        check(os.listdir(images) == ['tiny'], f'left behind: {os.listdir(images)}')

    one('leads out of it', entry('a/../../b', data=b'x'))
    one('is a link to what is outside', entry('a', tarfile.LNKTYPE, linkname='../../etc/passwd'))
    one('a?[2J is a link', entry('a\x1b[2J', tarfile.LNKTYPE, linkname='../../etc/passwd'))  # for a terminal it is none
    foreign = bytearray(busybox)
    foreign[18:20] = b'\x3e\0'  # x86-64
    one("aren't for ppc64le", entry('bin/sh', data=bytes(foreign), mode=0o755))
    # What follows a link that leads out is in the guest, which has nothing but the disk.
    papyr('image', 'import', archive(os.path.join(folder, 'out.tar.gz'), *SYSTEM, link('out', '/proc/1/root'), entry('out/' + 'file', data=b'x')),
          'out', status=None)
    papyr('image', 'remove', 'out', status=None)
    cut = os.path.join(folder, 'cut.tar.gz')
    with open(os.path.join(folder, 'system.tar.gz'), 'rb') as f, open(cut, 'wb') as to:
        to.write(f.read()[:500000])
    refused("can't be read", 'import', cut, 'cut')
    with open(cut, 'wb') as to:
        to.write(b'nothing of the kind' * 1000)
    refused("can't be read", 'import', cut, 'cut')


def killed():
    """Whoever makes an image next sweeps away what was begun."""
    for after in (0.05, 0.5, 1.5):
        p = subprocess.Popen([PAPYR, 'image', 'import', os.path.join(folder, 'system.tar.gz'), 'half'], stderr=subprocess.DEVNULL)
        time.sleep(after)
        p.send_signal(signal.SIGKILL)
        p.wait()
        check(not os.path.exists(os.path.join(images, 'half')) or p.returncode == 0, 'half an image')
        papyr('image', 'remove', 'half', status=None)
    refused("can't be read", 'import', os.path.join(folder, 'cut.tar.gz'), 'cut')
    until('what was begun is gone', lambda: os.listdir(images) == ['tiny'])


# ---- OCI ----

class Layout:
    """As the specification has it, in a folder."""

    def __init__(self, name):
        self.folder = os.path.join(folder, name)
        self.manifests = []
        os.makedirs(os.path.join(self.folder, 'blobs', 'sha256'))

    def blob(self, data, kind, **more):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.folder, 'blobs', 'sha256', digest), 'wb') as f:
            f.write(data)
        return {'mediaType': f'application/vnd.oci.image.{kind}', 'digest': f'sha256:{digest}', 'size': len(data), **more}

    def json(self, value, kind, **more):
        return self.blob(json.dumps(value).encode(), kind, **more)

    def layer(self, *entries):
        with open(archive(os.path.join(folder, 'layer.tar.gz'), *entries), 'rb') as f:
            return self.blob(f.read(), 'layer.v1.tar+gzip')

    def image(self, tag, layers, architecture='ppc64le', **config):
        config = self.json({'architecture': architecture, 'os': 'linux', 'config': config}, 'config.v1+json')
        self.manifests.append(self.json({'schemaVersion': 2, 'config': config, 'layers': layers}, 'manifest.v1+json',
                                        annotations={'org.opencontainers.image.ref.name': tag}))

    def write(self):
        with open(os.path.join(self.folder, 'index.json'), 'w') as f:
            json.dump({'schemaVersion': 2, 'manifests': self.manifests}, f)
        return self.folder


class Closings:
    """Who has read a file closes it: inotify tells."""
    IN_CLOSE_NOWRITE = 0x10

    def __init__(self, path):
        libc = ctypes.CDLL(None)
        self.fd = libc.inotify_init1(os.O_CLOEXEC)
        check(self.fd >= 0 and libc.inotify_add_watch(self.fd, path.encode(), self.IN_CLOSE_NOWRITE) >= 0, f'{path} is not watched')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def wait(self):
        ready, _, _ = select.select([self.fd], [], [], 120 * PATIENCE)
        check(ready, 'nobody closed it')


def layers():
    layout = Layout('layout')
    low = layout.layer(*SYSTEM, entry('d/one', data=b'1\n'), entry('d/two', data=b'2\n'), entry('e/one', data=b'1\n'))
    high = layout.layer(entry('d/.wh.one'), entry('e/.wh..wh..opq'), entry('e/new', data=b'n\n'), entry('lib/three', data=b'3\n'),
                        entry('also', tarfile.LNKTYPE, linkname='d/two'))
    layout.image('both', [low, high], Entrypoint=['/bin/sh'], Cmd=['-c', 'cat $WHAT; echo $PWD $(id -u) $(id -G)'],
                 Env=['WHAT=/also', 'EMPTY='], WorkingDir='/usr', User='joe:tape')
    layout.image('low', [low], Env=['TITLE=\x1b]0;mine\x07', 'WORD=\u00e9\u009b1m'])
    # Files, folders and links in each other's place; an opaque folder whose own layer fills it; what has no such name.
    kinds = layout.layer(entry('a', tarfile.DIRTYPE, mode=0o755), entry('a/old', data=b'old\n'), entry('b', data=b'file\n'),
                         link('c', '/a'), link('f', '/a'), entry('g', tarfile.DIRTYPE, mode=0o755), entry('g/old', data=b'old\n'),
                         entry('h', tarfile.DIRTYPE, mode=0o755), entry('h/old', data=b'old\n'))
    other = layout.layer(entry('a', data=b'a file\n'), entry('b', tarfile.DIRTYPE, mode=0o755), entry('b/in', data=b'in b\n'),
                         entry('c/', tarfile.DIRTYPE, mode=0o755), entry('c/in', data=b'in c\n'), entry('f', data=b'no link\n'),
                         entry('g/new', data=b'new\n'), entry('g/.wh..wh..opq'), entry('h/.wh.old'), entry('h/.wh.nosuch'),
                         entry('.wh.aufs/file', data=b'x'), entry('.wh..wh.plnk', tarfile.DIRTYPE, mode=0o700))
    layout.image('kinds', [layout.layer(*SYSTEM), kinds, other])
    for n, name in enumerate(('.wh...', '.wh.a\nb')):
        layout.image(f'bad{n}', [low, layout.layer(entry(name))])
    layout.image('foreign', [low], architecture='amd64')
    where = layout.write()
    check(execute('--oci', f'{where}:both') == '2\n/usr 70000 70002\n', 'its own command')
    (name,) = [one['name'] for one in json.loads(listed('list', '--json')) if one['name'] != 'tiny']
    check(execute('--image', name, '-e', 'WHAT=/usr/lib/three', '-w', '/', '-u', '70000') == '3\n/ 70000 70001 70003\n',
          'another variable and folder, and no group said')
    seen = execute('--oci', f'{where}:both', '-u', 'root', 'ls', '/d', '/e', '/usr/lib')
    check(seen == '/d:\ntwo\n\n/e:\nnew\n\n/usr/lib:\nthree\n', f'layers: {seen}')
    check(execute('--oci', f'{where}:low', 'ls', '/d', '/e') == '/d:\none\ntwo\n\n/e:\none\n', 'the lower layer')
    (low_name,) = [one['name'] for one in json.loads(listed('list', '--json')) if one['name'] not in ('tiny', name)]
    check('TITLE=?]0;mine?\n' in listed('info', low_name) and 'WORD=\u00e9??1m\n' in listed('info', low_name), 'orders to a terminal')
    seen = execute('--oci', f'{where}:kinds', 'sh', '-c', 'cd /; cat a b/in c/in f; for f in a b c f; do [ -L $f ] && echo link $f; done; '
                   'ls -A g h; ls -A / | grep -c wh; true')
    check(seen == 'a file\nin b\nin c\nno link\ng:\nnew\n\nh:\n0\n', f'kinds: {seen}')
    refused('what has no name', 'import', f'oci:{where}:bad0', 'bad')
    refused('a line break', 'import', f'oci:{where}:bad1', 'bad')
    refused('for amd64', 'import', f'oci:{where}:foreign', 'f')
    refused('has 6 images', 'import', f'oci:{where}', 'f')
    refused('no image for ppc64le called other', 'import', f'oci:{where}:other', 'f')
    with open(os.path.join(where, 'blobs', 'sha256', low['digest'][7:]), 'r+b') as f:
        f.write(gzip.compress(b'other'))
    refused('is damaged', 'import', f'oci:{where}:low', 'f')
    refused('No such file', 'import', f'oci:{folder}', 'f')
    for pipe in (os.path.join(where, 'blobs', 'sha256', low['digest'][7:]), os.path.join(where, 'index.json')):
        os.unlink(pipe)
        os.mkfifo(pipe)
        refused('is no file', 'import', f'oci:{where}:low', 'f')


def changed_meanwhile():
    """A layer is another file when its sum was compared: what is used is what was summed, or nothing."""
    layout = Layout('changing')
    high = layout.layer(entry('which', data=b'the good one\n'))
    layout.image('it', [layout.layer(*SYSTEM, entry('which', data=b'of below\n')), high])
    where = layout.write()
    file = os.path.join(where, 'blobs', 'sha256', high['digest'][7:])
    other = archive(os.path.join(folder, 'other.tar.gz'), entry('which', data=b'the wrong one\n'))
    with Closings(file) as closings:
        p = subprocess.Popen([PAPYR, 'image', 'import', f'oci:{where}:it', 'changing'], stderr=subprocess.PIPE, text=True)
        closings.wait()
        os.rename(other, file)
        err = p.communicate(timeout=120 * PATIENCE)[1]
    if p.returncode:
        check('is damaged: its sum is' in err, f'it said {err}')
    else:
        check(execute('--image', 'changing', 'cat', '/which') == 'the good one\n', 'what was never summed is in the image')
        papyr('image', 'remove', 'changing')


def kept():
    """What exec keeps to start sooner is listed and cleared."""
    entries = json.loads(listed('cache', '--json'))
    check({e['kind'] for e in entries} <= {'guest', 'initrd'}, f'{entries}')


owners_and_kinds()
attributes()
at_once()
changes()
the_store()
folders_and_disks()
access_lists()
hostile()
killed()
layers()
changed_meanwhile()
kept()
print('ok')
