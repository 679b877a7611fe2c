/* SPDX-License-Identifier: Apache-2.0 */
/* papyr exec: what its files share. */
#ifndef PAPYR_CMD_EXEC_H
#define PAPYR_CMD_EXEC_H

#include <limits.h>
#include <sys/types.h>

#include "agent/protocol.h"
#include "base/bits.h"
#include "platform/error.h"

/* What containers' tools give for what they couldn't do. */
#define EXEC_TIMED_OUT 124
#define EXEC_FAILED    125
#define EXEC_NOT_FOUND 127

#define EXEC_FOLDERS_MAX     7 /* and the root */
#define EXEC_ENVIRONMENT_MAX 1024

struct exec_options {
	const char *cpus, *memory; /* as papyr run has them */
	const char *code_memory;   /* the same; NULL: what is usual */
	const char *accel;	   /* the same; NULL: the usual one */
	struct exec_card {
		const char *net; /* as papyr run has it */
		/* As AGENT_NETWORK has them behind the first; NULL: the user network's */
		const char *addresses;
	} cards[AGENT_CARDS_MAX];
	unsigned n_cards;
	const char *kernel, *initrd;		  /* NULL: the usual ones */
	const char *directory, *user, *host_name; /* NULL: what the guest has */
	const char *groups;	 /* others of the user's, as AGENT_GROUPS has them; NULL: none */
	const char *umask;	 /* as AGENT_UMASK has it; NULL: what the guest has */
	const char *image, *oci; /* that are the disk; NULL: none */
	const char *root;	 /* a folder; NULL: the disk, or busybox's */
	const char *disk;	 /* as papyr run has it, without a bus; NULL: none */
	const char *disk_path;	 /* where it is to be, "/" as the root */
	bool keep;		 /* what is changed in root and disk */
	bool read_only_root;	 /* the folder, and kept: nothing can be changed */
	struct exec_folder {
		const char *here, *there;
		bool read_only;
	} folders[EXEC_FOLDERS_MAX];
	unsigned n_folders;
	char **environment; /* NAME=VALUE, until a NULL */
	char **command;	    /* the same of words */
	u64 timeout_s;	    /* 0: none */
	bool verbose;	    /* the kernel's console goes to standard error */
	bool terminal;
	bool cold; /* it boots, whatever is saved */
	bool no_sandbox;
	const char *sessions; /* a folder for sockets to further commands; NULL: there are none */
	/* Called when the guest was begun, to wait for the word; not 0: the status to end with. */
	int (*hold)(void);
	void (*started)(void); /* called when the command was; NULL: nobody is */
};

/* A guest that runs the agent, in a process of its own. */
struct exec_guest {
	pid_t pid;
	int fd;	      /* the channel to the agent */
	int log;      /* what its console says: a file without a name; -1: none */
	bool warm;    /* it comes from @image */
	bool greeted; /* by its agent: from then on it is as any other */
	/* Called when its agent greeted, before it hears of the command; NULL: nobody is. */
	void (*ready)(struct exec_guest *g, const struct exec_options *o);
	char image[PATH_MAX]; /* where it is, or may be, saved; "": nowhere */
};

/* --- exec.c --- */
/* All of it. The exit status; what went wrong is in @err. */
int exec_run(struct exec_options *o, struct error *err);

/* --- exec_image.c --- */
/*
 * The image's disk is the root; its environment, directory, user and command are taken where none
 * was asked for. -1: it isn't there, or there is no command.
 */
int exec_use_image(struct exec_options *o, const char *name, struct error *err);
/* The same of an OCI layout, "FOLDER[:TAG]", which becomes an image the first time. */
int exec_use_oci(struct exec_options *o, const char *where, struct error *err);

/* --- exec_guest.c --- */
/* What other verbs call the guest of the process @pid. */
void exec_guest_name(char name[32], pid_t pid);
/* A guest that was saved, unless o->cold, or one that boots. */
int exec_guest_start(struct exec_guest *g, const struct exec_options *o, struct error *err);
/* Ends it, if it hasn't ended; nothing of it is left. @show: the end of its log goes to stderr. */
void exec_guest_end(struct exec_guest *g, bool show);

/* --- exec_warm.c --- */
/* What a guest is made of. */
struct exec_parts {
	char kernel[PATH_MAX], initrd[PATH_MAX];
	const char *arguments; /* the kernel's */
};
/* Whether one of the kind is saved, or where this one is to be. */
void exec_warm_find(struct exec_guest *g, const struct exec_options *o, const struct exec_parts *p);
/* The image that @g didn't start from is of no use, and goes. */
void exec_warm_drop(struct exec_guest *g, const struct exec_options *o);

/* --- exec_session.c --- */
/*
 * One more command in a guest whose exec_options had sessions in @folder, of which @o's command,
 * environment, directory, user and terminal are used. The exit status; what went wrong is in @err.
 */
int exec_session(const char *folder, const struct exec_options *o, struct error *err);
/* The name of a further command's socket. */
void exec_session_path(char path[PATH_MAX], const char *folder, unsigned number);

/* --- exec_talk.c --- */
/* Runs the command, and returns the exit status; -1: the connection broke, @err says how. */
int exec_talk(struct exec_guest *g, const struct exec_options *o, struct error *err);
/* Blocks the signals that go to the command; a signalfd that doesn't wait. */
int exec_watch_signals(void);
bool exec_passes_signal(int number);

#endif
