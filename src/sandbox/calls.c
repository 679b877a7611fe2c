/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls, by filters that libseccomp makes. Those of the first list are carried out; those
 * that no papyr makes, but somebody would who has taken it over, end the process; all others fail,
 * as they do on a host that hasn't got them.
 *
 * The filters are made at the start and only handed to the kernel later, when there may be no
 * memory: libseccomp 2.5 never ends then.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "sandbox/audit.h"
#include "sandbox/sandbox.h"

#ifndef TIOCSTI
#define TIOCSTI 0x5412
#endif
#define LINUX_CONSOLE 0x541c /* TIOCLINUX */

static const char *const good[] = {
    /* Files, once they are open, and folders. */
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "close",
    "close_range",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "lseek",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "copy_file_range",
    "sendfile",
    "flock",
    "fstat",
    "fstatfs",
    "getdents64",
    "fchmod",
    "fchown",
    "fgetxattr",
    "fsetxattr",
    "flistxattr",
    "fremovexattr",
    "fadvise64",
    "readahead",
    "ioctl",
    /* By name: what names lead to is the file system's to say, and Landlock's. */
    "open",
    "openat",
    "openat2",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mknodat",
    "chmod",
    "fchmodat",
    "fchmodat2",
    "fchownat",
    "utimensat",
    "umask",
    /* Memory. */
    "brk",
    "mmap",
    "mmap2",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "msync",
    "mincore",
    "mlock",
    "mlock2",
    "munlock",
    "memfd_create",
    "membarrier",
    /* Threads, processors, waiting. */
    "futex",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "set_tid_address",
    "rseq",
    "sched_yield",
    "sched_getaffinity",
    "sched_setaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "getpriority",
    "getcpu",
    "exit",
    "exit_group",
    "prctl",
    "arch_prctl",
    "restart_syscall",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "signalfd4",
    "pipe",
    "pipe2",
    "nanosleep",
    "clock_nanosleep",
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "times",
    "timer_create",
    "timer_settime",
    "timer_gettime",
    "timer_getoverrun",
    "timer_delete",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "setitimer",
    "getitimer",
    "alarm",
    /* Signals: to itself, but for kill(), which is looked at below. */
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sigaltstack",
    "wait4",
    "waitid",
    /* About itself and the host. */
    "getpid",
    "gettid",
    "getppid",
    "getpgid",
    "getpgrp",
    "getsid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getrusage",
    "getrlimit",
    "ugetrlimit",
    "uname",
    "sysinfo",
    "getrandom",
    "capget",
    /* Sockets, once they are there. */
    "accept",
    "send",
    "recv",
    "accept4",
    "listen",
    "shutdown",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "sendmmsg",
    "recvmmsg",
    "getsockname",
    "getpeername",
    "setsockopt",
    "getsockopt",
#ifdef PAPYR_SANITIZED
    /* The leak sanitizer stops all threads at the end, as a debugger does. */
    "clone",
    "getdents",
    "ptrace",
    "process_vm_readv",
    "sched_setscheduler",
    "personality",
#endif
};

static const char *const evil[] = {
    /* Other programs, and other processes. */
    "execve",
    "execveat",
#ifndef PAPYR_SANITIZED
    "ptrace",
#endif
    "pidfd_getfd",
    "pidfd_send_signal",
    "process_madvise",
    "kcmp",
    /* Another system around it. */
    "unshare",
    "setns",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsmount",
    "fsconfig",
    "fspick",
    "mount_setattr",
    "open_by_handle_at",
    "swapon",
    "swapoff",
    "reboot",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "acct",
    "quotactl",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "syslog",
    /* Another user. */
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
    "capset",
    /* What is seldom looked at in the kernel. */
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "add_key",
    "request_key",
    "keyctl",
    "iopl",
    "ioperm",
    "modify_ldt",
    "vm86",
    "vm86old",
    "lookup_dcookie",
    "nfsservctl",
    "uselib",
    "move_pages",
    "migrate_pages",
    "vmsplice",
};

/* Of names that this host hasn't got there is nothing to say. */
static int add(scmp_filter_ctx filter, u32 action, const char *call, unsigned n,
	       const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(call);

	return number == __NR_SCMP_ERROR
		   ? 0
		   : seccomp_rule_add_array(filter, action, number, n, arguments);
}

static int add_all(scmp_filter_ctx filter, u32 action, const char *const *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = add(filter, action, calls[i], 0, NULL);
	return r;
}

static int allow_if(scmp_filter_ctx filter, const char *call, struct scmp_arg_cmp argument)
{
	return add(filter, SCMP_ACT_ALLOW, call, 1, &argument);
}

/* Threads, no processes. glibc asks by clone3(), whose flags can't be seen, and then by clone(). */
static int allow_threads(scmp_filter_ctx filter)
{
	const u64 flags = CLONE_THREAD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
	int r = add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);

#ifndef PAPYR_SANITIZED
	if (!r)
		r = allow_if(filter, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, flags, CLONE_THREAD));
#else
	(void)flags;
#endif
	return r;
}

/* What is done by a process's number, only to this one; to others if it has children to end. */
static int allow_to_itself(scmp_filter_ctx filter, bool has_child)
{
	static const char *const calls[] = {"tgkill", "rt_tgsigqueueinfo", "process_vm_writev",
#ifndef PAPYR_SANITIZED
					    "process_vm_readv",
#endif
					    "rt_sigqueueinfo"};
	const u64 me = getpid();
	int r = has_child ? add(filter, SCMP_ACT_ALLOW, "kill", 0, NULL)
			  : allow_if(filter, "kill", SCMP_A0(SCMP_CMP_EQ, me));

	for (size_t i = 0; i < ARRAY_SIZE(calls) && !r; i++)
		r = allow_if(filter, calls[i], SCMP_A0(SCMP_CMP_EQ, me));
	/* Its limits are seen, and its number of files raised: 0 is whoever asks. */
	if (!r)
		r = allow_if(filter, "prlimit64", SCMP_A0(SCMP_CMP_EQ, 0));
	return r;
}

static int allow_sockets(scmp_filter_ctx filter, const struct sandbox *s)
{
	static const int internet[] = {AF_INET, AF_INET6, AF_NETLINK};
	int r = 0;

	for (size_t i = 0; s->inet && i < ARRAY_SIZE(internet) && !r; i++)
		r = allow_if(filter, "socket", SCMP_A0(SCMP_CMP_EQ, internet[i]));
	if (s->sockets && !r)
		r = allow_if(filter, "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if (s->sockets && !r)
		r = allow_if(filter, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if ((s->inet || s->sockets) && !r)
		r = add(filter, SCMP_ACT_ALLOW, "connect", 0, NULL);
	if ((s->inet || s->sockets) && !r)
		r = add(filter, SCMP_ACT_ALLOW, "bind", 0, NULL);
	return r;
}

static int fill_good(scmp_filter_ctx filter, const struct sandbox *s)
{
	int r = add_all(filter, SCMP_ACT_ALLOW, good, ARRAY_SIZE(good));

	if (!r)
		r = allow_threads(filter);
	if (!r)
		r = allow_to_itself(filter, s->has_child);
	return r ? r : allow_sockets(filter, s);
}

/* And what would type into the terminal that it was started from: in bits that the kernel sees. */
static int fill_evil(scmp_filter_ctx filter, const struct sandbox *s)
{
	static const u32 typing[] = {TIOCSTI, LINUX_CONSOLE};
	int r = add_all(filter, SCMP_ACT_KILL_PROCESS, evil, ARRAY_SIZE(evil));

	for (size_t i = 0; i < ARRAY_SIZE(typing) && !r; i++) {
		struct scmp_arg_cmp same = SCMP_A1(SCMP_CMP_MASKED_EQ, ~0u, typing[i]);

		r = add(filter, SCMP_ACT_KILL_PROCESS, "ioctl", 1, &same);
	}
	return r;
}

/* Of what several filters say the kernel does the hardest. */
static struct call_filter {
	u32 otherwise;
	int (*fill)(scmp_filter_ctx filter, const struct sandbox *s);
	unsigned short n;
	struct sock_filter code[BPF_MAXINSNS];
} filters[] = {
    {SCMP_ACT_ALLOW, fill_evil},
    {SCMP_ACT_ERRNO(EPERM), fill_good},
};
#define REFUSING 1 /* the one whose "otherwise" is a refusal */

/* As libseccomp writes it. 0, or -errno. */
static int compile(struct call_filter *f, scmp_filter_ctx filter)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), r;
	ssize_t bytes;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(filter, fd);
	if (!r) {
		bytes = pread(fd, f->code, sizeof(f->code), 0);
		f->n = bytes > 0 ? bytes / sizeof(*f->code) : 0;
		r = bytes < 0 ? -errno : f->n ? 0 : -EINVAL;
	}
	close(fd);
	return r;
}

static int make(struct call_filter *f, const struct sandbox *s)
{
	scmp_filter_ctx filter = seccomp_init(f->otherwise);
	int r;

	if (!filter)
		return -ENOMEM;
	r = f->fill(filter, s);
	if (!r)
		r = compile(f, filter);
	seccomp_release(filter);
	return r;
}

static int no_filter(int error, struct error *err)
{
	errno = error;
	return error_errno(err, "cannot give up system calls (--no-sandbox does without)");
}

int sandbox_calls(const struct sandbox *s, struct error *err)
{
	bool audited;
	int r = 0;

	if (sandbox_audit(&audited, err))
		return -1;
	if (audited)
		filters[REFUSING].otherwise = SCMP_ACT_TRAP;
	for (size_t i = 0; i < ARRAY_SIZE(filters) && !r; i++)
		r = make(&filters[i], s);
	return r ? no_filter(-r, err) : 0;
}

/* All threads get it, or none; a number above 0 is that of one that can't. 0, or errno. */
static int load(const struct call_filter *f)
{
	struct sock_fprog program = {f->n, (struct sock_filter *)f->code};
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);

	return r < 0 ? errno : r ? ESRCH : 0;
}

int sandbox_close(struct error *err)
{
	int error = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : 0;

	for (size_t i = 0; i < ARRAY_SIZE(filters) && !error; i++)
		error = load(&filters[i]);
	return error ? no_filter(error, err) : 0;
}
