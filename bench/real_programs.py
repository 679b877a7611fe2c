# SPDX-License-Identifier: Apache-2.0
"""What bench/real runs: Debian's programs, each for some seconds in QEMU."""
from collections import namedtuple

# argv: as in the guest, where /bench has our files. needs: the archive of tools/fetch-userland that has it.
# user: how it runs under an emulator of programs, on the host: 'program', itself; 'path', the same, with its arguments, which
# are files, named as they are on the host, where the emulator doesn't find them for all system calls; 'script', the host's
# shell runs it and the programs that it names by ${U} under the emulator; None, not at all. quick: --quick has it too.
Program = namedtuple('Program', 'name argv user needs quick', defaults=('program', 'bench', False))

HERE = '/bench/programs'
PYTHON = ['python3.11', '-I', '-S']
KEY = ['-K', '000102030405060708090a0b0c0d0e0f', '-iv', '00000000000000000000000000000001']
LONG_KEY = ['-K', '000102030405060708090a0b0c0d0e0f' * 2, *KEY[2:]]
JAVA = '/usr/lib/jvm/java-17-openjdk-ppc64el/bin/'
O0 = [f'/bench/src/hpt/{name}.c' for name in ('hpt', 'resize', 'search', 'track', 'writer')]
O2 = ['/bench/src/cpu/fp/arith.c']

PROGRAMS = (
    Program('gcc_O0', ['sh', f'{HERE}/compile.sh', '-O0', *O0], 'script', quick=True),
    Program('gcc_O2', ['sh', f'{HERE}/compile.sh', '-O2', *O2], 'script', quick=True),
    # A build calls a compiler again and again: what the first run made is there, as far as it was kept.
    Program('gcc_again', ['sh', f'{HERE}/compile.sh', '-O2', *O2], None),
    Program('python_integers', [*PYTHON, f'{HERE}/integers.py'], quick=True),
    Program('python_floats', [*PYTHON, f'{HERE}/floats.py'], quick=True),
    Program('python_json', [*PYTHON, f'{HERE}/objects.py'], quick=True),
    Program('python_big_integers', [*PYTHON, f'{HERE}/bigints.py'], quick=True),
    Program('python_expressions', [*PYTHON, f'{HERE}/expressions.py']),
    Program('perl_expressions', ['perl', f'{HERE}/expressions.pl'], quick=True),
    Program('sqlite', ['sqlite3', ':memory:', f'.read {HERE}/queries.sql'], quick=True),
    Program('sha256', ['openssl', 'dgst', '-sha256', '/bench/zeros-16M'], quick=True),
    Program('aes_ctr', ['openssl', 'enc', '-aes-128-ctr', *KEY, '-in', '/bench/zeros-96M']),
    Program('chacha20', ['openssl', 'enc', '-chacha20', *LONG_KEY, '-in', '/bench/zeros-96M']),
    Program('rsa', [*PYTHON, f'{HERE}/sign.py', '/bench/key.pem', '200']),
    Program('xz', ['xz', '-c', '-2', '/bench/text'], quick=True),
    Program('xz_back', ['xz', '-dc', *['/bench/text.xz'] * 8]),
    Program('zstd', ['zstd', '-c', '-5', '-q', '--single-thread', '/bench/text']),
    Program('gzip', ['gzip', '-c', '-n', '/bench/text']),
    Program('lua', ['lua5.4', f'{HERE}/structures.lua']),
    Program('sort_awk', ['sh', f'{HERE}/sort_awk.sh'], 'script', quick=True),
    Program('dash_loop', ['dash', f'{HERE}/loop.sh'], quick=True),
    Program('bash_loop', ['bash', f'{HERE}/loop.sh']),
    Program('fork_exec', ['sh', f'{HERE}/forks.sh'], None, quick=True),
    Program('pipes', ['sh', f'{HERE}/pipes.sh'], None),
    Program('files', ['sh', f'{HERE}/files.sh'], None, quick=True),
    Program('memcpy', ['/bench/copies', 'copy'], quick=True),
    Program('memset', ['/bench/copies', 'set']),
    Program('memmove', ['/bench/copies', 'move']),
    Program('node', ['node', f'{HERE}/sums.js'], 'path', needs='runtimes'),
    # A program of the JDK's own, in Java: nothing has to be compiled before.
    Program('java', [f'{JAVA}javap', '-J-Xmx256m', '-c', '-p', 'java.util.HashMap'], needs='runtimes'),
    Program('go_build', ['go', 'build', '-o', 'words', f'{HERE}/words.go'], None, needs='runtimes'),
)
