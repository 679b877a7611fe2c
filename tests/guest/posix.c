/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posix FOLDER: what a file system answers to a long list of calls, a line for each: the call as it
 * stands here, what it returned, its error. No line says what is right: the same list in another
 * file system does. FOLDER is empty, and root's, who runs this.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "parts.h"

/* What a call says; descriptors are closed, and are "ok". */
#define T(call)	  tell(#call, (errno = 0, (long)(call)))
#define OPEN(...) tell_open("open(" #__VA_ARGS__ ")", open(__VA_ARGS__))

static const char *part = "", *who = "root";

static long tell(const char *call, long r)
{
	if (r < 0)
		printf("%s, %s: %s: %s\n", part, who, call, strerrorname_np(errno));
	else
		printf("%s, %s: %s: %ld\n", part, who, call, r);
	return r;
}

static void tell_open(const char *call, int fd)
{
	tell(call, fd < 0 ? -1 : 0);
	if (fd >= 0)
		close(fd);
}

static void show(const char *name)
{
	struct stat st;

	if (lstat(name, &st)) {
		printf("%s, %s: %s is not there: %s\n", part, who, name, strerrorname_np(errno));
		return;
	}
	printf("%s, %s: %s is %o of %u:%u, %ju links", part, who, name, st.st_mode, st.st_uid,
	       st.st_gid, S_ISDIR(st.st_mode) ? 0 : (uintmax_t)st.st_nlink);
	if (!S_ISDIR(st.st_mode))
		printf(", %jd bytes", (intmax_t)st.st_size);
	printf("\n");
}

static void make(const char *name, mode_t mode, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode))
		tell("making it", -1);
	close(fd);
}

static char *repeated(const char *text, size_t n)
{
	static char all[8192];
	size_t bytes = strlen(text);

	for (size_t i = 0; i < n; i++)
		memcpy(all + i * bytes, text, bytes);
	all[n * bytes] = 0;
	return all;
}

/* @fn as a user without rights, in a process of its own. */
static void as_user(void (*fn)(void))
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		who = "user";
		if (setgid(1000) || setuid(1000))
			_exit(1);
		umask(0);
		fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* ---- Modes and owners ---- */

static void modes_of_others(void)
{
	T(chmod("mine", 0777));
	T(chown("mine", 1000, 1000));
	OPEN("mine", O_RDONLY);
	OPEN("mine", O_WRONLY);
	OPEN("read", O_RDONLY);
	OPEN("read", O_RDWR);
	OPEN("closed/in", O_RDONLY);
	T(access("closed", X_OK));
	T(mkdir("closed/new", 0700));
	T(unlink("mine"));
	T(rename("mine", "other"));
	T(chmod("theirs", 04755));
	T(chmod("theirs", 02755));
	show("theirs");
	T(chown("theirs", -1, 1000));
	T(chown("theirs", 0, -1));
	T(chown("theirs", -1, 0));
	T(truncate("read", 0));
	T(utimensat(AT_FDCWD, "mine", NULL, 0));
	T(utimensat(AT_FDCWD, "theirs", NULL, 0));
	/* Someone else's in a folder with the sticky bit. */
	T(unlink("sticky/mine"));
	T(rename("sticky/mine", "sticky/x"));
	make("sticky/theirs", 0600, "x");
	T(unlink("sticky/theirs"));
	/* A write takes the bits away that let programs run as another. */
	OPEN("set-id", O_WRONLY);
	int fd = open("set-id", O_WRONLY);
	T(write(fd, "x", 1));
	close(fd);
	show("set-id");
}

static void modes(void)
{
	part = "modes";
	for (unsigned mode = 0; mode <= 07777; mode += 01111) {
		make("file", mode, "");
		show("file");
		T(mkdir("dir", 0700));
		T(chmod("dir", mode));
		show("dir");
		T(rmdir("dir"));
		unlink("file");
	}
	umask(027);
	OPEN("file", O_WRONLY | O_CREAT, 0666);
	show("file");
	T(mkdir("dir", 0777));
	show("dir");
	umask(0);
	T(chown("file", 12, 34));
	show("file");
	T(chown("file", -1, -1));
	T(fchmodat(AT_FDCWD, "nothing", 0600, 0));
	T(symlink("file", "link"));
	T(chmod("link", 0640));
	T(lchown("link", 5, 6));
	show("link");
	T(chown("link", 7, 8));
	show("file");
	make("program", 06755, "x");
	T(chown("program", 1, 1));
	show("program");
	/* New things in a folder with the group bit belong to its group. */
	T(mkdir("group", 0755));
	T(chown("group", 0, 77));
	T(chmod("group", 02775));
	OPEN("group/file", O_WRONLY | O_CREAT, 0600);
	show("group/file");
	T(mkdir("group/dir", 0700));
	show("group/dir");
	T(symlink("x", "group/link"));
	show("group/link");
	make("mine", 0600, "x");
	make("read", 0644, "x");
	T(mkdir("closed", 0700));
	make("closed/in", 0666, "x");
	make("theirs", 0644, "x");
	T(chown("theirs", 1000, 1000));
	T(mkdir("sticky", 0700));
	T(chmod("sticky", 01777));
	make("sticky/mine", 0666, "x");
	make("set-id", 06777, "abc");
	as_user(modes_of_others);
}

/* ---- Opening ---- */

static void opens_of_others(void)
{
	OPEN("new", O_WRONLY | O_CREAT, 0644);
	OPEN("open/new", O_WRONLY | O_CREAT, 0);
	OPEN("open/new", O_RDONLY);
	show("open/new");
	int fd = open("open/shut", O_RDWR | O_CREAT | O_EXCL, 0);
	T(write(fd, "12345", 5));
	T(ftruncate(fd, 2));
	T(fchmod(fd, 0400));
	T(ftruncate(fd, 1));
	T(write(fd, "x", 1));
	close(fd);
	show("open/shut");
}

static void opens(void)
{
	char buf[16];
	int fd, other;

	part = "open";
	OPEN("file", O_RDONLY);
	OPEN("file", O_RDWR | O_CREAT | O_EXCL, 0644);
	OPEN("file", O_RDWR | O_CREAT | O_EXCL, 0644);
	OPEN("file", O_RDWR | O_CREAT, 0600);
	show("file");
	OPEN("file/x", O_RDONLY);
	OPEN("file", O_RDONLY | O_DIRECTORY);
	OPEN("dir", O_RDONLY);
	T(mkdir("dir", 0755));
	OPEN("dir", O_RDONLY);
	OPEN("dir", O_WRONLY);
	OPEN("dir", O_RDWR | O_CREAT, 0600);
	OPEN("dir/", O_RDONLY | O_CREAT, 0600);
	OPEN("dir/none/x", O_RDONLY | O_CREAT, 0600);
	OPEN("", O_RDONLY);
	T(symlink("file", "link"));
	T(symlink("nowhere", "dangling"));
	OPEN("link", O_RDONLY | O_NOFOLLOW);
	OPEN("dangling", O_RDONLY);
	OPEN("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600);
	OPEN("dangling", O_WRONLY | O_CREAT, 0600);
	show("nowhere");
	fd = open("file", O_WRONLY | O_APPEND);
	other = open("file", O_WRONLY | O_APPEND);
	T(write(fd, "one", 3));
	T(write(other, "two", 3));
	T(write(fd, "three", 5));
	T(pwrite(fd, "x", 1, 0));
	T(read(fd, buf, 1));
	close(fd);
	close(other);
	show("file");
	fd = open("file", O_RDONLY);
	T(write(fd, "x", 1));
	T(pread(fd, buf, sizeof(buf), 100));
	T(pread(fd, buf, sizeof(buf), -1));
	T(lseek(fd, 0, SEEK_END));
	T(lseek(fd, -1, SEEK_SET));
	T(ftruncate(fd, 0));
	T(fsync(fd));
	T(fdatasync(fd));
	close(fd);
	OPEN("file", O_WRONLY | O_TRUNC);
	show("file");
	fd = open("gone", O_RDWR | O_CREAT, 0644);
	T(write(fd, "contents", 8));
	T(unlink("gone"));
	show("gone");
	T(pread(fd, buf, 8, 0));
	T(pwrite(fd, "more", 4, 8));
	T(lseek(fd, 0, SEEK_END));
	T(fchmod(fd, 0600));
	T(ftruncate(fd, 3));
	T(lseek(fd, 0, SEEK_END));
	close(fd);
	T(mkdir("open", 0777));
	as_user(opens_of_others);
}

static void sizes(void)
{
	struct stat st;
	char buf[8] = "";
	int fd;

	part = "sizes";
	make("file", 0644, "0123456789");
	T(truncate("file", 5));
	T(truncate("file", 1 << 20));
	show("file");
	T(truncate("file", -1));
	T(truncate("nothing", 1));
	mkdir("dir", 0755);
	T(truncate("dir", 0));
	fd = open("file", O_RDWR);
	T(pread(fd, buf, 8, 3));
	printf("%s: %.2s and %d\n", part, buf, buf[3]);
	T(pwrite(fd, "end", 3, 5000000000));
	T(lseek(fd, 0, SEEK_END));
	T(ftruncate(fd, 0));
	fstat(fd, &st);
	printf("%s: %jd blocks of nothing\n", part, (intmax_t)st.st_blocks);
	close(fd);
}

/* ---- Names ---- */

static void links(void)
{
	part = "links";
	make("file", 0644, "x");
	mkdir("dir", 0755);
	T(link("file", "hard"));
	show("hard");
	T(link("file", "hard"));
	T(link("nothing", "x"));
	T(link("file", "none/x"));
	T(link("file", "file/x"));
	T(link("dir", "hard-dir"));
	T(symlink("file", "soft"));
	T(link("soft", "hard-soft"));
	show("hard-soft");
	T(linkat(AT_FDCWD, "soft", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
	show("followed");
	T(unlink("file"));
	show("hard");
	T(symlink("x", "soft"));
	T(symlink("", "empty"));
	char target[64];
	T(readlink("soft", target, sizeof(target)));
	T(readlink("soft", target, 2));
	T(readlink("hard", target, sizeof(target)));
	T(symlink("loop", "loop"));
	OPEN("loop", O_RDONLY);
	T(chmod("loop", 0600));
	T(chdir("loop"));
	T(symlink(repeated("0123456789", 409), "long"));
	show("long");
	T(symlink(repeated("0123456789", 410), "longer"));
	T(unlink("soft"));
	T(unlink("loop"));
}

static void long_names(void)
{
	char *name = repeated("n", 255), path[5000];

	part = "long names";
	T(mkdir(name, 0755));
	T(rmdir(name));
	OPEN(name, O_WRONLY | O_CREAT, 0644);
	T(rename(name, "short"));
	T(link("short", name));
	T(unlink(name));
	name = repeated("n", 256);
	OPEN(name, O_WRONLY | O_CREAT, 0644);
	T(mkdir(name, 0755));
	T(rename("short", name));
	T(link("short", name));
	T(unlink(name));
	T(access(name, F_OK));
	OPEN(repeated("./", 2047), O_RDONLY);
	OPEN(repeated("./", 2049), O_RDONLY);
	/* Deeper than one path says. */
	strcpy(path, repeated("deep", 60));
	for (unsigned i = 0; i < 12; i++) {
		if (mkdir(path, 0755) || chdir(path))
			tell("deeper", -1);
	}
	OPEN("file", O_WRONLY | O_CREAT, 0644);
	T(unlink("file"));
	for (unsigned i = 0; i < 12; i++) {
		if (chdir("..") || rmdir(path))
			tell("back", -1);
	}
	T(mkdir("\xff\xfe\n\\ *", 0755));
	T(rmdir("\xff\xfe\n\\ *"));
}

static void renames(void)
{
	part = "rename";
	make("a", 0644, "a");
	make("b", 0600, "bb");
	mkdir("dir", 0755);
	mkdir("dir/sub", 0755);
	mkdir("empty", 0700);
	T(rename("a", "b"));
	show("a");
	show("b");
	T(rename("nothing", "x"));
	T(rename("b", "dir"));
	T(rename("dir", "b"));
	T(rename("dir", "dir/sub/in"));
	T(rename("empty", "dir"));
	T(rename("dir", "empty"));
	show("empty/sub");
	T(rename("b", "empty/sub/b"));
	T(rename("empty", "moved"));
	show("moved/sub/b");
	T(rename("moved/sub", "."));
	T(rename("moved/sub/..", "x"));
	T(rename("moved/sub/b", "none/b"));
	T(link("moved/sub/b", "same"));
	T(rename("same", "moved/sub/b"));
	show("same");
	T(rename("same", "same"));
	int fd = open("same", O_RDWR);
	make("over", 0644, "over");
	T(rename("over", "same"));
	T(lseek(fd, 0, SEEK_END));
	close(fd);
	T(renameat2(AT_FDCWD, "same", AT_FDCWD, "moved", RENAME_NOREPLACE));
	T(renameat2(AT_FDCWD, "same", AT_FDCWD, "fresh", RENAME_NOREPLACE));
	T(renameat2(AT_FDCWD, "fresh", AT_FDCWD, "moved", RENAME_EXCHANGE));
}

static void removals(void)
{
	part = "remove";
	mkdir("dir", 0755);
	make("dir/file", 0644, "x");
	T(rmdir("dir"));
	T(unlink("dir"));
	T(rmdir("dir/file"));
	T(unlink("dir/file/x"));
	T(unlink("nothing"));
	T(rmdir("nothing"));
	T(rmdir("dir/."));
	T(rmdir("dir/.."));
	T(mkdir("dir", 0755));
	T(mkdir("dir/file", 0755));
	T(mkdir("none/x", 0755));
	T(unlink("dir/file"));
	int fd = open("dir", O_RDONLY | O_DIRECTORY);
	T(rmdir("dir"));
	T(mkdirat(fd, "x", 0755));
	T(fchmod(fd, 0700));
	close(fd);
}

static void folders(void)
{
	unsigned seen = 0, again = 0;
	struct dirent *e;
	long middle = 0;
	char name[32];
	DIR *d;

	part = "folders";
	mkdir("many", 0755);
	for (unsigned i = 0; i < 700; i++) {
		snprintf(name, sizeof(name), "many/entry-%u", i);
		make(name, 0644, "");
	}
	d = opendir("many");
	while ((e = readdir(d)))
		if (++seen == 300)
			middle = telldir(d);
	seekdir(d, middle);
	while (readdir(d))
		again++;
	printf("%s: %u entries, %u behind the middle\n", part, seen, again);
	/* Those that go while they are listed. */
	rewinddir(d);
	while ((e = readdir(d)))
		if (*e->d_name != '.' && unlinkat(dirfd(d), e->d_name, 0))
			tell("removing an entry", -1);
	closedir(d);
	T(rmdir("many"));
}

/* ---- Other things ---- */

static void nodes(void)
{
	struct sockaddr_un address = {AF_UNIX, "socket"};
	int fd, end;
	char buf[4];

	part = "nodes";
	T(mkfifo("pipe", 0640));
	show("pipe");
	T(mkfifo("pipe", 0640));
	OPEN("pipe", O_WRONLY | O_NONBLOCK);
	fd = open("pipe", O_RDONLY | O_NONBLOCK);
	end = open("pipe", O_WRONLY);
	T(write(end, "abc", 3));
	T(read(fd, buf, 4));
	close(fd);
	close(end);
	T(mknod("plain", S_IFREG | 0604, 0));
	show("plain");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	T(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	T(listen(fd, 1));
	end = socket(AF_UNIX, SOCK_STREAM, 0);
	T(connect(end, (struct sockaddr *)&address, sizeof(address)));
	close(fd);
	close(end);
	OPEN("socket", O_RDONLY);
	T(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	T(mknod("disk", S_IFBLK | 0666, makedev(7, 0)));
}

static void when(const char *name)
{
	struct stat st;

	if (!stat(name, &st))
		printf("%s: read %jd.%09ld, written %jd.%09ld\n", part, (intmax_t)st.st_atim.tv_sec,
		       st.st_atim.tv_nsec, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void times(void)
{
	struct timespec t[2] = {{1000000000, 123456789}, {1500000000, 1}}, before;
	struct stat st;

	part = "times";
	make("file", 0644, "x");
	T(utimensat(AT_FDCWD, "file", t, 0));
	when("file");
	t[0].tv_nsec = UTIME_OMIT;
	t[1] = (struct timespec){4000000000, 999999999};
	T(utimensat(AT_FDCWD, "file", t, 0));
	when("file");
	t[1].tv_nsec = UTIME_NOW;
	T(utimensat(AT_FDCWD, "file", t, 0));
	stat("file", &st);
	printf("%s: now is %s\n", part, st.st_mtim.tv_sec < 4000000000 ? "now" : "not now");
	t[1].tv_nsec = 1000000000;
	T(utimensat(AT_FDCWD, "file", t, 0));
	t[0] = (struct timespec){-5, 0};
	t[1] = (struct timespec){0, 0};
	T(utimensat(AT_FDCWD, "file", t, 0));
	when("file");
	symlink("file", "link");
	T(utimensat(AT_FDCWD, "link", t, AT_SYMLINK_NOFOLLOW));
	/* What changes a time. */
	stat("file", &st);
	before = st.st_mtim;
	usleep(20000);
	T(chmod("file", 0600));
	stat("file", &st);
	printf("%s: chmod %s\n", part,
	       before.tv_sec == st.st_mtim.tv_sec ? "leaves it" : "changes it");
	make("file", 0600, "y");
	stat("file", &st);
	printf("%s: a write %s\n", part,
	       before.tv_sec == st.st_mtim.tv_sec ? "leaves it" : "changes it");
}

static void attributes(void)
{
	char value[16];

	part = "attributes";
	make("file", 0644, "x");
	symlink("file", "link");
	mkfifo("pipe", 0600);
	T(setxattr("file", "user.a", "12345", 5, 0));
	T(getxattr("file", "user.a", value, sizeof(value)));
	T(getxattr("file", "user.a", value, 0));
	T(getxattr("file", "user.a", value, 2));
	T(setxattr("file", "user.a", "1", 1, XATTR_CREATE));
	T(setxattr("file", "user.b", "1", 1, XATTR_REPLACE));
	T(setxattr("file", "user.b", "", 0, 0));
	T(getxattr("file", "user.b", value, sizeof(value)));
	T(listxattr("file", value, sizeof(value)));
	T(listxattr("file", value, 3));
	T(removexattr("file", "user.a"));
	T(removexattr("file", "user.a"));
	T(getxattr("file", "user.a", value, sizeof(value)));
	T(lsetxattr("link", "user.a", "1", 1, 0));
	T(setxattr("pipe", "user.a", "1", 1, 0));
	T(setxattr("file", "nowhere.a", "1", 1, 0));
}

/* ---- Locks: fcntl()'s, of a child that tries ---- */

static void try_lock(int type, off_t start, off_t bytes)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		struct flock l = {.l_type = type, .l_start = start, .l_len = bytes};
		int fd = open("file", O_RDWR);

		T(fcntl(fd, F_SETLK, &l));
		l = (struct flock){.l_type = type, .l_start = start, .l_len = bytes};
		T(fcntl(fd, F_GETLK, &l));
		printf("%s: %s\n", part,
		       l.l_type == F_UNLCK   ? "free"
		       : l.l_type == F_RDLCK ? "read"
					     : "written");
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void locks(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_start = 10, .l_len = 10};
	int fd, other;
	pid_t child;

	part = "locks";
	make("file", 0644, "01234567890123456789");
	fd = open("file", O_RDWR);
	T(fcntl(fd, F_SETLK, &l));
	try_lock(F_WRLCK, 0, 10);
	try_lock(F_WRLCK, 0, 11);
	try_lock(F_RDLCK, 15, 1);
	l.l_type = F_RDLCK;
	T(fcntl(fd, F_SETLK, &l));
	try_lock(F_RDLCK, 15, 1);
	try_lock(F_WRLCK, 15, 1);
	/* Who waits gets it when it is free. */
	fflush(stdout);
	child = fork();
	if (!child) {
		struct flock mine = {.l_type = F_WRLCK};

		other = open("file", O_RDWR);
		T(fcntl(other, F_SETLKW, &mine));
		fflush(stdout);
		_exit(0);
	}
	usleep(300000);
	l = (struct flock){.l_type = F_UNLCK};
	T(fcntl(fd, F_SETLK, &l));
	waitpid(child, NULL, 0);
	/* Whoever closes any descriptor of it loses all. */
	part = "locks of two descriptors";
	l = (struct flock){.l_type = F_WRLCK};
	T(fcntl(fd, F_SETLK, &l));
	close(open("file", O_RDONLY));
	try_lock(F_WRLCK, 0, 0);
	part = "locks";
	l = (struct flock){.l_type = F_UNLCK};
	T(fcntl(fd, F_SETLK, &l));
	try_lock(F_WRLCK, 0, 0);
	T(flock(fd, LOCK_EX));
	other = open("file", O_RDWR);
	T(flock(other, LOCK_EX | LOCK_NB));
	T(flock(fd, LOCK_UN));
	T(flock(other, LOCK_SH | LOCK_NB));
	close(other);
	l = (struct flock){.l_type = F_WRLCK};
	T(fcntl(fd, F_OFD_SETLK, &l));
	other = open("file", O_RDWR);
	T(fcntl(other, F_OFD_SETLK, &l));
	close(other);
	close(fd);
	fd = open("file", O_RDONLY);
	T(fcntl(fd, F_SETLK, &l));
	close(fd);
}

static void maps(void)
{
	char *p, *private;
	int fd;

	part = "maps";
	make("file", 0644, "0123456789");
	fd = open("file", O_RDWR);
	private = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	T(private == MAP_FAILED ? -1 : 0);
	if (private != MAP_FAILED) {
		printf("%s: %.10s, and %d\n", part, private, private[10]);
		private[0] = 'P';
		munmap(private, 65536);
	}
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	T(p == MAP_FAILED ? -1 : 0);
	if (p != MAP_FAILED) {
		char got[11] = "";

		memcpy(p + 2, "shared", 6);
		T(msync(p, 65536, MS_SYNC));
		T(pread(fd, got, 10, 0));
		printf("%s: %s\n", part, got);
		munmap(p, 65536);
	}
	close(fd);
	show("file");
	fd = open("file", O_RDONLY);
	T(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
	close(fd);
	make("program", 0755, "#!/bin/busybox true\n");
	fflush(stdout);
	T(system("./program"));
	struct statvfs v;
	T(statvfs(".", &v));
	printf("%s: names of %lu\n", part, v.f_namemax);
}

int main(int argc, char **argv)
{
	static void (*const parts[])(void) = {modes,	  opens,    sizes,   links, long_names,
					      renames,	  removals, folders, nodes, times,
					      attributes, locks,    maps};

	if (argc != 2)
		return fprintf(stderr, "posix FOLDER\n"), 1;
	return do_parts(argv[1], parts, sizeof(parts) / sizeof(*parts));
}
