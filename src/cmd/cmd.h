/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The papyr command: one file for each verb.
 */
#ifndef PAPYR_CMD_CMD_H
#define PAPYR_CMD_CMD_H

#include "base/bits.h"
#include "platform/error.h"

/* Exit statuses. */
#define STATUS_OK	0
#define STATUS_ERROR	1
#define STATUS_PANICKED 3
#define STATUS_DIFFERS	4 /* papyr htab diff, verify, papyr tlb diff */

struct verb {
	const char *name;
	const char *args; /* for the usage line */
	const char *summary;
	int (*main)(int argc, char **argv);
};

int cmd_run(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_image(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_nmi(int argc, char **argv);
int cmd_memory(int argc, char **argv);
int cmd_balloon(int argc, char **argv);
int cmd_cpus(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_htab(int argc, char **argv);
int cmd_tlb(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_gdb(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_oci(int argc, char **argv);

/*
 * Puts '?' for what is no text to a terminal but an order: what is shown may have been written by a
 * guest, a peer or who made an image. Returns @text.
 */
const char *cmd_make_plain(char *text);

/*
 * Messages to stderr, made plain, "papyr: " ahead; those that return something return STATUS_ERROR.
 */
int cmd_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void cmd_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/*
 * The same of one who ends: a terminal or a pipe that nobody reads doesn't hear it, and doesn't
 * keep the process.
 */
void cmd_last_words(const char *text);
/* A text longer than stdio keeps, of which why it was lost is only known now; a status. */
int cmd_print(const char *text);
/* With a line that names the verb's help behind. */
int cmd_usage(const char *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What became of a command line. */
struct parsed {
	bool done; /* nothing is left to do but to end with @status */
	int status;
	bool json; /* --json was given */
};

static inline struct parsed parsed_done(int status)
{
	return (struct parsed){.done = true, .status = status};
}

/* For verbs whose only options are --json and --help: puts the @n other arguments into @args. */
struct parsed parse_verb(int argc, char **argv, const char *help, const char **args, int n);

#define SIZE_MOST (1ull << 46)
/*
 * "512M", "1G", "4096K", "2T", or MiB without a letter; up to SIZE_MOST. 0 and false: not a size.
 */
bool parse_size(const char *s, u64 *bytes);
bool parse_uint(const char *s, u64 min, u64 max, u64 *val);
/* With or without a fraction. What isn't finite is in no range. */
bool parse_number(const char *s, double min, double max, double *val);

/*
 * A file is what has a slash in it or is there, but for a folder: a guest may be called as one that
 * happens to lie here. All else is a guest's name.
 */
bool names_file(const char *s);
/* The rest of 'papyr info' when it is about a saved guest. */
int info_file(const char *path, bool json);

/*
 * Into @path, of @size, ${@variable:-~/@usual}/@name, a folder that is made if it isn't there. -1:
 * there can't be one.
 */
int cmd_user_folder(char *path, size_t size, const char *variable, const char *usual,
		    const char *name, struct error *err);
/* Runs a program, until it ends; false: it isn't there, or failed. @words: until a NULL. */
bool cmd_run_program(const char *const words[]);

/* Bytes as people write them: "1.5 GiB". */
const char *format_size(u64 bytes, char *buf, size_t size);

#endif
