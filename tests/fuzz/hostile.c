/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets hostile guests loose on libpapyr.
 *
 *     hostile insns|changes|twice|hcalls [--seconds N] [--seed N] [--cases N] [--power7]
 *
 * Runs cases, the first with the seed given or taken from the clock, each next one with the next
 * seed, until the time is over (PAPYR_FUZZ_SECONDS without --seconds; SECONDS without either) or
 * --cases are done. The cases run in a child: when it crashes, stops moving, has memory that is
 * writable and executable, or finds something wrong, the seed of its case is told and the exit
 * status is 1. Every fourth seed is a POWER7 unless --power7 makes all of them that.
 */
#include "hostile.h"

#include <stdarg.h>
#include <sys/wait.h>

#define STUCK_SECONDS 20
#define STRING2(x)    #x
#define STRING(x)     STRING2(x)

struct progress *progress;

static struct options {
	void (*run)(u64 seed, bool power7);
	const char *what;
	u64 seconds, seed, cases;
	bool power7;
} opt;

void broken(const char *format, ...)
{
	va_list ap;

	fputs("hostile: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	_exit(1);
}

static u64 number(const char *s)
{
	char *end;
	u64 n = strtoull(s, &end, 0);

	if (!*s || *end) {
		fprintf(stderr, "hostile: '%s' is not a number\n", s);
		exit(2);
	}
	return n;
}

static void usage(void)
{
	fputs("Usage: hostile insns|changes|twice|hcalls [--seconds N] [--seed N] [--cases N] "
	      "[--power7]\n",
	      stderr);
	exit(2);
}

static const struct {
	const char *what;
	void (*run)(u64 seed, bool power7);
} kinds[] = {
    {"insns", insn_case},
    {"changes", change_case},
    {"twice", twice_case},
    {"hcalls", hcall_case},
};

static void parse(int argc, char **argv)
{
	const char *seconds = getenv("PAPYR_FUZZ_SECONDS");

	opt.seconds = seconds && *seconds ? number(seconds) : SECONDS;
	opt.seed = (u64)time(NULL) * 1000;
	opt.cases = ~0ull;
	if (argc < 2)
		usage();
	opt.what = argv[1];
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(argv[1], kinds[i].what))
			opt.run = kinds[i].run;
	if (!opt.run)
		usage();
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "--power7"))
			opt.power7 = true;
		else if (i + 1 == argc)
			usage();
		else if (!strcmp(argv[i], "--seconds"))
			opt.seconds = number(argv[++i]);
		else if (!strcmp(argv[i], "--seed"))
			opt.seed = number(argv[++i]);
		else if (!strcmp(argv[i], "--cases"))
			opt.cases = number(argv[++i]);
		else
			usage();
	}
}

static void child(void)
{
	time_t end = time(NULL) + opt.seconds;

	for (u64 n = 0; n < opt.cases && time(NULL) < end; n++) {
		u64 seed = opt.seed + n;

		progress->seed = seed;
		opt.run(seed, opt.power7 || seed % 4 == 3);
		progress->cases++;
		progress->beats++;
	}
	exit(0); /* the leak checker, where there is one, has its say */
}

/* Has the process memory that is written to and run at one address? */
static bool writes_what_it_runs(pid_t pid)
{
	char name[64], line[4096], access[5];
	bool found = false;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	maps = fopen(name, "re");
	while (maps && !found && fgets(line, sizeof(line), maps)) {
		found = sscanf(line, "%*s %4s", access) == 1 && strchr(access, 'w') &&
			strchr(access, 'x');
		if (found)
			printf("writable and executable: %s", line);
	}
	if (maps)
		fclose(maps);
	return found;
}

/* Waits for the child. What is wrong with it otherwise than by its own word, NULL: nothing. */
static const char *watch(pid_t pid, int *status)
{
	const char *wrong = NULL;
	u64 beats = 0;
	int still = 0;

	while (!waitpid(pid, status, WNOHANG)) {
		usleep(100000);
		if (progress->beats != beats) {
			beats = progress->beats;
			still = 0;
		} else if (++still > STUCK_SECONDS * 10) {
			wrong = "nothing moved for " STRING(STUCK_SECONDS) " s";
		}
		if (writes_what_it_runs(pid))
			wrong = "memory is writable and executable";
		if (!wrong)
			continue;
		kill(pid, SIGABRT);
		usleep(1000000);
		kill(pid, SIGKILL);
		waitpid(pid, status, 0);
		break;
	}
	return wrong;
}

static void report(void)
{
	printf("hostile %s: from seed %llu, %llu cases, %llu instructions, %llu hypercalls, "
	       "interrupted %llu times\n",
	       opt.what, (unsigned long long)opt.seed, (unsigned long long)progress->cases,
	       (unsigned long long)progress->instructions, (unsigned long long)progress->hcalls,
	       (unsigned long long)progress->interrupted);
	for (unsigned i = 0; i < ARRAY_SIZE(progress->exits); i++)
		if (progress->exits[i])
			printf("  exit reason %u: %llu\n", i,
			       (unsigned long long)progress->exits[i]);
}

int main(int argc, char **argv)
{
	const char *wrong;
	int status = 0;
	pid_t pid;

	parse(argc, argv);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (progress == MAP_FAILED) {
		perror("hostile");
		return 2;
	}
	printf("hostile %s: from seed %llu on\n", opt.what, (unsigned long long)opt.seed);
	fflush(stdout);
	pid = fork();
	if (!pid)
		child();
	if (pid < 0) {
		perror("hostile");
		return 2;
	}
	wrong = watch(pid, &status);
	report();
	if (!wrong && WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (wrong)
		printf("FAILED: %s", wrong);
	else if (WIFSIGNALED(status))
		printf("FAILED: signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		printf("FAILED: exit status %d", WEXITSTATUS(status));
	printf("; again: hostile %s --seed %llu --cases 1%s\n", opt.what,
	       (unsigned long long)progress->seed, opt.power7 ? " --power7" : "");
	return 1;
}
