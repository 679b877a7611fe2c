/* SPDX-License-Identifier: Apache-2.0 */
/* The guest from its first process on. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"

#define PATIENCE_MS 60000 /* for the channel to appear, and for the host to connect */

void boot_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("papyr agent: ");
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
}

void boot_power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void mount_on(const char *type, const char *where, const char *data)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, data) && errno != EBUSY)
		boot_say("%s: %s", where, strerror(errno));
}

static void load_driver(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		boot_say("%s: %s", path, strerror(errno));
	close(fd);
}

void boot_load_drivers(const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		load_driver(found.gl_pathv[i]);
	globfree(&found);
}

/* Programs that want busybox's find it by their names. */
static void install_busybox(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execl("/bin/busybox", "busybox", "--install", "-s", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

void boot_prepare(void)
{
	mount_on("proc", "/proc", NULL);
	mount_on("sysfs", "/sys", NULL);
	mount_on("devtmpfs", "/dev", NULL);
	mount_on("devpts", "/dev/pts", "mode=620,ptmxmode=666");
	mount_on("tmpfs", "/dev/shm", "mode=1777");
	mount_on("tmpfs", "/tmp", "mode=1777");
	mount_on("tmpfs", "/run", "mode=755");
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
	install_busybox();
	boot_load_drivers("/lib/drivers/*.ko");
}

static bool has_name(const char *port, const char *wanted)
{
	char path[300], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", port);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		*name = 0;
	fclose(f);
	name[strcspn(name, "\n")] = 0;
	return !strcmp(name, wanted);
}

int boot_open_by_name(const char *name)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	const struct dirent *e;
	char path[300];
	int fd = -1;

	while (ports && fd < 0 && (e = readdir(ports))) {
		if (!has_name(e->d_name, name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	}
	if (ports)
		closedir(ports);
	return fd;
}

bool boot_is_connected(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP);
}

int boot_open_port(void)
{
	int fd = -1;

	for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
		if (fd < 0)
			fd = boot_open_by_name(AGENT_PORT);
		if (fd >= 0 && boot_is_connected(fd))
			return fd;
		usleep(5000);
	}
	boot_say("no %s, or nobody there", AGENT_PORT);
	boot_power_off();
}
