/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fenced process can't do, each tried by one of its own; and what it has to be able to do
 * nevertheless.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/bits.h"
#include "platform/thread.h"
#include "sandbox/sandbox.h"

#define KILLED	   (1000 + SIGSYS)
#define NO_SANDBOX 999 /* it could not be made */

/* A child fences itself in and carries out @fn: 0, its errno, or 1000 and the signal. */
static int fenced(const struct sandbox *s, int (*fn)(void))
{
	struct error err = {""};
	pid_t child = fork();
	int status;

	if (!child) {
		if (sandbox_begin(s, &err) || sandbox_close(&err)) {
			fprintf(stderr, "%s\n", err.text);
			_exit(255);
		}
		_exit(fn());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return 1000 + WTERMSIG(status);
	return WEXITSTATUS(status) == 255 ? NO_SANDBOX : WEXITSTATUS(status);
}

/* A function of @call: 0 or errno. */
#define TRY(name, call)                                                                            \
	static int name(void)                                                                      \
	{                                                                                          \
		errno = 0;                                                                         \
		return (call) == -1 ? errno : 0;                                                   \
	}

static char *const no_words[] = {NULL};

TRY(run_program, execve("/bin/true", no_words, no_words))
TRY(run_program_at, syscall(SYS_execveat, AT_FDCWD, "/bin/true", no_words, no_words, 0))
TRY(new_namespace, syscall(SYS_unshare, 0x10000000))
TRY(mount_something, mount("none", "/mnt", "tmpfs", 0, NULL))
TRY(change_root, chroot("/"))
TRY(load_bpf, syscall(SYS_bpf, 0, NULL, 0))
TRY(make_ring, syscall(SYS_io_uring_setup, 1, NULL))
TRY(fault_in_user_space, syscall(SYS_userfaultfd, 0))
TRY(use_keys, syscall(SYS_keyctl, 0, 0, 0, 0, 0))
TRY(become_root, setuid(0))
TRY(take_capabilities, syscall(SYS_capset, NULL, NULL))
TRY(type_into_terminal, ioctl(0, TIOCSTI, "x"))
TRY(type_in_disguise, syscall(SYS_ioctl, 0, 0xffff00000000 | TIOCSTI, "x"))
#ifndef PAPYR_SANITIZED
TRY(debug_parent, ptrace(PTRACE_ATTACH, getppid(), 0, 0))
#endif

static void ends_the_process(void **state)
{
	static int (*const deeds[])(void) = {
	    run_program,	run_program_at,	  new_namespace,       mount_something, change_root,
	    load_bpf,		make_ring,	  fault_in_user_space, use_keys,	become_root,
	    type_into_terminal, type_in_disguise, take_capabilities,
#ifndef PAPYR_SANITIZED
	    debug_parent,
#endif
	};
	const struct sandbox all = {.inet = true, .sockets = true, .has_child = true};

	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++)
		assert_int_equal(fenced(&all, deeds[i]), KILLED);
}

#ifndef PAPYR_SANITIZED
TRY(make_process, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
#endif
TRY(make_process_anew, syscall(SYS_clone3, NULL, 0))
TRY(signal_parent, kill(getppid(), 0))
TRY(signal_itself, kill(getpid(), 0))
TRY(limit_parent, syscall(SYS_prlimit64, getppid(), 0, NULL, NULL))
TRY(use_tcp, socket(AF_INET, SOCK_STREAM, 0))
TRY(use_udp_6, socket(AF_INET6, SOCK_DGRAM, 0))
TRY(use_packets, socket(AF_PACKET, SOCK_RAW, 0))
TRY(use_socket, socket(AF_UNIX, SOCK_STREAM, 0))
TRY(get_queue, syscall(SYS_msgget, 1, 0))

static int read_process(pid_t pid)
{
	int secret = 1, got = 0;
	struct iovec from = {&secret, sizeof(secret)}, to = {&got, sizeof(got)};

	errno = 0;
	return process_vm_readv(pid, &to, 1, &from, 1, 0) == sizeof(got) ? 0 : errno;
}

static int read_itself(void)
{
	return read_process(getpid());
}

#ifndef PAPYR_SANITIZED
static int read_parent(void)
{
	return read_process(getppid());
}
#endif

static void is_denied(void **state)
{
	const struct sandbox none = {0}, net = {.inet = true}, local = {.sockets = true};
	const struct sandbox parent = {.has_child = true};

#ifndef PAPYR_SANITIZED
	assert_int_equal(fenced(&none, make_process), EPERM);
	assert_int_equal(fenced(&none, read_parent), EPERM);
#endif
	assert_int_equal(fenced(&none, make_process_anew), ENOSYS);
	assert_int_equal(fenced(&none, signal_parent), EPERM);
	assert_int_equal(fenced(&none, signal_itself), 0);
	assert_int_equal(fenced(&parent, signal_parent), 0);
	assert_int_equal(fenced(&none, limit_parent), EPERM);
	assert_int_equal(fenced(&none, read_itself), 0);
	assert_int_equal(fenced(&none, use_tcp), EPERM);
	assert_int_equal(fenced(&none, use_udp_6), EPERM);
	assert_int_equal(fenced(&none, use_socket), EPERM);
	assert_int_equal(fenced(&net, use_tcp), 0);
	assert_int_equal(fenced(&net, use_socket), EPERM);
	assert_int_equal(fenced(&local, use_socket), 0);
	assert_int_equal(fenced(&local, use_tcp), EPERM);
	assert_int_equal(fenced(&net, use_packets), EPERM);
	assert_int_equal(fenced(&net, get_queue), EPERM);
}

/* ---- The list of what was refused ---- */

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(PAPYR_SANITIZED)
#define HAS_LIST true
#else
#define HAS_LIST false
#endif

static char fence_log[64];

static void *get_queue_beside(void *outcome)
{
	*(int *)outcome = get_queue();
	return NULL;
}

/* Refused here and in a thread that has all signals blocked that it may; and others are as ever. */
static int is_refused_twice(void)
{
	pthread_t t;
	int beside = 0;

	if (get_queue() != EPERM || thread_start(&t, get_queue_beside, &beside) ||
	    pthread_join(t, NULL))
		return 1;
	return beside != EPERM || signal_itself();
}

static void is_logged(void **state)
{
	const struct sandbox none = {0};
	struct error err = {""};
	char line[64];
	unsigned n = 0;
	FILE *f;

	if (!HAS_LIST)
		skip();
	snprintf(fence_log, sizeof(fence_log), "/tmp/papyr-fence.%d", getpid());
	setenv("PAPYR_FENCE_LOG", fence_log, 1);
	assert_int_equal(fenced(&none, is_refused_twice), 0);
	assert_int_equal(fenced(&none, run_program), KILLED);
	f = fopen(fence_log, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_true(!strncmp(line, "msgget of process ", 18));
		n++;
	}
	assert_int_equal(n, 2);
	fclose(f);
	unlink(fence_log);
	setenv("PAPYR_FENCE_LOG", "/nowhere/log", 1);
	assert_int_equal(sandbox_begin(&none, &err), -1);
	assert_non_null(strstr(err.text, "PAPYR_FENCE_LOG=/nowhere/log: No such file"));
	unsetenv("PAPYR_FENCE_LOG");
}

/* ---- Threads ---- */

static void *nothing(void *opaque)
{
	return opaque;
}

static int start_thread(void)
{
	static char mark;
	pthread_t t;
	void *got = NULL;

	return pthread_create(&t, NULL, nothing, &mark) || pthread_join(t, &got) || got != &mark;
}

static int ready[2];

static void *run_when_told(void *opaque)
{
	char c;

	if (read(ready[0], &c, 1) == 1)
		run_program();
	return NULL;
}

/* One that was there before has the same fence. */
static void all_threads(void **state)
{
	const struct sandbox none = {0};
	struct error err = {""};
	int status;
	pid_t child;

	assert_int_equal(fenced(&none, start_thread), 0);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		pthread_t t;

		if (sandbox_begin(&none, &err) || pthread_create(&t, NULL, run_when_told, NULL) ||
		    sandbox_close(&err) || write(ready[1], "x", 1) != 1)
			_exit(1);
		pthread_join(t, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	close(ready[0]);
	close(ready[1]);
}

/* ---- Capabilities ---- */

static u64 status_of_this(const char *word)
{
	char line[200];
	u64 value = ~0ull;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)))
			value = strtoull(line + strlen(word), NULL, 16);
	if (f)
		fclose(f);
	return value;
}

#define OF_FILES 0x1bull   /* CHOWN, DAC_OVERRIDE, FOWNER, FSETID */
#define OF_NETS	 0x6400ull /* NET_BIND_SERVICE, NET_RAW; and IPC_LOCK */
#define ADMIN	 (1ull << 12)

static int has_but_those(u64 others)
{
	u64 have = status_of_this("CapEff:");

	return have & ~(OF_FILES | OF_NETS | others) ? 1 : status_of_this("CapPrm:") != have;
}

static int has_few(void)
{
	return has_but_those(0) || status_of_this("NoNewPrivs:") != 1;
}

static int has_nets(void)
{
	return has_but_those(ADMIN);
}

static void capabilities(void **state)
{
	const struct sandbox none = {0}, tap = {.tap = true};

	assert_int_equal(fenced(&none, has_few), 0);
	assert_int_equal(fenced(&tap, has_nets), 0);
}

/* ---- Files ---- */

static char folder[64], path[128];

static const char *at(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* Opened and closed; 0 or errno. */
static int opens(const char *name, int flags)
{
	int fd = open(name, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

TRY(read_secret, opens(at("secret"), O_RDONLY) == EACCES ? 0 : -1)
TRY(read_passwords, opens("/etc/passwd", O_RDONLY) == EACCES ? 0 : -1)
TRY(read_others, opens("/proc/1/status", O_RDONLY) == EACCES ? 0 : -1)
TRY(list_root, opens("/", O_RDONLY | O_DIRECTORY) == EACCES ? 0 : -1)
TRY(make_outside, opens(at("new"), O_WRONLY | O_CREAT) == EACCES ? 0 : -1)
TRY(follow_out, opens(at("in/out"), O_RDONLY) == EACCES ? 0 : -1)
TRY(go_up, opens(at("in/../secret"), O_RDONLY) == EACCES ? 0 : -1)
TRY(change_given, opens(at("given/file"), O_WRONLY) == EACCES ? 0 : -1)
TRY(make_in_given, opens(at("given/new"), O_WRONLY | O_CREAT) == EACCES ? 0 : -1)
TRY(read_given, opens(at("given/file"), O_RDONLY))
TRY(make_inside, opens(at("in/new"), O_RDWR | O_CREAT | O_TRUNC))
TRY(read_maps, opens("/proc/self/maps", O_RDONLY))
TRY(write_null, opens("/dev/null", O_RDWR))
TRY(remove_secret, unlink(at("secret")))
TRY(make_device, mknod(at("in/device"), S_IFCHR | 0600, makedev(1, 5)))

/* Two names at once need two places for them. */
static int two(int (*call)(const char *from, const char *to), const char *from, const char *to)
{
	char first[128];

	snprintf(first, sizeof(first), "%s", at(from));
	return call(first, at(to)) ? errno : 0;
}

static int move_in(void)
{
	int error = two(rename, "secret", "in/secret");

	return error == EACCES || error == EXDEV ? 0 : 1;
}

static int move_out(void)
{
	int error = two(rename, "in/file", "stolen");

	return error == EACCES || error == EXDEV ? 0 : 1;
}

static int link_in(void)
{
	int error = two(link, "secret", "in/secret");

	return error == EACCES || error == EXDEV ? 0 : 1;
}

static int link_within(void)
{
	return two(link, "in/file", "in/sub/link") || two(rename, "in/sub/link", "in/link");
}

static void make(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_files(void **state)
{
	char target[128];

	strcpy(folder, "/tmp/papyr-sandbox-XXXXXX");
	assert_non_null(mkdtemp(folder));
	mkdir(at("in"), 0755);
	mkdir(at("in/sub"), 0755);
	mkdir(at("given"), 0755);
	make("secret", "secret");
	make("in/file", "x");
	make("given/file", "x");
	snprintf(target, sizeof(target), "%s", at("secret"));
	return symlink(target, at("in/out"));
}

static int remove_files(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void files(void **state)
{
	static int (*const good[])(void) = {
	    read_secret, read_passwords, read_others,	list_root,  make_outside, follow_out,
	    go_up,	 change_given,	 make_in_given, read_given, make_inside,  read_maps,
	    write_null,	 move_in,	 move_out,	link_in,    link_within,  start_thread};
	struct sandbox s = {.tight = true};
	char in[128], given[128];

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 2)
		skip();
	strcpy(in, at("in"));
	strcpy(given, at("given"));
	sandbox_add_path(&s, in, SANDBOX_CHANGE);
	sandbox_add_path(&s, given, SANDBOX_READ);
	sandbox_add_path(&s, NULL, SANDBOX_CHANGE);
	sandbox_add_path(&s, "/nowhere/at/all", SANDBOX_CHANGE);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(fenced(&s, good[i]), 0);
	assert_int_equal(fenced(&s, remove_secret), EACCES);
	assert_int_not_equal(fenced(&s, make_device), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ends_the_process),
	    cmocka_unit_test(is_denied),
	    cmocka_unit_test(is_logged),
	    cmocka_unit_test(all_threads),
	    cmocka_unit_test(capabilities),
	    cmocka_unit_test_setup_teardown(files, make_files, remove_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
