/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* Last words wait for two seconds at most. */
#define LAST_WORDS_LOOKS   100
#define LAST_WORDS_LOOK_US 20000

#define MESSAGE_MAX 8192

const char *cmd_make_plain(char *text)
{
	for (u8 *s = (u8 *)text; *s; s++) {
		bool of_two = s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0; /* UTF-8 */

		if (of_two)
			*s++ = '?';
		if (of_two || (*s < ' ' && *s != '\n' && *s != '\t') || *s == 0x7f)
			*s = '?';
	}
	return text;
}

static void say(const char *fmt, va_list ap)
{
	char text[MESSAGE_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "papyr: %s\n", cmd_make_plain(text));
}

int cmd_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return STATUS_ERROR;
}

int cmd_print(const char *text)
{
	if (fputs(text, stdout) >= 0)
		return STATUS_OK;
	cmd_error("cannot write: %s", strerror(errno));
	clearerr(stdout); /* it has been said */
	return STATUS_ERROR;
}

void cmd_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

/* stderr again, such that writing doesn't wait; -1 where that can't be or needn't. */
static int open_unwaiting(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) || !(isatty(STDERR_FILENO) || S_ISFIFO(st.st_mode)))
		return -1;
	/* One of our own: the shell shares the old one, and wouldn't like O_NONBLOCK on it. */
	return open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void cmd_last_words(const char *text)
{
	int fd = open_unwaiting(), looks = LAST_WORDS_LOOKS;
	char line[1024];
	size_t n, done = 0;

	if (fd < 0) {
		cmd_error("%s", text);
		return;
	}
	n = (size_t)snprintf(line, sizeof(line), "papyr: %.1000s\n", text);
	cmd_make_plain(line);
	while (done < n && looks-- > 0) {
		ssize_t w = write(fd, line + done, n - done);

		if (w > 0)
			done += (size_t)w;
		else if (w < 0 && errno != EAGAIN && errno != EINTR)
			break;
		else
			usleep(LAST_WORDS_LOOK_US);
	}
	close(fd);
}

int cmd_usage(const char *verb, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "papyr %s: ", verb);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'papyr %s --help'.\n", verb);
	return STATUS_ERROR;
}

/* argv[0] is "papyr VERB" (main.c). */
static const char *verb_of(char **argv)
{
	return strrchr(argv[0], ' ') + 1;
}

struct parsed parse_verb(int argc, char **argv, const char *help, const char **args, int n)
{
	bool json_ok = strstr(help, "--json");
	struct parsed parsed = {0};
	int got = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(help, stdout);
			return parsed_done(STATUS_OK);
		}
		if (!strcmp(argv[i], "--json") && json_ok)
			parsed.json = true;
		else if (argv[i][0] == '-' && argv[i][1])
			return parsed_done(
			    cmd_usage(verb_of(argv), "there is no option '%s'", argv[i]));
		else if (got < n)
			args[got++] = argv[i];
		else
			return parsed_done(cmd_usage(verb_of(argv), "what is '%s'?", argv[i]));
	}
	if (got < n)
		return parsed_done(cmd_usage(verb_of(argv), "something is missing"));
	return parsed;
}

bool names_file(const char *s)
{
	struct stat st;

	return strchr(s, '/') || s[0] == '.' || (!stat(s, &st) && !S_ISDIR(st.st_mode));
}

bool parse_uint(const char *s, u64 min, u64 max, u64 *val)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*val = strtoull(s, &end, 0);
	return !errno && !*end && *val >= min && *val <= max;
}

bool parse_number(const char *s, double min, double max, double *val)
{
	char *end;

	*val = strtod(s, &end);
	return end > s && !*end && *val >= min && *val <= max;
}

bool parse_size(const char *s, u64 *bytes)
{
	static const char units[] = "KMGT";
	unsigned shift = 20;
	const char *unit;
	char *end;
	u64 n;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	n = strtoull(s, &end, 10);
	if (*end) {
		unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);
		if (!unit || end[1])
			return false;
		shift = 10 * (1 + (unit - units));
	}
	if (errno || !n || n > SIZE_MOST >> shift)
		return false;
	*bytes = n << shift;
	return true;
}

static bool make_folders(char *path)
{
	for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
		*slash = 0;
		mkdir(path, 0755);
		*slash = '/';
	}
	return !mkdir(path, 0755) || errno == EEXIST;
}

int cmd_user_folder(char *path, size_t size, const char *variable, const char *usual,
		    const char *name, struct error *err)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	size_t n;

	if (base && *base)
		n = (size_t)snprintf(path, size, "%s/%s", base, name);
	else
		n = (size_t)snprintf(path, size, "%s/%s/%s", home ? home : "", usual, name);
	errno = ENAMETOOLONG;
	if (n < size && make_folders(path))
		return 0;
	return error_errno(err, "there can't be a folder %s (%s)", path, variable);
}

bool cmd_run_program(const char *const words[])
{
	pid_t pid = fork();
	int how;

	if (!pid) {
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &how, 0) == pid && WIFEXITED(how) && !WEXITSTATUS(how);
}

const char *format_size(u64 bytes, char *buf, size_t size)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double v = bytes;
	unsigned u = 0;

	while (v >= 1024 && u < ARRAY_SIZE(units) - 1) {
		v /= 1024;
		u++;
	}
	snprintf(buf, size, v == (u64)v ? "%.0f %s" : "%.1f %s", v, units[u]);
	return buf;
}
