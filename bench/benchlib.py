# SPDX-License-Identifier: Apache-2.0
"""What the benches share: the peer's command line, running both in turn, medians, tables."""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import threading

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QEMU = 'qemu-system-ppc64'


def common_options(parser, rounds=5):
    """What the command line of every bench has."""
    parser.add_argument('--build', default=os.path.join(TOP, 'build'), help='folder that was built in')
    parser.add_argument('--papyr', help="the command to measure (default: the build's)")
    parser.add_argument('--rounds', type=int, default=rounds, help='how often each is run')
    parser.add_argument('--json', action='store_true', help='figures for programs')
    parser.add_argument('--check', action='store_true', help='exit status 1 when a goal is missed')


def parsed(parser):
    """The command line, checked, and with a command to measure."""
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error('--rounds: at least 1')
    if not args.papyr:
        args.papyr = os.path.join(args.build, 'papyr')
        if not os.path.exists(args.papyr):
            args.papyr = os.path.join(args.build, 'src', 'cmd', 'papyr')
    return args


def options(description):
    """The command line of a bench without options of its own."""
    parser = argparse.ArgumentParser(description=description)
    common_options(parser)
    return parsed(parser)


def options_with_bus(description):
    """The same with --virtio."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--virtio', action='store_true', help='virtio devices on PCI, in both')
    common_options(parser)
    return parsed(parser)


def drivers(args, *names):
    """Those of the virtual I/O bus; or with --virtio those of PCI, and the named ones."""
    if not args.virtio:
        return sorted(glob.glob(os.path.join(fetch_guest('drivers'), '*.ko')))
    names = ('virtio', 'virtio_ring', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci', *names)
    return [path for path in sorted(glob.glob(os.path.join(fetch_guest('virtio'), '*.ko')))
            if os.path.basename(path)[:-3].split('-', 1)[1] in names]


def built(args, name):
    path = os.path.join(args.build, 'bench', name)
    if not os.path.exists(path):
        sys.exit(f'{path} is not there: run make first, with the compilers of bench/meson.build installed')
    return path


def fetch_guest(what):
    """The path of what tools/fetch-guest brings."""
    got = subprocess.run([os.path.join(TOP, 'tools', 'fetch-guest'), what], stdout=subprocess.PIPE, text=True)
    if got.returncode:
        print("Debian's kernel can't be had here: nothing to boot.", file=sys.stderr)
        sys.exit(77)
    return got.stdout.strip()


def guest_initrd(args, folder, program, script, more=()):
    """An initrd, made in @folder, that runs @script; /root/@program is that of guests/. @more: files, drivers."""
    autorun, link, initrd = (os.path.join(folder, n) for n in ('autorun', program, 'initrd'))
    with open(autorun, 'w') as f:
        f.write('#!/bin/sh\n' + script)
    os.chmod(autorun, 0o755)
    os.symlink(os.path.abspath(built(args, f'{program}.ppc64le')), link)
    subprocess.run([os.path.join(TOP, 'tools', 'make-initrd'), fetch_guest('busybox'), initrd, autorun, link, *more],
                   check=True)
    return initrd


def have_qemu():
    if shutil.which(QEMU):
        return True
    print(f'{QEMU} is not installed (Debian: qemu-system-ppc): no peer, Papyr alone.', file=sys.stderr)
    return False


def qemu_command(kernel, memory='1G', cpus=1, initrd=None, append=None):
    """The peer: TCG, built-in firmware, the console on stdio, and nothing else that costs time."""
    cmd = [QEMU, '-M', 'pseries,x-vof=on,cap-htm=off', '-accel', 'tcg', '-cpu', 'POWER8', '-m', memory,
           '-smp', str(cpus), '-nodefaults', '-nographic', '-vga', 'none', '-serial', 'stdio',
           '-monitor', 'none', '-no-reboot', '-kernel', kernel]
    if initrd:
        cmd += ['-initrd', initrd]
    if append:
        cmd += ['-append', append]
    return cmd


def papyr_command(args, kernel, memory='1G', cpus=1, initrd=None, append=None):
    cmd = [args.papyr, 'run', '-k', kernel, '-m', memory, '-c', str(cpus)]
    if initrd:
        cmd += ['-i', initrd]
    if append:
        cmd += ['-p', append]
    return cmd


def guest_lines(cmd, timeout):
    """Runs a guest to its end and yields the lines of its console as they come."""
    guest = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    errors = []
    drain = threading.Thread(target=lambda: errors.extend(guest.stderr), daemon=True)
    drain.start()
    watchdog = threading.Timer(timeout, guest.kill)
    watchdog.start()
    try:
        for line in guest.stdout:
            yield line.decode(errors='replace').strip()
        status = guest.wait()
    finally:
        watchdog.cancel()
        if guest.poll() is None:
            guest.kill()
            guest.wait()
        drain.join(5)
    if status:
        text = b''.join(errors).decode(errors='replace').strip()
        sys.exit(f'{cmd[0]} ended with status {status}: {text[-500:]}')


def median(values):
    v = sorted(values)
    n = len(v)
    return (v[(n - 1) // 2] + v[n // 2]) / 2


def quartiles(values):
    v = sorted(values)
    return v[(len(v) - 1) // 4], v[len(v) - 1 - (len(v) - 1) // 4]


def ratios(ours, theirs):
    """Of each round, so that a slow moment of the machine hits both sides."""
    return [a / b for a, b in zip(ours, theirs)]


def summary(values):
    if not values:
        return None
    low, high = quartiles(values)
    return {'median': median(values), 'low': low, 'high': high}


def comparison(name, unit, ours, theirs, goal=None):
    """One row: figures of both sides and their ratio."""
    row = {'name': name, 'unit': unit, 'papyr': summary(ours), 'qemu': summary(theirs), 'goal': goal}
    row['ratio'] = summary(ratios(ours, theirs)) if ours and theirs else None
    row['missed'] = bool(goal and row['ratio'] and row['ratio']['median'] > goal)
    return row


def number(x):
    if x is None:
        return '-'
    x = x['median'] if isinstance(x, dict) else x
    return f'{x:,.0f}' if x >= 1000 else f'{x:.3g}'


def spread(x):
    return '-' if x is None else f"{number(x['low'])} .. {number(x['high'])}"


def table(head, lines):
    widths = [max(len(str(line[i])) for line in [head] + lines) for i in range(len(head))]
    for line in [head] + lines:
        print('  '.join(str(c).ljust(w) if i == 0 else str(c).rjust(w)
                        for i, (c, w) in enumerate(zip(line, widths))).rstrip())
    print()


def report(args, title, rows, extra=()):
    """Prints the rows and returns the exit status. @extra: (heading, key of the row) of further columns."""
    if args.json:
        print(json.dumps({'title': title, 'rounds': args.rounds, 'rows': rows}, indent=1))
    else:
        print(f'{title} (median of {args.rounds}; spread: first to third quartile)\n')
        head = ['', 'unit', 'QEMU', 'spread', 'Papyr', 'spread', 'Papyr/QEMU', 'spread', 'goal']
        lines = []
        for r in rows:
            goal = '' if not r['goal'] or not r['ratio'] else f"{r['goal']:.3g}{' MISSED' if r['missed'] else ''}"
            lines.append([r['name'], r['unit'], number(r['qemu']), spread(r['qemu']), number(r['papyr']),
                          spread(r['papyr']), number(r['ratio']), spread(r['ratio']), goal] +
                         [number(r.get(key)) for _, key in extra])
        table(head + [heading for heading, _ in extra], lines)
    return 1 if args.check and any(r['missed'] for r in rows) else 0
