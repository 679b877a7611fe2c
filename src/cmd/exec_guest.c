/* SPDX-License-Identifier: Apache-2.0 */
/* The guest of papyr exec: its files, its process, the way to its agent. */
#include "cmd/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/places.h"
#include "monitor/paths.h"

/* A line of what the script says, "word path", has the path put into @path. */
static bool read_path(FILE *f, const char *word, char path[PATH_MAX])
{
	size_t n = strlen(word);
	char line[PATH_MAX];

	if (!fgets(line, sizeof(line), f) || strncmp(line, word, n) || line[n] != ' ')
		return false;
	snprintf(path, PATH_MAX, "%s", line + n + 1);
	path[strcspn(path, "\n")] = 0;
	return true;
}

/* Not by a shell, which would have its own mind about names. -1: it can't be run. */
static pid_t start_script(const char *const words[], int *from)
{
	int ends[2], failed;
	posix_spawn_file_actions_t streams;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&streams);
	posix_spawn_file_actions_adddup2(&streams, ends[1], STDOUT_FILENO);
	failed = posix_spawn(&pid, words[0], &streams, NULL, (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&streams);
	close(ends[1]);
	*from = ends[0];
	if (!failed)
		return pid;
	close(ends[0]);
	errno = failed;
	return -1;
}

static int find_files(struct exec_parts *parts, struct error *err)
{
	struct places p;
	char script[PATH_MAX + 16];
	const char *const words[] = {script, p.agent, NULL};
	int from, how;
	bool found;
	pid_t pid;
	FILE *f;

	if (!places_find(&p))
		return error_errno(err, "can't tell where papyr is");
	if (access(p.agent, R_OK))
		return error_set(err,
				 "%s is missing: papyr was built without "
				 "powerpc64le-linux-gnu-gcc (apt-get install "
				 "gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross)",
				 p.agent);
	snprintf(script, sizeof(script), "%s/exec-guest", p.tools);
	pid = start_script(words, &from);
	if (pid < 0)
		return error_errno(err, "%s", script);
	f = fdopen(from, "r");
	found = f && read_path(f, "kernel", parts->kernel) && read_path(f, "initrd", parts->initrd);
	if (f)
		fclose(f);
	else
		close(from);
	if (waitpid(pid, &how, 0) != pid || how || !found)
		return error_set(err, "there is no guest to run it in (see above)");
	return 0;
}

/* A command line of papyr run. */
struct arguments {
	const char *word[96];
	unsigned n;
	char share[EXEC_FOLDERS_MAX + 1][PATH_MAX + 32];
	unsigned shares;
	char disk[PATH_MAX + 64];
	char session[AGENT_SESSIONS_MAX][PATH_MAX + 64];
};

static void add(struct arguments *a, const char *option, const char *value)
{
	a->word[a->n++] = option;
	a->word[a->n++] = value;
}

static void add_share(struct arguments *a, const char *folder, const char *tag, bool read_only)
{
	char *word = a->share[a->shares++];

	snprintf(word, sizeof(a->share[0]), "%s:%s%s", folder, tag, read_only ? ",ro" : "");
	add(a, "--share", word);
}

static void add_sessions(struct arguments *a, const char *folder)
{
	char path[PATH_MAX];

	for (unsigned i = 0; i < AGENT_SESSIONS_MAX; i++) {
		exec_session_path(path, folder, i);
		snprintf(a->session[i], sizeof(a->session[i]), AGENT_SESSION_PORT "%u:%s", i, path);
		add(a, "--channel", a->session[i]);
	}
}

/* It needs no files but those of its folders; the image, if it is to be saved. */
static void add_fence(struct arguments *a, const struct exec_guest *g, const struct exec_options *o)
{
	static char image[PATH_MAX], word[PATH_MAX + 16];

	strcpy(image, g->image);
	if (o->no_sandbox)
		strcpy(word, "--no-sandbox");
	else if (g->ready)
		snprintf(word, sizeof(word), "--tight=%s", dirname(image));
	else
		strcpy(word, "--tight");
	a->word[a->n++] = word;
}

/* What a saved guest brings along. */
static void add_parts(struct arguments *a, const struct exec_options *o, const struct exec_parts *p)
{
	add(a, "-k", p->kernel);
	add(a, "-i", p->initrd);
	add(a, "-p", p->arguments);
	add(a, "-c", o->cpus);
	add(a, "-m", o->memory);
}

void exec_guest_name(char name[32], pid_t pid)
{
	snprintf(name, 32, "exec-%d", pid);
}

/* @agent: the other end of its channel. */
static void run_guest(const struct exec_guest *g, const struct exec_options *o,
		      const struct exec_parts *p, int agent)
{
	static struct arguments a = {.word = {"papyr", "run", "--rng", "--global-irqs"}, .n = 4};
	int in = open("/dev/null", O_RDONLY), out = o->verbose ? STDERR_FILENO : g->log;
	char channel[64], name[32], tag[16];

	snprintf(channel, sizeof(channel), AGENT_PORT ":fd:%d", agent);
	exec_guest_name(name, getppid());
	add_fence(&a, g, o);
	add(&a, "--name", name);
	if (o->accel)
		add(&a, "--accel", o->accel);
	if (o->code_memory)
		add(&a, "--code-memory", o->code_memory);
	add(&a, "--channel", channel);
	if (o->sessions)
		add_sessions(&a, o->sessions);
	if (g->warm)
		add(&a, "--restore", g->image);
	else
		add_parts(&a, o, p);
	for (unsigned i = 0; i < o->n_cards; i++)
		add(&a, "--net", o->cards[i].net);
	if (o->disk) {
		snprintf(a.disk, sizeof(a.disk), "%s,bus=virtio%s", o->disk, o->keep ? "" : ",ro");
		add(&a, "--disk", a.disk);
	}
	if (o->root)
		add_share(&a, o->root, "root", !o->keep || o->read_only_root);
	for (unsigned i = 0; i < o->n_folders; i++) {
		snprintf(tag, sizeof(tag), "folder%u", i);
		add_share(&a, o->folders[i].here, tag, o->folders[i].read_only);
	}
	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(EXEC_FAILED);
	fcntl(agent, F_SETFD, 0);
	setsid(); /* keys of this terminal are the command's */
	execv("/proc/self/exe", (char *const *)a.word);
	_exit(EXEC_FAILED);
}

static bool has_ended(struct exec_guest *g)
{
	if (g->pid > 0 && waitpid(g->pid, NULL, WNOHANG) == g->pid)
		g->pid = -1;
	return g->pid < 0;
}

/*
 * Signals that end it wait until it can take them: it has something to remove then. It ends with
 * this process, whatever becomes of that.
 */
static void begin_guest(const struct exec_guest *g, const struct exec_options *o,
			const struct exec_parts *p, int agent, pid_t parent)
{
	sigset_t later;

	sigemptyset(&later);
	sigaddset(&later, SIGTERM);
	sigaddset(&later, SIGINT);
	sigaddset(&later, SIGHUP);
	sigprocmask(SIG_SETMASK, &later, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXEC_FAILED);
	run_guest(g, o, p, agent);
}

static int start_process(struct exec_guest *g, const struct exec_options *o,
			 const struct exec_parts *p, struct error *err)
{
	pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return error_errno(err, "can't make a socket");
	g->fd = ends[0];
	g->pid = fork();
	if (!g->pid)
		begin_guest(g, o, p, ends[1], parent);
	close(ends[1]);
	return g->pid < 0 ? error_errno(err, "can't fork") : 0;
}

int exec_guest_start(struct exec_guest *g, const struct exec_options *o, struct error *err)
{
	static struct exec_parts parts;

	*g = (struct exec_guest){.pid = -1, .fd = -1, .log = -1};
	parts.arguments = o->verbose ? "console=hvc0 panic=-1" : "console=hvc0 panic=-1 quiet";
	if (o->kernel) {
		snprintf(parts.kernel, sizeof(parts.kernel), "%s", o->kernel);
		snprintf(parts.initrd, sizeof(parts.initrd), "%s", o->initrd);
	} else if (find_files(&parts, err)) {
		return -1;
	}
	exec_warm_find(g, o, &parts);
	g->log = memfd_create("papyr log", MFD_CLOEXEC);
	if (g->log < 0)
		return error_errno(err, "can't keep what the guest says");
	return start_process(g, o, &parts, err);
}

#define LAST_WORDS 2048

/* What the kernel said last is why it died. */
static void show_log(int log)
{
	off_t bytes = lseek(log, 0, SEEK_END);
	char text[LAST_WORDS];
	ssize_t n = pread(log, text, sizeof(text), bytes > LAST_WORDS ? bytes - LAST_WORDS : 0);

	if (n > 0)
		fwrite(text, 1, (size_t)n, stderr);
}

/* One that was killed couldn't. */
static void remove_socket(void)
{
	char name[32], path[CONTROL_PATH_MAX];
	struct error err;

	exec_guest_name(name, getpid());
	if (!control_path(name, path, sizeof(path), &err))
		unlink(path);
}

#define PATIENCE_MS 3000 /* for an end in good order */

void exec_guest_end(struct exec_guest *g, bool show)
{
	if (g->fd >= 0)
		close(g->fd);
	if (g->pid > 0)
		kill(g->pid, SIGTERM);
	for (int waited = 0; waited < PATIENCE_MS && !has_ended(g); waited += 2)
		usleep(2000);
	if (g->pid > 0) {
		kill(g->pid, SIGKILL);
		waitpid(g->pid, NULL, 0);
	}
	remove_socket();
	if (show && g->log >= 0)
		show_log(g->log);
	if (g->log >= 0)
		close(g->log);
}
