/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel that changes its own code, and that of programs, while four processes run it: function
 * tracers, probes of functions, returns and single instructions, events behind static branches.
 *
 *     patches [SECONDS]
 *
 * The processes make calls whose answers they know, and count them; what is told to have been seen
 * of these lies between how many had ended and how many had begun. /root/test_static_key_base and
 * /root/test_static_keys, modules of the kernel that look at its static branches, are loaded too.
 */
#include "together.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACING	 "/sys/kernel/tracing/"
#define WORKERS	 4
#define WATCH_US 30000
#define BASE	 "/root/test_static_key_base"
#define USER	 "/root/test_static_keys"

/* What the workers write, the controller reads; in memory that all share. */
static struct counters {
	_Atomic u64 begun, done, wrong;
} APART *counters;

static u64 seed = 88172645463325252ull;
static char call_name[80]; /* the kernel's function of the system call */

/* ---- What is probed in the program: each instruction runs once a call ---- */

u64 probed(u64 x);
extern const u32 probed_insns[], probed_end[];
extern const char __executable_start[];

__asm__(".text\n.balign 64\n.type probed,@function\nprobed:\nprobed_insns:\n"
	"mulli 3,3,7\naddi 3,3,11\nmr 4,3\nstd 3,-16(1)\nsldi 4,4,5\nld 3,-16(1)\nxor 3,3,4\n"
	"cmpdi 3,0\nbeq 1f\n1: rldicl 3,3,1,0\nb 2f\n2: mtctr 3\nmfctr 3\naddis 3,3,1\nblr\n"
	"probed_end:\n.size probed,.-probed\n");

static u64 right_answer(u64 x)
{
	u64 y = x * 7 + 11;

	y ^= y << 5;
	return (y << 1 | y >> 63) + 65536;
}

/* ---- Workers ---- */

/* What is counted: one call of the system's, one of the program's. */
static void one_call(struct counters *mine, u64 x)
{
	mine->begun++;
	if (syscall(__NR_getpgid, 0) != getpgrp() || probed(x) != right_answer(x))
		mine->wrong++;
	mine->done++;
}

/* Ways into the kernel that many functions are on. */
static void other_calls(struct counters *mine, const int *ends, u64 x)
{
	u64 got = 0;
	char *p = mmap(NULL, 1 << 17, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || p[x % (1 << 17)])
		mine->wrong++;
	munmap(p, 1 << 17);
	if (write(ends[1], &x, 8) != 8 || read(ends[0], &got, 8) != 8 || got != x)
		mine->wrong++;
}

static void fork_and_call(struct counters *mine, u64 x)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		one_call(mine, x);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		mine->wrong++;
}

static void worker(struct counters *mine)
{
	int ends[2];

	if (pipe(ends) || prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(1);
	for (u64 x = getpid(); !mine->wrong; x = x * 6364136223846793005 + 1) {
		one_call(mine, x);
		other_calls(mine, ends, x);
		if (x >> 58 == 5)
			fork_and_call(mine, x);
	}
	_exit(1);
}

struct counts {
	u64 begun, done;
};

static struct counts count(void)
{
	struct counts c = {0, 0};

	/* In this order, so that what is done has begun. */
	for (int i = 0; i < WORKERS; i++)
		c.done += counters[i].done;
	for (int i = 0; i < WORKERS; i++)
		c.begun += counters[i].begun;
	return c;
}

/* ---- The tracer's files ---- */

static void put(const char *file, const char *format, ...)
{
	char path[160], text[256];
	va_list args;
	int fd, n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path,
		  O_WRONLY | (strchr(file, '_') && strstr(file, "events") ? O_APPEND : O_TRUNC));
	if (fd < 0 || write(fd, text, n) != n)
		wrong("'%s' can't be written to %s: %s", text, file, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static bool find_line(const char *file, const char *word, char *line, size_t size)
{
	char path[160];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), TRACING "%s", file);
	f = fopen(path, "r");
	while (f && !found && fgets(line, size, f))
		found = strstr(line, word) != NULL;
	if (f)
		fclose(f);
	return found;
}

/* How many entries all processors have made since the last time it was emptied. */
static u64 entries(void)
{
	u64 sum = 0;

	for (int cpu = 0; cpu < 64; cpu++) {
		static const char *const word[] = {"entries:", "overrun:", "dropped events:"};
		char file[80], line[160];

		snprintf(file, sizeof(file), "per_cpu/cpu%d/stats", cpu);
		for (int i = 0; i < 3; i++)
			if (find_line(file, word[i], line, sizeof(line)))
				sum += strtoull(strchr(line, ':') + 1, NULL, 10);
	}
	return sum;
}

/* @kind: kprobe or uprobe; the last two numbers are hits and misses. */
static u64 hits(const char *kind, const char *name)
{
	char file[80], line[256], *word;
	u64 n;

	snprintf(file, sizeof(file), "%s_profile", kind);
	if (!find_line(file, name, line, sizeof(line))) {
		wrong("%s has no %s", file, name);
		return 0;
	}
	word = strstr(line, name) + strlen(name);
	n = strtoull(word, &word, 10);
	return n + strtoull(word, NULL, 10);
}

static void within(const char *what, u64 seen, struct counts before, struct counts first,
		   struct counts last, struct counts after)
{
	u64 least = last.done > first.begun ? last.done - first.begun : 0;

	checks++;
	if (seen < least || seen > after.begun - before.done)
		wrong("%s: %llu calls were seen, of %llu to %llu", what, (unsigned long long)seen,
		      (unsigned long long)least, (unsigned long long)(after.begun - before.done));
}

static void watch(void)
{
	usleep(next_random(&seed) % WATCH_US);
}

/* ---- What is switched on and off ---- */

/* All functions, or many, with no count: that the processes go on is the check. */
static void many_functions(void)
{
	static const char *const some[] = {"vfs_*", "*lock*", "do_*",	 "*page*",
					   "sys_*", "copy_*", "*sched*", "*"};
	static const char *const tracer[] = {"function", "function_graph"};
	static u64 n;

	put("set_ftrace_filter", "%s", some[n++ % 8]);
	put("current_tracer", "%s", tracer[next_random(&seed) % 2]);
	watch();
	put("set_ftrace_filter", "%s", some[next_random(&seed) % 7]);
	watch();
	put("current_tracer", "nop");
	put("set_ftrace_filter", "\n");
	checks++;
}

/* Counts what is seen from when the file says 1 to when it says 0. */
static void count_entries(const char *what, const char *file)
{
	struct counts before, first, last, after;

	put("trace", "\n");
	before = count();
	put(file, "1");
	first = count();
	watch();
	last = count();
	put(file, "0");
	after = count();
	within(what, entries(), before, first, last, after);
}

static void one_function(void)
{
	put("set_ftrace_filter", "%s", call_name);
	put("tracing_on", "0");
	put("current_tracer", "function");
	count_entries("a function tracer", "tracing_on");
	put("current_tracer", "nop");
	put("tracing_on", "1");
	put("set_ftrace_filter", "\n");
}

static void static_branch(void)
{
	count_entries("an event", "events/syscalls/sys_enter_getpgid/enable");
	put("events/sched/enable", "1");
	put("events/kmem/enable", "1");
	watch();
	put("events/sched/enable", "0");
	put("events/kmem/enable", "0");
}

static void count_hits(const char *kind, const char *name)
{
	struct counts before, first, last, after;
	char file[80];

	snprintf(file, sizeof(file), "events/papyr/%s/enable", name);
	before = count();
	put(file, "1");
	first = count();
	watch();
	last = count();
	put(file, "0");
	after = count();
	within(name, hits(kind, name), before, first, last, after);
	snprintf(file, sizeof(file), "%s_events", kind);
	put(file, "-:papyr/%s\n", name);
}

/*
 * At the function's entry, where the tracer's call is; behind that, where a trap is put, which
 * becomes a branch after a while; and where it returns to.
 */
static void function_probe(void)
{
	static const char *const where[] = {"entry", "inside", "return"};
	static u64 n;
	char name[40];
	u64 kind = n % 3;

	snprintf(name, sizeof(name), "k%llu_%s", (unsigned long long)n++, where[kind]);
	put("kprobe_events", "%c:papyr/%s %s%s\n", kind == 2 ? 'r' : 'p', name, call_name,
	    kind == 1 ? "+16" : "");
	count_hits("kprobe", name);
}

static void instruction_probe(void)
{
	static u64 n;
	char name[40];
	size_t insn = next_random(&seed) % (probed_end - probed_insns);
	bool at_return = !(next_random(&seed) % 4);

	if (at_return)
		insn = 0;
	snprintf(name, sizeof(name), "u%llu_insn%zu", (unsigned long long)n++, insn);
	put("uprobe_events", "%c:papyr/%s /root/patches:0x%llx\n", at_return ? 'r' : 'p', name,
	    (unsigned long long)((const char *)&probed_insns[insn] - __executable_start));
	count_hits("uprobe", name);
}

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (syscall(__NR_finit_module, fd, "", 0))
		wrong("%s can't be loaded: %s", path, strerror(errno));
	close(fd);
}

static void static_keys(void)
{
	checks++;
	load_module(BASE);
	load_module(USER);
	if (syscall(__NR_delete_module, "test_static_keys", 0) ||
	    syscall(__NR_delete_module, "test_static_key_base", 0))
		wrong("the modules can't be taken off: %s", strerror(errno));
}

static struct kind {
	const char *name;
	void (*run)(void);
	u64 times;
} kind[] = {
    {"one function", one_function, 0},	    {"events", static_branch, 0},
    {"function probes", function_probe, 0}, {"instruction probes", instruction_probe, 0},
    {"static keys", static_keys, 0},	    {"many functions", many_functions, 0},
};

#define KINDS (sizeof(kind) / sizeof(kind[0]))

static void change_code(u64 n)
{
	struct kind *k = &kind[n % KINDS];
	static struct experiment named;

	named.name = k->name;
	current = &named;
	k->run();
	k->times++;
	for (int i = 0; i < WORKERS; i++)
		if (counters[i].wrong)
			wrong("a process had a wrong answer");
}

static void find_call(void)
{
	char line[80];

	if (!find_line("available_filter_functions", "sys_getpgid", line, sizeof(line))) {
		printf("WRONG: the kernel's functions can't be traced\n");
		exit(2);
	}
	sscanf(line, "%79s", call_name);
	printf("system calls are seen in %s\n", call_name);
}

static void start_workers(void)
{
	counters = mmap(NULL, sizeof(*counters) * WORKERS, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < WORKERS; i++)
		if (!fork())
			worker(&counters[i]);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 10, begin = now(), told = begin;
	u64 n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	find_call();
	start_workers();
	while (now() - begin < seconds && !wrongs) {
		change_code(n++);
		if (now() - told > 5) {
			told = now();
			printf("after %.0f s: %llu changes, %llu calls\n", told - begin,
			       (unsigned long long)n, (unsigned long long)count().done);
		}
	}
	for (size_t i = 0; i < KINDS; i++)
		printf("%s: %llu times\n", kind[i].name, (unsigned long long)kind[i].times);
	printf("ended: %llu rounds, %llu checks, %llu wrong\n", (unsigned long long)n,
	       (unsigned long long)checks, (unsigned long long)wrongs);
	return wrongs != 0;
}
