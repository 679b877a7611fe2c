/* SPDX-License-Identifier: Apache-2.0 */
/* What papyr exec and the agent in its guest say to each other (agent/protocol.h). */
#include "cmd/exec.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define HEAD	  sizeof(struct agent_frame)
#define OUT_BYTES (4 * (HEAD + AGENT_DATA_MAX))

/* Output of the command that nobody took yet: a ring. */
struct waiting {
	size_t at, bytes;
	bool ended;
	char data[AGENT_WINDOW];
};

struct talk {
	struct exec_guest *g;
	int fd, signals, timer;
	const struct exec_options *o;
	struct error *err;
	bool started, input_ended, done;
	int status; /* -1: it broke */
	u32 credit; /* of input, ours to send */
	size_t in_bytes, out_at, out_bytes;
	char in[HEAD + AGENT_DATA_MAX], out[OUT_BYTES];
	struct waiting output[2]; /* streams 1 and 2 */
};

static void broken(struct talk *t, const char *how)
{
	if (t->done)
		return;
	t->done = true;
	t->status = -1;
	error_set(t->err, "%s", how);
}

static void send_frame(struct talk *t, enum agent_type type, unsigned stream, const void *data,
		       size_t bytes)
{
	struct agent_frame f = {.type = type, .stream = (u8)stream, .bytes = htole32((u32)bytes)};

	memmove(t->out, t->out + t->out_at, t->out_bytes);
	t->out_at = 0;
	if (t->out_bytes + HEAD + bytes > sizeof(t->out)) {
		broken(t, "the guest's agent reads nothing");
		return;
	}
	memcpy(t->out + t->out_bytes, &f, HEAD);
	if (bytes)
		memcpy(t->out + t->out_bytes + HEAD, data, bytes);
	t->out_bytes += HEAD + bytes;
}

static void send_number(struct talk *t, enum agent_type type, unsigned stream, u32 number)
{
	number = htole32(number);
	send_frame(t, type, stream, &number, sizeof(number));
}

static void send_size(struct talk *t)
{
	struct winsize w;
	struct agent_size s;

	if (!t->o->terminal || ioctl(STDIN_FILENO, TIOCGWINSZ, &w))
		return;
	s = (struct agent_size){htole16(w.ws_row), htole16(w.ws_col)};
	send_frame(t, AGENT_SIZE, 0, &s, sizeof(s));
}

/* --- what is to be run --- */

struct words {
	char data[AGENT_DATA_MAX];
	size_t bytes;
	bool too_many;
};

static void add_word(struct words *w, enum agent_word kind, const char *word)
{
	size_t n = strlen(word);

	if (w->bytes + n + 2 > sizeof(w->data)) {
		w->too_many = true;
		return;
	}
	w->data[w->bytes] = (char)kind;
	memcpy(w->data + w->bytes + 1, word, n + 1);
	w->bytes += n + 2;
}

static void add_folder(struct words *w, unsigned number, const struct exec_folder *f)
{
	char word[PATH_MAX + 16];

	snprintf(word, sizeof(word), "folder%u:%s", number, f->there);
	add_word(w, AGENT_FOLDER, word);
}

/* It has a network of its own; none the less no two have one address. */
static void add_card(struct words *w, const struct exec_card *c)
{
	char hardware[20] = "-", word[1024];
	u8 b[5];

	if (!strstr(c->net, ",mac=") && getrandom(b, sizeof(b), 0) == sizeof(b))
		snprintf(hardware, sizeof(hardware), "02:%02x:%02x:%02x:%02x:%02x", b[0], b[1],
			 b[2], b[3], b[4]);
	snprintf(word, sizeof(word), "%s%s%s", hardware, c->addresses ? " " : "",
		 c->addresses ? c->addresses : "");
	add_word(w, AGENT_NETWORK, word);
}

/* What another guest of the same image must not have. */
static void add_fresh(struct words *w)
{
	u8 seed[32];
	char word[2 * sizeof(seed) + 1];
	struct timespec now;

	if (getrandom(seed, sizeof(seed), 0) == sizeof(seed)) {
		for (size_t i = 0; i < sizeof(seed); i++)
			snprintf(word + 2 * i, 3, "%02x", seed[i]);
		add_word(w, AGENT_SEED, word);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(word, sizeof(word), "%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
	add_word(w, AGENT_TIME, word);
}

static void ask_for_it(struct talk *t)
{
	const struct exec_options *o = t->o;
	static struct words w;

	for (char **a = o->command; *a; a++)
		add_word(&w, AGENT_ARGUMENT, *a);
	for (char **e = o->environment; *e; e++)
		add_word(&w, AGENT_ENVIRONMENT, *e);
	if (o->directory)
		add_word(&w, AGENT_DIRECTORY, o->directory);
	if (o->user)
		add_word(&w, AGENT_USER, o->user);
	if (o->groups)
		add_word(&w, AGENT_GROUPS, o->groups);
	if (o->umask)
		add_word(&w, AGENT_UMASK, o->umask);
	if (o->terminal)
		add_word(&w, AGENT_TERMINAL, "");
	if (o->root)
		add_word(&w, o->keep ? AGENT_KEPT_ROOT : AGENT_ROOT, "root");
	if (o->disk)
		add_word(&w, o->keep ? AGENT_KEPT_DISK : AGENT_DISK, o->disk_path);
	for (unsigned i = 0; i < o->n_folders; i++)
		add_folder(&w, i, &o->folders[i]);
	for (unsigned i = 0; i < o->n_cards; i++)
		add_card(&w, &o->cards[i]);
	add_fresh(&w);
	if (o->host_name)
		add_word(&w, AGENT_HOST_NAME, o->host_name);
	if (w.too_many)
		broken(t, "the command and its environment are longer than 32 KiB");
	else
		send_frame(t, AGENT_RUN, 0, w.data, w.bytes);
}

/* --- what the agent says --- */

static void greet(struct talk *t, const char *data, size_t bytes)
{
	struct agent_hello h = {0};

	memcpy(&h, data, bytes < sizeof(h) ? bytes : sizeof(h));
	if (t->g->greeted || bytes != sizeof(h) || le32toh(h.magic) != AGENT_MAGIC) {
		broken(t, "what answers in the guest is no agent of papyr's");
		return;
	}
	if (le32toh(h.version) != AGENT_VERSION) {
		broken(t, "the guest's agent is of another version of papyr");
		return;
	}
	t->g->greeted = true;
	if (t->g->ready)
		t->g->ready(t->g, t->o);
	send_frame(t, AGENT_HELLO, 0, &h, sizeof(h));
	send_size(t);
	ask_for_it(t);
}

static void take_output(struct talk *t, unsigned stream, const char *data, size_t bytes)
{
	struct waiting *w = &t->output[stream - 1];

	if (w->ended || bytes > sizeof(w->data) - w->bytes) {
		broken(t, "the guest's agent sent more than it may");
		return;
	}
	w->ended |= !bytes;
	for (size_t i = 0; i < bytes; i++)
		w->data[(w->at + w->bytes + i) % sizeof(w->data)] = data[i];
	w->bytes += bytes;
}

static bool number_of(struct talk *t, const char *data, size_t bytes, u32 *n)
{
	if (bytes < sizeof(*n)) {
		broken(t, "the guest's agent sent no number where one belongs");
		return false;
	}
	memcpy(n, data, sizeof(*n));
	*n = le32toh(*n);
	return true;
}

static void take_failure(struct talk *t, const char *data, size_t bytes)
{
	u32 status;

	if (!number_of(t, data, bytes, &status))
		return;
	error_set(t->err, "%.*s", (int)(bytes - sizeof(status)), data + sizeof(status));
	t->status = (int)(status & 0xff);
	t->done = true;
}

static void take_frame(struct talk *t, const struct agent_frame *f, const char *data, size_t bytes)
{
	bool output = f->stream == 1 || f->stream == 2;
	u32 n;

	if (!t->g->greeted && f->type != AGENT_HELLO) {
		broken(t, "the guest's agent didn't greet");
		return;
	}
	if (f->type == AGENT_HELLO) {
		greet(t, data, bytes);
	} else if (f->type == AGENT_STARTED) {
		t->started = true;
		send_size(t);
		if (t->o->started)
			t->o->started();
	} else if (f->type == AGENT_FAILED) {
		take_failure(t, data, bytes);
	} else if (f->type == AGENT_DATA && output) {
		take_output(t, f->stream, data, bytes);
	} else if (f->type == AGENT_CREDIT && !f->stream) {
		if (!number_of(t, data, bytes, &n))
			return;
		t->credit = n > AGENT_WINDOW - t->credit ? AGENT_WINDOW : t->credit + n;
	} else if (f->type == AGENT_EXITED) {
		if (!number_of(t, data, bytes, &n))
			return;
		t->status = (int)(n & 0xff);
		t->done = true;
	} else {
		broken(t, "the guest's agent sent what isn't known");
	}
}

static void take_frames(struct talk *t)
{
	size_t at = 0;

	while (t->in_bytes - at >= HEAD && !t->done) {
		struct agent_frame f;
		size_t bytes;

		memcpy(&f, t->in + at, HEAD);
		bytes = le32toh(f.bytes);
		if (bytes > AGENT_DATA_MAX) {
			broken(t, "the guest's agent sent too long a frame");
			return;
		}
		if (t->in_bytes - at < HEAD + bytes)
			break;
		take_frame(t, &f, t->in + at + HEAD, bytes);
		at += HEAD + bytes;
	}
	memmove(t->in, t->in + at, t->in_bytes - at);
	t->in_bytes -= at;
}

/* --- moving bytes --- */

static void read_agent(struct talk *t)
{
	ssize_t n = recv(t->fd, t->in + t->in_bytes, sizeof(t->in) - t->in_bytes, MSG_DONTWAIT);

	if (n > 0) {
		t->in_bytes += (size_t)n;
		take_frames(t);
	} else if (!n || (errno != EAGAIN && errno != EINTR)) {
		broken(t, "the guest ended before the command did");
	}
}

static void write_agent(struct talk *t)
{
	ssize_t n = send(t->fd, t->out + t->out_at, t->out_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0) {
		t->out_at += (size_t)n;
		t->out_bytes -= (size_t)n;
	} else if (errno != EAGAIN && errno != EINTR) {
		broken(t, "the guest ended before the command did");
	}
}

static void read_input(struct talk *t)
{
	char data[AGENT_DATA_MAX];
	size_t most = t->credit < sizeof(data) ? t->credit : sizeof(data);
	ssize_t n = read(STDIN_FILENO, data, most);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		t->input_ended = true;
		n = 0;
	}
	t->credit -= (u32)n;
	send_frame(t, AGENT_DATA, 0, data, (size_t)n);
}

/* Blocks no longer than whoever reads it takes; it was asked for before. */
static void write_output(struct talk *t, unsigned stream)
{
	struct waiting *w = &t->output[stream - 1];
	size_t straight = sizeof(w->data) - w->at;
	size_t most = w->bytes < straight ? w->bytes : straight;
	ssize_t n = write((int)stream, w->data + w->at, most < 4096 ? most : 4096);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) { /* nobody reads it: the command would get SIGPIPE */
		send_number(t, AGENT_SIGNAL, 0, SIGPIPE);
		n = (ssize_t)most;
	}
	w->at = (w->at + (size_t)n) % sizeof(w->data);
	w->bytes -= (size_t)n;
	if (!w->ended)
		send_number(t, AGENT_CREDIT, stream, (u32)n);
}

static void take_signals(struct talk *t)
{
	struct signalfd_siginfo s;

	while (read(t->signals, &s, sizeof(s)) == sizeof(s)) {
		if (s.ssi_signo == SIGWINCH)
			send_size(t);
		else if (t->started)
			send_number(t, AGENT_SIGNAL, 0, s.ssi_signo);
		else {
			broken(t, "interrupted before the command began");
			t->status = 128 + (int)s.ssi_signo;
		}
	}
}

#define ANSWER_MS 60000 /* a restored guest has that long for its first word */

static void turn(struct talk *t)
{
	bool roomy = sizeof(t->out) - t->out_bytes > 2 * (HEAD + AGENT_DATA_MAX);
	bool input = t->started && !t->input_ended && t->credit && roomy;
	int n;
	struct pollfd p[] = {
	    {.fd = t->fd, .events = POLLIN | (t->out_bytes ? POLLOUT : 0)},
	    {.fd = t->signals, .events = POLLIN},
	    {.fd = t->timer, .events = POLLIN},
	    {.fd = input ? STDIN_FILENO : -1, .events = POLLIN},
	    {.fd = t->output[0].bytes ? STDOUT_FILENO : -1, .events = POLLOUT},
	    {.fd = t->output[1].bytes ? STDERR_FILENO : -1, .events = POLLOUT},
	};

	n = poll(p, ARRAY_SIZE(p), t->g->warm && !t->g->greeted ? ANSWER_MS : -1);
	if (n < 0)
		return;
	if (!n)
		broken(t, "the guest does not answer");
	if (p[0].revents & POLLOUT)
		write_agent(t);
	if (p[0].revents & (POLLIN | POLLHUP))
		read_agent(t);
	if (p[1].revents)
		take_signals(t);
	if (p[2].revents) {
		broken(t, "the time is over");
		t->status = EXEC_TIMED_OUT;
	}
	if (p[3].revents)
		read_input(t);
	for (unsigned stream = 1; stream <= 2; stream++)
		if (p[3 + stream].revents)
			write_output(t, stream);
}

/*
 * What the command said last; who reads it may take as long as it likes. There is no command any
 * more to which a signal could go: it ends this, and with it the rest.
 */
static void write_rest(struct talk *t)
{
	struct signalfd_siginfo s;

	for (unsigned stream = 1; stream <= 2; stream++)
		while (t->output[stream - 1].bytes) {
			struct pollfd p[] = {{.fd = (int)stream, .events = POLLOUT},
					     {.fd = t->signals, .events = POLLIN}};

			poll(p, ARRAY_SIZE(p), -1);
			if (p[1].revents && read(t->signals, &s, sizeof(s)) == sizeof(s) &&
			    s.ssi_signo != SIGWINCH && s.ssi_signo != SIGCONT) {
				t->status = 128 + (int)s.ssi_signo;
				return;
			}
			if (p[0].revents)
				write_output(t, stream);
		}
}

static const int passed[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH};

bool exec_passes_signal(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		if (passed[i] == number)
			return true;
	return false;
}

int exec_watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		sigaddset(&set, passed[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int start_timer(u64 seconds)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)seconds}};
	int fd = seconds ? timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC) : -1;

	if (fd >= 0)
		timerfd_settime(fd, 0, &when, NULL);
	return fd;
}

int exec_talk(struct exec_guest *g, const struct exec_options *o, struct error *err)
{
	struct talk *t = calloc(1, sizeof(*t));
	int status;

	if (!t)
		return error_set(err, "there is no memory");
	t->g = g;
	t->fd = g->fd;
	t->o = o;
	t->err = err;
	t->credit = AGENT_WINDOW;
	t->signals = exec_watch_signals();
	t->timer = start_timer(o->timeout_s);
	if (g->warm)
		send_frame(t, AGENT_AGAIN, 0, NULL, 0);
	while (!t->done)
		turn(t);
	if (t->status >= 0)
		write_rest(t);
	status = t->status;
	close(t->signals);
	if (t->timer >= 0)
		close(t->timer);
	free(t);
	return status;
}
