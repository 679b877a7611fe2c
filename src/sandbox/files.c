/* SPDX-License-Identifier: Apache-2.0 */
/* Files, by Linux's Landlock: what isn't listed can't be opened, made, renamed or removed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "sandbox/sandbox.h"

/* Those that the headers of Debian 12 don't have yet. */
#define FS_TRUNCATE    (1ull << 14)
#define SCOPE_ABSTRACT 1ull /* no connections to sockets without a file */
#define SCOPE_SIGNALS  2ull /* no signals but to what this process started */

#define READ  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
#define MAKE                                                                                       \
	(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                          \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                               \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                             \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)
#define NEVER                                                                                      \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | WRITE)

/* What papyr and its libraries look at, whatever the guest. */
static const struct sandbox_path usual[] = {
    {"/proc/self", SANDBOX_READ},
    {"/proc/meminfo", SANDBOX_READ},
    {"/proc/cpuinfo", SANDBOX_READ},
    {"/sys/devices/system/cpu", SANDBOX_READ},
    {"/lib", SANDBOX_READ},
    {"/lib64", SANDBOX_READ},
    {"/usr/lib", SANDBOX_READ},
    {"/usr/share/zoneinfo", SANDBOX_READ},
    {"/etc/hosts", SANDBOX_READ},
    {"/etc/ld.so.cache", SANDBOX_READ},
    {"/etc/localtime", SANDBOX_READ},
    {"/etc/nsswitch.conf", SANDBOX_READ},
    {"/etc/resolv.conf", SANDBOX_READ},
    {"/dev/null", SANDBOX_WRITE},
    {"/dev/kvm", SANDBOX_WRITE},
    {"/dev/net/tun", SANDBOX_WRITE},
    /* The terminal is opened again. */
    {"/proc/self/fd/0", SANDBOX_WRITE},
    {"/proc/self/fd/1", SANDBOX_WRITE},
    {"/proc/self/fd/2", SANDBOX_WRITE},
};

/* As later kernels have it; earlier ones are told of its first part only. */
struct sandbox_rules {
	u64 fs, net, scoped;
};

/* What each version of the interface added. */
static struct sandbox_rules rules_of(long version)
{
	struct sandbox_rules r = {.fs = READ | WRITE | MAKE | NEVER};

	if (version < 2)
		r.fs &= ~LANDLOCK_ACCESS_FS_REFER;
	if (version < 3)
		r.fs &= ~FS_TRUNCATE;
	if (version >= 6)
		r.scoped = SCOPE_ABSTRACT | SCOPE_SIGNALS;
	return r;
}

static int make_rules(const struct sandbox_rules *r)
{
	return syscall(SYS_landlock_create_ruleset, r, r->scoped ? sizeof(*r) : sizeof(r->fs), 0);
}

static u64 rights(enum sandbox_access access)
{
	switch (access) {
	case SANDBOX_READ:
		return READ;
	case SANDBOX_WRITE:
		return READ | WRITE;
	case SANDBOX_CHANGE:
		return READ | WRITE | MAKE;
	}
	return 0;
}

/* What isn't there, isn't there. */
static int allow(int rules, const struct sandbox_path *p, u64 known, struct error *err)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights(p->access) & known};
	struct stat st;
	int r;

	rule.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return 0;
	if (fstat(rule.parent_fd, &st) || !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	r = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	/* Pipes and sockets are no part of any file system, and are open anyway. */
	if (r && errno == EBADFD)
		r = 0;
	if (r)
		error_errno(err, "cannot keep to %s", p->path);
	close(rule.parent_fd);
	return r;
}

int sandbox_files(const struct sandbox *s, struct error *err)
{
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct sandbox_rules r = rules_of(version);
	int rules, bad = 0;

	if (version < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP
			   ? 0
			   : error_errno(err, "cannot give up the host's files");
	rules = make_rules(&r);
	if (rules < 0)
		return error_errno(err, "cannot give up the host's files");
	for (size_t i = 0; i < ARRAY_SIZE(usual) && !bad; i++)
		bad = allow(rules, &usual[i], r.fs, err);
	for (unsigned i = 0; i < s->n_paths && !bad; i++)
		bad = allow(rules, &s->paths[i], r.fs, err);
	if (!bad && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		     syscall(SYS_landlock_restrict_self, rules, 0)))
		bad = error_errno(err, "cannot give up the host's files");
	close(rules);
	return bad;
}
