/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share_work FOLDER: what programs do with files all day, several at once, and what they find. As
 * with posix.c no line says what is right: the same work in another file system does. FOLDER is
 * empty, and root's, who runs this. share_work hold|wait|keep FILE: for another side that locks it
 * too; share_work map FILE: for one that makes it shorter.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "parts.h"

#define T(call) tell(#call, (errno = 0, (long)(call)))

static const char *part = "", *program;

static long tell(const char *call, long r)
{
	if (r < 0)
		printf("%s: %s: %s\n", part, call, strerrorname_np(errno));
	else
		printf("%s: %s: %ld\n", part, call, r);
	return r;
}

static int make(const char *name)
{
	return open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
}

/* @n children that do it; how many say by their status that it was right. */
static int together(int n, int (*work)(int number))
{
	int good = 0, status;

	fflush(stdout);
	for (int i = 0; i < n; i++)
		if (!fork())
			_exit(work(i));
	while (wait(&status) > 0)
		good += status == 0;
	return good;
}

/* ---- Locks: a counter in a file that all of them raise ---- */

#define ROUNDS 200

static int raise_counter(int fd)
{
	int n = 0;

	if (pread(fd, &n, sizeof(n), 0) < 0)
		return 1;
	n++;
	return pwrite(fd, &n, sizeof(n), 0) != sizeof(n);
}

static int count_by_fcntl(int number)
{
	int fd = open("counter", O_RDWR), bad = 0;
	struct flock l = {.l_type = F_WRLCK, .l_start = 100, .l_len = 1};

	for (int i = 0; i < ROUNDS && !bad; i++) {
		l.l_type = F_WRLCK;
		bad = fcntl(fd, F_SETLKW, &l) || raise_counter(fd);
		l.l_type = F_UNLCK;
		bad |= fcntl(fd, F_SETLK, &l);
	}
	return bad;
}

static int count_by_flock(int number)
{
	int fd = open("counter", O_RDWR), bad = 0;

	for (int i = 0; i < ROUNDS && !bad; i++)
		bad = flock(fd, LOCK_EX) || raise_counter(fd) || flock(fd, LOCK_UN);
	return bad;
}

/* It is the lock's that it made itself, or nobody's: by the name as editors and git do it. */
static int count_by_name(int number)
{
	int fd = open("counter", O_RDWR), lock, bad = 0;

	for (int i = 0; i < ROUNDS / 4 && !bad; i++) {
		while ((lock = open("counter.lock", O_CREAT | O_EXCL | O_RDWR, 0600)) < 0)
			if (errno != EEXIST)
				return 1;
			else
				usleep(1000);
		close(lock);
		bad = raise_counter(fd) || unlink("counter.lock");
	}
	return bad;
}

static int counted(void)
{
	int fd = open("counter", O_RDONLY), n = -1;

	if (read(fd, &n, sizeof(n)) < 0)
		n = -1;
	close(fd);
	return n;
}

/* A process that ends, however, gives up what it has locked. */
static int hold_and_die(int number)
{
	int fd = open("counter", O_RDWR);
	struct flock l = {.l_type = F_WRLCK};

	if (number ? flock(fd, LOCK_EX) : fcntl(fd, F_SETLK, &l))
		return 1;
	kill(getpid(), SIGKILL);
	return 1;
}

static int have_all(int number)
{
	int fd = open("counter", O_RDWR);
	struct flock l = {.l_type = F_WRLCK};

	return fcntl(fd, F_SETLKW, &l) != 0;
}

static void locks(void)
{
	int zero = 0;

	part = "locks";
	int fd = make("counter");
	T(together(3, count_by_fcntl));
	T(counted());
	T(pwrite(fd, &zero, sizeof(zero), 0));
	T(together(3, count_by_flock));
	T(counted());
	T(pwrite(fd, &zero, sizeof(zero), 0));
	T(together(3, count_by_name));
	T(counted());
	close(fd);
	T(together(1, hold_and_die));
	T(together(1, have_all));
}

/* ---- Names that change under those who look ---- */

#define REPLACED 300

static int replace(int number)
{
	char name[32];
	int bad = 0;

	snprintf(name, sizeof(name), "new.%d", number);
	for (int i = 0; i < REPLACED && !bad; i++) {
		int fd = make(name);

		bad = write(fd, "contents", 8) != 8 || close(fd) || rename(name, "file");
	}
	return bad;
}

/* There always is one, and it is whole. */
static int look(int number)
{
	char got[9];

	if (number < 2)
		return replace(number);
	for (int i = 0; i < REPLACED; i++) {
		int fd = open("file", O_RDONLY);

		memset(got, 0, sizeof(got));
		if (fd < 0 || read(fd, got, 8) < 0 || strcmp(got, "contents"))
			return fprintf(stderr, "%s: %s\n", fd < 0 ? strerror(errno) : "", got), 1;
		close(fd);
	}
	return 0;
}

static void renames(void)
{
	struct stat st;
	int fd;

	part = "renames";
	fd = make("file");
	T(write(fd, "contents", 8));
	close(fd);
	T(together(4, look));
	/* What had it open has what it had. */
	fd = open("file", O_RDWR);
	T(replace(9));
	T(fstat(fd, &st));
	T(st.st_nlink);
	T(pwrite(fd, "C", 1, 0));
	close(fd);
	fd = open("file", O_RDONLY);
	char c = 0;
	T(pread(fd, &c, 1, 0));
	T(c);
	close(fd);
}

/* ---- Appending ---- */

#define LINES	   300
#define LINE_BYTES 39

static int append(int number)
{
	int fd = open("log", O_WRONLY | O_APPEND | O_CREAT, 0644);
	char line[LINE_BYTES + 1];

	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%d %-36d\n", number, i);
		if (write(fd, line, LINE_BYTES) != LINE_BYTES)
			return 1;
	}
	return 0;
}

/* Lines that are whole, and in the order of each who wrote them. */
static int good_lines(int writers)
{
	FILE *f = fopen("log", "r");
	int next[16] = {0}, n = 0, who, i;
	char line[100];

	while (f && fgets(line, sizeof(line), f))
		n += strlen(line) == LINE_BYTES && sscanf(line, "%d %d", &who, &i) == 2 &&
		     who >= 0 && who < writers && next[who]++ == i;
	if (f)
		fclose(f);
	return n;
}

static void appending(void)
{
	struct stat st;

	part = "appending";
	T(together(4, append));
	T(stat("log", &st));
	T(st.st_size);
	T(good_lines(4));
}

/* ---- Files without a name ---- */

static void unlinked(void)
{
	char got[6] = "";
	struct stat st;
	int fd, other;

	part = "unlinked";
	fd = make("gone");
	T(write(fd, "hello", 5));
	T(unlink("gone"));
	T(fstat(fd, &st));
	T(st.st_nlink);
	T(st.st_size);
	T(pread(fd, got, 5, 0));
	T(strcmp(got, "hello"));
	T(pwrite(fd, "J", 1, 0));
	T(pread(fd, got, 5, 0));
	T(strcmp(got, "Jello"));
	T(ftruncate(fd, 2));
	T(lseek(fd, 0, SEEK_END));
	T(fchmod(fd, 0600));
	T(fsync(fd));
	T(fstat(fd, &st));
	T(st.st_mode);
	char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	T(p == MAP_FAILED ? -1 : p[0]);
	/* Another of that name is another. */
	other = make("gone");
	T(write(other, "other", 5));
	T(pread(fd, got, 5, 0));
	T(got[0]);
	T(close(other));
	T(unlink("gone"));
	T(close(fd));
	/* A folder that someone is in. */
	T(mkdir("dir", 0755));
	DIR *d = opendir("dir");
	T(rmdir("dir"));
	T(readdir(d) == NULL);
	closedir(d);
	T(open("dir/file", O_RDWR | O_CREAT, 0644));
}

/* ---- Maps ---- */

static sigjmp_buf at_fault;

static void fault(int sig)
{
	siglongjmp(at_fault, sig);
}

/* The signal that reading it brings, or what is there. */
static int touch(const volatile char *p)
{
	int sig = sigsetjmp(at_fault, 1);

	return sig ? 1000 + sig : *p;
}

static int see_map(int number)
{
	char got[7] = "";
	int fd = open("map", O_RDONLY);

	return pread(fd, got, 6, 70000) != 6 || strcmp(got, "mapped");
}

static int run_program(int number)
{
	execl("./program", "./program", "true", NULL);
	return 1;
}

static int copy_program(void)
{
	char buffer[65536];
	int from = open(program, O_RDONLY), to = open("program", O_WRONLY | O_CREAT, 0755);
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, n) != n)
			return -1;
	close(from);
	return n || close(to) ? -1 : 0;
}

static void maps(void)
{
	const size_t bytes = 4 * 65536;
	int fd;
	char *p;

	part = "maps";
	signal(SIGBUS, fault);
	fd = make("map");
	T(ftruncate(fd, bytes));
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memcpy(p + 70000, "mapped", 6);
	T(msync(p, bytes, MS_SYNC));
	T(together(1, see_map));
	T(pwrite(fd, "W", 1, 70000));
	T(touch(p + 70000));
	/* The end comes nearer, and goes away again. */
	T(ftruncate(fd, 65536));
	T(touch(p + 1));
	T(touch(p + 2 * 65536));
	T(ftruncate(fd, bytes));
	T(touch(p + 70000));
	memcpy(p + 3 * 65536, "end", 3);
	T(munmap(p, bytes));
	char got[4] = "";
	T(pread(fd, got, 3, 3 * 65536));
	T(strcmp(got, "end"));
	/* A descriptor that is closed is no end of its map. */
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	T(close(fd));
	memcpy(p + 70000, "mapped", 6);
	T(msync(p, bytes, MS_SYNC));
	T(together(1, see_map));
	memcpy(p, "shared", 6);
	T(munmap(p, bytes));
	fd = open("map", O_RDONLY);
	T(pread(fd, got, 3, 0));
	T(strcmp(got, "sha"));
	close(fd);
	T(copy_program());
	T(together(2, run_program));
}

/* ---- Large and sparse files ---- */

static void sizes(void)
{
	const off_t far = (5ll << 30) + 123, farther = (1ll << 40) + 7;
	char got[6] = "", zeros[4096];
	struct stat st;
	int fd;

	part = "sizes";
	fd = make("large");
	T(pwrite(fd, "first", 5, far));
	T(pwrite(fd, "later", 5, farther));
	T(fstat(fd, &st));
	T(st.st_size);
	T(st.st_blocks < 1000);
	T(pread(fd, got, 5, far));
	T(strcmp(got, "first"));
	T(pread(fd, got, 5, farther));
	T(strcmp(got, "later"));
	T(pread(fd, zeros, sizeof(zeros), 1ll << 33));
	T(zeros[0] | zeros[4095]);
	T(lseek(fd, 0, SEEK_END));
	char *p = mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 5ll << 30);
	T(p == MAP_FAILED ? -1 : memcmp(p + 123, "first", 5));
	T(ftruncate(fd, far + 2));
	T(pread(fd, got, 5, far));
	struct flock l = {.l_type = F_WRLCK, .l_start = far, .l_len = 1};
	T(fcntl(fd, F_SETLK, &l));
	T(truncate("large", 0));
	T(posix_fallocate(fd, 0, 10000));
	T(fstat(fd, &st));
	T(st.st_size);
	close(fd);
}

/* ---- Folders with much in them, and long names ---- */

#define MANY 10000

static int name_of(int i, char *name)
{
	return sprintf(name, "a-name-of-some-length-%d", i);
}

static int make_some(int number)
{
	char name[64];

	for (int i = number; i < MANY; i += 4) {
		int fd;

		name_of(i, name);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd < 0 || close(fd))
			return 1;
	}
	return 0;
}

/* How many it has, each once; those that are seen go if @remove. */
static int seen(bool remove)
{
	static char marks[MANY];
	DIR *d = opendir(".");
	struct dirent *e;
	int n = 0, i;

	memset(marks, 0, sizeof(marks));
	while ((e = readdir(d))) {
		if (sscanf(e->d_name, "a-name-of-some-length-%d", &i) != 1)
			continue;
		n += !marks[i]++ && e->d_type == DT_REG && (!remove || !unlink(e->d_name));
	}
	closedir(d);
	return n;
}

/* Where it was, it is again. */
static int goes_back(void)
{
	DIR *d = opendir(".");
	char name[256];
	long at;

	for (int i = 0; i < 2000; i++)
		readdir(d);
	at = telldir(d);
	strcpy(name, readdir(d)->d_name);
	while (readdir(d))
		;
	seekdir(d, at);
	at = strcmp(name, readdir(d)->d_name);
	closedir(d);
	return at;
}

static void folders(void)
{
	char name[300];
	struct stat st;

	part = "folders";
	T(together(4, make_some));
	T(seen(false));
	T(goes_back());
	T(seen(true));
	T(seen(false));
	memset(name, 'n', sizeof(name));
	name[256] = 0;
	T(open(name, O_CREAT | O_WRONLY, 0644));
	name[255] = 0;
	T(close(make(name)));
	T(stat(name, &st));
	name[0] = 'N';
	T(mkdir(name, 0755));
	T(chdir(name));
	T(close(make(name)));
	T(rename(name, "short"));
	T(rename("short", name));
	T(chdir(".."));
	memcpy(name, "\xc3\xa4\xff\n\t*\\", 7);
	name[7] = 0;
	T(close(make(name)));
	T(stat(name, &st));
}

/* ---- Links, pipes, sockets, devices ---- */

static int say_through_pipe(int number)
{
	char got[6] = "";
	int fd = open("pipe", number ? O_WRONLY : O_RDONLY);

	if (number)
		return write(fd, "hello", 5) != 5;
	return read(fd, got, 5) != 5 || strcmp(got, "hello");
}

static int say_through_socket(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int listening = socket(AF_UNIX, SOCK_STREAM, 0), one = socket(AF_UNIX, SOCK_STREAM, 0);
	char c = 0;

	if (bind(listening, (void *)&a, sizeof(a)) || listen(listening, 1) ||
	    connect(one, (void *)&a, sizeof(a)) || write(one, "x", 1) != 1)
		return -1;
	one = accept(listening, NULL, NULL);
	return read(one, &c, 1) == 1 ? c : -1;
}

static void kinds(void)
{
	char target[100] = "";
	struct stat st;
	int fd;

	part = "kinds";
	fd = make("file");
	T(link("file", "hard"));
	T(link("file", "harder"));
	T(fstat(fd, &st));
	T(st.st_nlink);
	T(pwrite(fd, "same", 4, 0));
	T(stat("hard", &st));
	T(st.st_size);
	T(unlink("file"));
	T(fstat(fd, &st));
	T(st.st_nlink);
	T(rename("hard", "harder"));
	T(stat("hard", &st));
	T(symlink("/nowhere/at/all", "lost"));
	T(readlink("lost", target, sizeof(target)));
	T(strcmp(target, "/nowhere/at/all"));
	T(open("lost", O_RDONLY));
	T(symlink("loop", "loop"));
	T(open("loop", O_RDONLY));
	T(symlink("harder", "link"));
	T(close(open("link", O_RDONLY)));
	T(open("link", O_RDONLY | O_NOFOLLOW));
	T(mkfifo("pipe", 0644));
	T(together(2, say_through_pipe));
	T(say_through_socket());
	T(stat("socket", &st));
	T(S_ISSOCK(st.st_mode));
	T(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	T(mknod("disk", S_IFBLK | 0600, makedev(7, 0)));
	close(fd);
}

/* ---- A lock that somebody outside this guest wants too ---- */

static int hold(const char *name, bool wait)
{
	struct flock l = {.l_type = F_WRLCK};
	int fd = open(name, O_RDWR);
	char c;

	printf("%s\n", strerrorname_np(fcntl(fd, F_SETLK, &l) ? errno : 0));
	fflush(stdout);
	if (wait) {
		T(fcntl(fd, F_SETLKW, &l));
		fflush(stdout);
	}
	return read(0, &c, 1) < 0;
}

/* Goes on in what it has locked, until it can't. */
static int keep(const char *name)
{
	struct flock l = {.l_type = F_WRLCK};
	int fd = open(name, O_RDWR | O_CREAT | O_APPEND, 0600);

	if (fcntl(fd, F_SETLK, &l))
		return 1;
	puts("kept");
	while (write(fd, "x", 1) == 1)
		usleep(200000);
	printf("lost by %s\n", strerrorname_np(errno));
	return 0;
}

/* ---- A map of a file that somebody outside this guest makes shorter ---- */

static int map(const char *name)
{
	const size_t page = 65536, bytes = 64 * page;
	int fd = open(name, O_RDWR);
	struct stat st;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), c;

	part = "shorter";
	signal(SIGBUS, fault);
	T(touch(p));
	T(touch(p + page));
	fflush(stdout);
	if (read(0, &c, 1) != 1)
		return 1;
	/* What is here already, what comes only now, and what comes when the end is known. */
	T(touch(p));
	T(touch(p + page));
	T(touch(p + 40 * page));
	T(fstat(fd, &st));
	T(st.st_size);
	T(touch(p));
	T(touch(p + 50 * page));
	p[1] = 'w';
	T(msync(p, page, MS_SYNC));
	T(munmap(p, bytes));
	return 0;
}

int main(int argc, char **argv)
{
	static void (*const parts[])(void) = {locks, renames, appending, unlinked,
					      maps,  sizes,   folders,	 kinds};

	if (argc == 2 && !strcmp(argv[1], "true"))
		return 0;
	if (argc == 3 && !strcmp(argv[1], "map"))
		return map(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "keep"))
		return keep(argv[2]);
	if (argc == 3)
		return hold(argv[2], !strcmp(argv[1], "wait"));
	program = realpath(argv[0], NULL);
	if (argc != 2)
		return fprintf(stderr, "share_work FOLDER\n"), 1;
	return do_parts(argv[1], parts, sizeof(parts) / sizeof(*parts));
}
