/* SPDX-License-Identifier: Apache-2.0 */
/* The command that the agent was asked to run. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pty.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"

#define STATUS_AGENT	 125 /* what container tools give, when they can't, */
#define STATUS_NOT_RUN	 126 /* the command can't be run, */
#define STATUS_NOT_FOUND 127 /* or isn't there */

static bool add(char **list, unsigned *n, char *word)
{
	if (*n == COMMAND_WORDS_MAX)
		return false;
	list[(*n)++] = word;
	return true;
}

static bool take_word(struct command *c, char *word)
{
	switch (*word) {
	case AGENT_ARGUMENT:
		return add(c->argument, &c->arguments, word + 1);
	case AGENT_ENVIRONMENT:
		return strchr(word, '=') && add(c->environment, &c->environments, word + 1);
	case AGENT_DIRECTORY:
		c->directory = word + 1;
		return true;
	case AGENT_USER:
		c->user = word + 1;
		return true;
	case AGENT_GROUPS:
		c->groups = word + 1;
		return true;
	case AGENT_UMASK:
		c->umask = word + 1;
		return true;
	case AGENT_HOST_NAME:
		c->host_name = word + 1;
		return true;
	case AGENT_TIME:
		c->time = word + 1;
		return true;
	case AGENT_SEED:
		c->seed = word + 1;
		return true;
	case AGENT_ROOT:
	case AGENT_KEPT_ROOT:
		c->root_is_kept = *word == AGENT_KEPT_ROOT;
		c->root = word + 1;
		return true;
	case AGENT_DISK:
	case AGENT_KEPT_DISK:
		c->disk_is_kept = *word == AGENT_KEPT_DISK;
		c->disk = word + 1;
		return *c->disk == '/';
	case AGENT_FOLDER:
		if (c->folders == COMMAND_FOLDERS_MAX || !strstr(word, ":/"))
			return false;
		c->folder[c->folders++] = word + 1;
		return true;
	case AGENT_NETWORK:
		if (c->cards == AGENT_CARDS_MAX)
			return false;
		c->card[c->cards++] = word + 1;
		return true;
	case AGENT_TERMINAL:
		c->terminal = true;
		return true;
	default:
		return false;
	}
}

bool command_parse(struct command *c, char *words, size_t bytes)
{
	*c = (struct command){.pid = -1, .fd = {-1, -1, -1}};
	if (!bytes || words[bytes - 1])
		return false;
	for (size_t at = 0; at < bytes; at += strlen(words + at) + 1)
		if (!take_word(c, words + at))
			return false;
	return c->arguments;
}

/* Whose files and groups it has. */
struct identity {
	uid_t uid;
	gid_t gid;
	gid_t groups[AGENT_GROUPS_MAX];
	size_t n_groups;
	char home[256], name[64];
};

/* A word of digits, as numbers of users and groups are. */
static bool parse_number(const char *word, unsigned *number)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	*number = (unsigned)n;
	return isdigit((unsigned char)*word) && !*end && n <= 0xfffffffe;
}

/* By name or number. What no line of passwd has, but is a number, has neither name nor home. */
static bool find_user(struct identity *id, const char *user)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *p;
	unsigned uid;
	bool found = false, is_number = parse_number(user, &uid);

	while (f && !found && (p = fgetpwent(f))) {
		found = !strcmp(p->pw_name, user) || (is_number && p->pw_uid == uid);
		if (!found)
			continue;
		id->uid = p->pw_uid;
		id->gid = p->pw_gid;
		snprintf(id->home, sizeof(id->home), "%s", p->pw_dir);
		snprintf(id->name, sizeof(id->name), "%s", p->pw_name);
	}
	if (f)
		fclose(f);
	if (!found && is_number)
		*id = (struct identity){.uid = uid, .home = "/"};
	return found || is_number;
}

static bool find_group(struct identity *id, const char *group)
{
	FILE *f = fopen("/etc/group", "re");
	const struct group *g;
	unsigned gid;
	bool found = false, is_number = parse_number(group, &gid);

	while (f && !found && (g = fgetgrent(f))) {
		found = !strcmp(g->gr_name, group);
		if (found)
			id->gid = g->gr_gid;
	}
	if (f)
		fclose(f);
	if (!found && is_number)
		id->gid = gid;
	return found || is_number;
}

static bool has_member(const struct group *g, const char *name)
{
	for (char **m = g->gr_mem; *m; m++)
		if (!strcmp(*m, name))
			return true;
	return false;
}

static void find_groups(struct identity *id)
{
	FILE *f = fopen("/etc/group", "re");
	const struct group *g;

	while (f && (g = fgetgrent(f)) && id->n_groups < AGENT_GROUPS_MAX)
		if (has_member(g, id->name))
			id->groups[id->n_groups++] = g->gr_gid;
	if (f)
		fclose(f);
}

/*
 * USER[:GROUP], which is cut. As containers' tools have it, who asks for a group has no other, and
 * a number that is nobody's is in root's group. -1 and a sentence why not.
 */
static int identify(struct identity *id, char *user, char *why, size_t bytes)
{
	char *group = user ? strchr(user, ':') : NULL;

	*id = (struct identity){.home = "/root", .name = "root"};
	if (!user)
		return 0;
	if (group)
		*group++ = 0;
	if (!find_user(id, user)) {
		snprintf(why, bytes, "the guest has no user '%s'", user);
		return -1;
	}
	if (!group) {
		find_groups(id);
		return 0;
	}
	if (find_group(id, group))
		return 0;
	snprintf(why, bytes, "the guest has no group '%s'", group);
	return -1;
}

/* "NUMBER[,NUMBER]...", which is cut. False: they are none, or too many. */
static bool add_groups(struct identity *id, char *numbers)
{
	const char *word;

	while ((word = strsep(&numbers, ",")))
		if (id->n_groups == AGENT_GROUPS_MAX ||
		    !parse_number(word, &id->groups[id->n_groups++]))
			return false;
	return true;
}

static void become(const struct identity *id)
{
	if (setgroups(id->n_groups, id->groups) || setgid(id->gid) || setuid(id->uid))
		_exit(STATUS_AGENT);
}

/* What it finds of what it wasn't given. */
static void set_environment(const struct command *c, const struct identity *id)
{
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", id->home, 1);
	if (*id->name)
		setenv("USER", id->name, 1);
	for (unsigned i = 0; i < c->environments; i++)
		putenv(c->environment[i]);
}

/* In the child; doesn't come back. What went wrong: errno to @tell. */
static void run(struct command *c, const struct identity *id, int tell)
{
	static char shell[] = "/bin/sh";
	int error;

	set_environment(c, id);
	if (c->umask)
		umask((mode_t)strtoul(c->umask, NULL, 8) & 0777);
	if (c->directory ? !chdir(c->directory) : !chdir(id->home) || !chdir("/")) {
		become(id);
		execvp(c->argument[0], c->argument);
		if (errno == ENOEXEC) { /* a script that doesn't say whose */
			memmove(c->argument + 1, c->argument, c->arguments * sizeof(char *));
			c->argument[0] = shell;
			execv(shell, c->argument);
		}
	}
	error = errno;
	if (write(tell, &error, sizeof(error)) < 0)
		_exit(STATUS_AGENT);
	_exit(STATUS_NOT_FOUND);
}

/* The child's end of stream @i; our end is kept. */
static bool make_pipe(struct command *c, int i, int *child)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return false;
	*child = ends[i ? 1 : 0];
	c->fd[i] = ends[i ? 0 : 1];
	return true;
}

static void use_streams(const int *child, bool terminal)
{
	setsid();
	if (terminal)
		ioctl(child[0], TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(child[i], i);
}

static bool make_streams(struct command *c, int *child)
{
	if (c->terminal) {
		if (openpty(&c->fd[0], &child[0], NULL, NULL, &c->size))
			return false;
		c->fd[1] = c->fd[0];
		child[1] = child[2] = child[0];
		fcntl(c->fd[0], F_SETFD, FD_CLOEXEC);
		fcntl(child[0], F_SETFD, FD_CLOEXEC);
		return true;
	}
	for (int i = 0; i < 3; i++)
		if (!make_pipe(c, i, &child[i]))
			return false;
	return true;
}

/* What the child told before it became the command; 0: it did. */
static int failure(int tell)
{
	int error = 0;

	if (read(tell, &error, sizeof(error)) != sizeof(error))
		return 0;
	return error;
}

static int start(struct command *c, const struct identity *id)
{
	int child[3], tell[2], error;

	if (!make_streams(c, child) || pipe2(tell, O_CLOEXEC))
		return errno;
	c->pid = fork();
	if (c->pid < 0)
		return errno;
	if (!c->pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		use_streams(child, c->terminal);
		run(c, id, tell[1]);
	}
	close(tell[1]);
	error = failure(tell[0]);
	close(tell[0]);
	for (int i = 0; i < (c->terminal ? 1 : 3); i++)
		close(child[i]);
	for (int i = 0; i < 3; i++)
		if (c->fd[i] >= 0)
			fcntl(c->fd[i], F_SETFL, O_NONBLOCK);
	return error;
}

int command_start(struct command *c, char *why, size_t why_bytes)
{
	struct identity id;
	int error;

	fresh_time(c->time);
	fresh_random(c->seed);
	if (c->host_name && sethostname(c->host_name, strlen(c->host_name)))
		boot_say("host name %s: %s", c->host_name, strerror(errno));
	if (c->cards)
		boot_load_drivers("/lib/network/*.ko");
	if (folders_mount(c, why, why_bytes) || network_start(c->card, c->cards, why, why_bytes))
		return STATUS_AGENT;
	if (identify(&id, c->user, why, why_bytes))
		return STATUS_AGENT;
	if (c->groups && !add_groups(&id, c->groups)) {
		snprintf(why, why_bytes, "its groups are no numbers, or more than %d",
			 AGENT_GROUPS_MAX);
		return STATUS_AGENT;
	}
	error = start(c, &id);
	if (!error)
		return 0;
	if (c->directory && access(c->directory, X_OK)) {
		snprintf(why, why_bytes, "directory %s: %s", c->directory, strerror(errno));
		return STATUS_AGENT;
	}
	snprintf(why, why_bytes, "%s: %s", c->argument[0], strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}

void command_signal(const struct command *c, int number)
{
	pid_t group;

	if (c->terminal && !ioctl(c->fd[0], TIOCGPGRP, &group) && group > 0)
		kill(-group, number);
	else
		kill(c->pid, number);
}
