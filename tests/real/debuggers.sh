#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# debuggers.sh gdb|strace|perf|counters: each on a small program built here.
. "$(dirname "$0")/checks.sh"

cat >prey.c <<'C'
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

volatile long counter, other;
volatile char bytes[64];

static long stride(long n)
{
	long twice = n * 2;
	other++;
	counter += twice;
	return counter;
}

int main(void)
{
	long i;

	for (i = 1; i <= 5; i++)
		stride(i);
	bytes[3] = bytes[2];
	bytes[2] = 7;
	raise(SIGUSR1);
	printf("counter %ld\n", counter);
	return 3;
}
C
works gcc gcc -g -O0 prey.c -o prey

# says NAME TEXT: what gdb or strace printed has it.
says() {
	checks=$((checks + 1))
	grep -qF -- "$2" out && return
	wrong=$((wrong + 1))
	echo "$1: nothing says '$2':"
	tail -25 out
}

# debug COMMAND...: gdb on the program.
debug() {
	for c; do
		set -- "$@" -ex "$c"
		shift
	done
	timeout 120 gdb -nx -q -batch -ex 'set width 0' "$@" ./prey >out 2>&1 </dev/null
}

with_gdb() {
	debug 'break stride' run 'print n' bt finish 'print $r1 != 0' continue 'print n'
	says break 'Breakpoint 1, stride (n=1) at prey.c'
	says backtrace '#1  0x'
	says finish 'Value returned is $2 = 2'
	says continue 'stride (n=2)'
	debug 'break stride if n == 4' run 'print counter' next next next 'print counter' stepi stepi 'info registers pc' \
		'print twice' 'set var counter = 100' delete 'handle SIGUSR1 nostop nopass' continue
	says condition 'stride (n=4)'
	says 'print' '$1 = 12'
	says next '$2 = 20'
	says 'set var' 'counter 110'
	says exit 'exited with code 03'
	# By hardware: on loads, it would stop where counter is only read.
	debug 'break main' run 'watch counter' continue continue 'info watchpoints' delete continue
	says watch 'Hardware watchpoint 2: counter'
	says 'watch, first' 'New value = 2'
	says 'watch, second' 'Old value = 2'
	says 'watch, second' 'New value = 6'
	says 'watch, count' 'breakpoint already hit 2 times'
	says 'a signal' 'received signal SIGUSR1'
	debug 'break main' run 'watch bytes[2]' continue
	says 'watch a byte' "New value = 7"
	debug 'break main' run 'rwatch bytes[2]' continue bt
	says rwatch 'Hardware read watchpoint 2: bytes[2]'
	says 'rwatch, value' "Value = 0"
	debug 'break main' run 'awatch other' continue continue continue
	says awatch 'Hardware access (read/write) watchpoint 2: other'
	says 'awatch, read' 'Value = '
	says 'awatch, written' 'New value = 1'
}

with_strace() {
	same 'killed by' 138 "$(strace -o trace ./prey >/dev/null 2>&1; echo $?)"
	cp trace out
	says exec 'execve("./prey", ["./prey"]'
	says signal '--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL'
	says end '+++ killed by SIGUSR1 +++'
	works 'strace of forks' strace -f -o trace sh -c 'cat /etc/hostname /etc/passwd | wc -l; exit 0'
	cp trace out
	says pipe 'pipe2(['
	says read 'root:x:0:0:'
	says 'a child' '+++ exited with 0 +++'
	strace -c -o out true
	says counts '% time     seconds  usecs/call     calls    errors syscall'
	strace -e inject=getpid:retval=77 -o trace perl -e 'print syscall(20), "\n"' >out
	says injected 77
}

with_perf() {
	perf stat -x, -e task-clock,page-faults -- true >out 2>&1
	same 'the clock and page faults are counted' 2 "$(grep -cE '^[1-9][0-9.]*,(msec)?,(task-clock|page-faults)' out)"
	works 'perf record' perf record -q -e cpu-clock -o data -- gzip -9 -c "$(command -v gdb)"
	perf report -i data --stdio >out 2>&1
	says 'perf report' gzip
}

with_counters() {
	perf stat -x, -e cycles,instructions -- true 2>out
	same 'cycles and instructions are counted' 2 "$(grep -cE '^[1-9][0-9]*,,(cycles|instructions)' out)"
	perf stat -x, -e instructions:u -- sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done' 2>out
	same 'a shell loop takes millions of instructions' 1 "$(grep -cE '^[0-9]{7,},,instructions:u' out)"
	works 'perf record of cycles' perf record -q -e cycles -o data -- gzip -9 -c "$(command -v gdb)"
	perf report -i data --stdio >out 2>&1
	says 'perf report of cycles' gzip
	cat out
}

with_"$1"
end_checks
