/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr exec's agent: the first process of its guest. It starts the command that the host asks for,
 * carries its streams, and tells how it ended.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"

#define HEAD sizeof(struct agent_frame)

/* Bytes on their way: those of [at, end). */
struct bytes {
	size_t at, end, size;
	char *data;
};

static char in_data[HEAD + AGENT_DATA_MAX], out_data[4 * (HEAD + AGENT_DATA_MAX)];
static char input_data[AGENT_WINDOW];
/* From the host, to the host, and to the command's standard input. */
static struct bytes in = {.size = sizeof(in_data), .data = in_data};
static struct bytes out = {.size = sizeof(out_data), .data = out_data};
static struct bytes input = {.size = sizeof(input_data), .data = input_data};

static char run_words[AGENT_DATA_MAX];
static struct command command = {.pid = -1, .fd = {-1, -1, -1}};
static bool greeted, running, exited, failed, input_ends;
static bool is_session;	  /* not the guest's first process: it is for one more command */
static uint32_t spare[3]; /* bytes that are still passed on of who has a session's streams open */
static uint32_t credit[3] = {0, AGENT_WINDOW, AGENT_WINDOW}; /* ours to send */
static int status;
static struct winsize window; /* the terminal's size, also before there is one */

static size_t left(const struct bytes *b)
{
	return b->end - b->at;
}

static size_t make_room(struct bytes *b)
{
	memmove(b->data, b->data + b->at, left(b));
	b->end -= b->at;
	b->at = 0;
	return b->size - b->end;
}

static void put(struct bytes *b, const void *data, size_t bytes)
{
	memcpy(b->data + b->end, data, bytes);
	b->end += bytes;
}

/* A guest ends with its command, and a session's command with the session. */
static _Noreturn void give_up(void)
{
	if (!is_session)
		boot_power_off();
	if (running && !exited && command.pid > 0)
		kill(-command.pid, SIGKILL);
	_exit(1);
}

/* There is room: who sends what may be much asks before. */
static void send_frame(enum agent_type type, unsigned stream, const void *data, uint32_t bytes)
{
	struct agent_frame f = {.type = type, .stream = (uint8_t)stream, .bytes = htole32(bytes)};

	if (make_room(&out) < HEAD + bytes) {
		boot_say("the host reads nothing");
		give_up();
	}
	put(&out, &f, HEAD);
	put(&out, data, bytes);
}

static void send_number(enum agent_type type, unsigned stream, uint32_t number)
{
	number = htole32(number);
	send_frame(type, stream, &number, sizeof(number));
}

/* --- what the host says --- */

static void wrong(const char *what)
{
	boot_say("the host sent %s", what);
	give_up();
}

static void serve_session(int port);

static void start(const char *words, size_t bytes)
{
	char text[sizeof(uint32_t) + 512];
	uint32_t how;

	memcpy(run_words, words, bytes);
	if (running || !command_parse(&command, run_words, bytes))
		wrong("no command");
	command.size = window;
	how = htole32(
	    (uint32_t)command_start(&command, text + sizeof(how), sizeof(text) - sizeof(how)));
	running = true;
	if (!how) {
		send_frame(AGENT_STARTED, 0, NULL, 0);
		if (!is_session)
			sessions_begin(serve_session);
		return;
	}
	failed = true;
	memcpy(text, &how, sizeof(how));
	send_frame(AGENT_FAILED, 0, text, (uint32_t)(sizeof(how) + strlen(text + sizeof(how))));
}

static void take_input(const char *data, size_t bytes)
{
	if (!bytes)
		input_ends = true;
	else if (input_ends || make_room(&input) < bytes)
		wrong("more input than it may");
	else if (command.fd[0] < 0) /* nobody reads it any more */
		send_number(AGENT_CREDIT, 0, (uint32_t)bytes);
	else
		put(&input, data, bytes);
}

static void set_size(const struct agent_size *s)
{
	window = (struct winsize){.ws_row = le16toh(s->rows), .ws_col = le16toh(s->columns)};
	if (command.terminal && command.fd[0] >= 0)
		ioctl(command.fd[0], TIOCSWINSZ, &window);
}

static uint32_t number_of(const char *data, size_t bytes)
{
	uint32_t n;

	if (bytes != sizeof(n))
		wrong("no number where one belongs");
	memcpy(&n, data, sizeof(n));
	return le32toh(n);
}

static void say_hello(void)
{
	const struct agent_hello hello = {htole32(AGENT_MAGIC), htole32(AGENT_VERSION)};

	send_frame(AGENT_HELLO, 0, &hello, sizeof(hello));
}

static void greet(const char *data, size_t bytes)
{
	struct agent_hello h;

	memcpy(&h, data, bytes < sizeof(h) ? bytes : sizeof(h));
	if (bytes != sizeof(h) || le32toh(h.magic) != AGENT_MAGIC ||
	    le32toh(h.version) != AGENT_VERSION)
		wrong("a greeting of another kind");
	greeted = true;
}

static void take_frame(const struct agent_frame *f, const char *data, size_t bytes)
{
	uint32_t n;

	if (!greeted && f->type != AGENT_HELLO && f->type != AGENT_AGAIN)
		wrong("no greeting");
	switch (f->type) {
	case AGENT_HELLO:
		greet(data, bytes);
		break;
	case AGENT_AGAIN:
		say_hello();
		break;
	case AGENT_RUN:
		start(data, bytes);
		break;
	case AGENT_DATA:
		take_input(data, bytes);
		break;
	case AGENT_CREDIT:
		n = number_of(data, bytes);
		if (f->stream < 1 || f->stream > 2 || n > AGENT_WINDOW - credit[f->stream])
			wrong("more credit than there is");
		credit[f->stream] += n;
		break;
	case AGENT_SIGNAL:
		n = number_of(data, bytes);
		if (n < 1 || n > 64)
			wrong("no signal");
		if (running && !exited)
			command_signal(&command, (int)n);
		break;
	case AGENT_SIZE:
		if (bytes != sizeof(struct agent_size))
			wrong("no size");
		set_size((const struct agent_size *)data);
		break;
	default:
		wrong("what isn't known");
	}
}

static void take_frames(void)
{
	struct agent_frame f;

	while (left(&in) >= HEAD) {
		uint32_t bytes;

		memcpy(&f, in.data + in.at, HEAD);
		bytes = le32toh(f.bytes);
		if (bytes > AGENT_DATA_MAX)
			wrong("too long a frame");
		if (left(&in) < HEAD + bytes)
			return;
		in.at += HEAD + bytes;
		take_frame(&f, in.data + in.at - bytes, bytes);
	}
}

/* --- moving bytes --- */

static void gone(void)
{
	boot_say("the host is gone");
	give_up();
}

static void read_port(int port)
{
	size_t room = make_room(&in);
	ssize_t n = read(port, in.data + in.end, room);

	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
		gone();
	if (n > 0) {
		in.end += (size_t)n;
		take_frames();
	}
}

static void write_port(int port)
{
	ssize_t n = write(port, out.data + out.at, left(&out));

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		gone();
	if (n > 0)
		out.at += (size_t)n;
}

static void close_stream(int i)
{
	bool shared = command.terminal;

	if (!shared || i == 1)
		close(command.fd[i]);
	command.fd[i] = -1;
	if (shared)
		command.fd[0] = command.fd[1] = -1;
}

static void write_input(void)
{
	ssize_t n = write(command.fd[0], input.data + input.at, left(&input));

	if (n > 0) {
		input.at += (size_t)n;
		send_number(AGENT_CREDIT, 0, (uint32_t)n);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* It reads no more. What comes is for nobody. */
		send_number(AGENT_CREDIT, 0, (uint32_t)left(&input));
		input.at = input.end;
		if (!command.terminal)
			close_stream(0);
	}
}

static void read_output(int i)
{
	char data[AGENT_DATA_MAX];
	size_t most = credit[i] < sizeof(data) ? credit[i] : sizeof(data);
	ssize_t n = read(command.fd[i], data, most);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* EIO: a terminal that nobody has open */
		close_stream(i);
		n = 0;
	}
	credit[i] -= (uint32_t)n;
	if (exited)
		spare[i] -= spare[i] < n ? spare[i] : (uint32_t)n;
	send_frame(AGENT_DATA, (unsigned)i, data, (uint32_t)n);
}

/* --- the end --- */

#define PIPE_BYTES 65536 /* may be in one when the command ends */

/*
 * Whoever is left may have the streams open: nobody is left then. Of a session's command others may
 * be meant to stay, and it ends none the less.
 */
static void command_ended(int how)
{
	status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
	exited = true;
	spare[1] = spare[2] = PIPE_BYTES;
	if (!is_session)
		kill(-1, SIGKILL);
}

static void reap(int signals)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int how;

	while (read(signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
		if (pid == command.pid && !exited)
			command_ended(how);
}

static bool stream_ended(int i)
{
	struct pollfd p = {.fd = command.fd[i], .events = POLLIN};

	return command.fd[i] < 0 || (is_session && (!spare[i] || !poll(&p, 1, 0)));
}

static bool all_was_said(void)
{
	return failed || (exited && stream_ended(1) && stream_ended(2));
}

/* --- */

static bool may_read(int i)
{
	return command.fd[i] >= 0 && credit[i] &&
	       out.size - left(&out) >= 2 * (HEAD + AGENT_DATA_MAX);
}

static void end_input(void)
{
	static const char end_of_file = 4; /* Ctrl-D */

	if (!input_ends || left(&input) || command.fd[0] < 0)
		return;
	if (!command.terminal)
		close_stream(0);
	else if (write(command.fd[0], &end_of_file, 1) == 1)
		input_ends = false;
}

static void turn(int port, int signals)
{
	struct pollfd p[5] = {
	    {.fd = port, .events = POLLIN | (left(&out) ? POLLOUT : 0)},
	    {.fd = signals, .events = POLLIN},
	    {.fd = left(&input) ? command.fd[0] : -1, .events = POLLOUT},
	    {.fd = may_read(1) ? command.fd[1] : -1, .events = POLLIN},
	    {.fd = may_read(2) ? command.fd[2] : -1, .events = POLLIN},
	};

	if (poll(p, 5, -1) < 0)
		return;
	if (p[0].revents & POLLHUP)
		gone();
	if (p[0].revents & POLLOUT)
		write_port(port);
	if (p[0].revents & POLLIN)
		read_port(port);
	if (p[1].revents)
		reap(signals);
	if (p[2].revents && command.fd[0] >= 0)
		write_input();
	for (int i = 1; i < 3; i++)
		if (p[2 + i].revents && command.fd[i] >= 0)
			read_output(i);
	end_input();
}

static void finish(int port)
{
	folders_let_go(&command);
	if (!failed)
		send_number(AGENT_EXITED, 0, (uint32_t)status);
	while (left(&out)) {
		struct pollfd p = {.fd = port, .events = POLLOUT};

		if (poll(&p, 1, -1) > 0) {
			if (p.revents & POLLHUP)
				break;
			write_port(port);
		}
	}
	/* What the host was told it gets before the guest ends: it closes the channel then. */
	for (;;) {
		struct pollfd p = {.fd = port, .events = POLLIN};

		if (poll(&p, 1, 10000) <= 0 || p.revents & POLLHUP)
			break;
		if (read(port, in.data, in.size) <= 0)
			break;
	}
}

static int watch_children(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* As a process of its own, with the port to the host alone. */
static void serve_session(int port)
{
	int signals = watch_children();

	in.at = in.end = out.at = out.end = input.at = input.end = 0;
	greeted = running = exited = failed = input_ends = false;
	credit[1] = credit[2] = AGENT_WINDOW;
	command = (struct command){.pid = -1, .fd = {-1, -1, -1}};
	is_session = true;
	while (!all_was_said())
		turn(port, signals);
	finish(port);
	_exit(0);
}

int main(int argc, char **argv)
{
	int port, signals;

	if (argc == 2 && !strcmp(argv[1], ATTRIBUTES_WORD))
		return attributes_set();
	boot_prepare();
	folders_prepare();
	port = boot_open_port();
	signals = watch_children();
	say_hello();
	while (!all_was_said())
		turn(port, signals);
	finish(port);
	boot_power_off();
}
