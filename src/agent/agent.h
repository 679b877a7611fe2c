/* SPDX-License-Identifier: Apache-2.0 */
/* papyr exec's agent: what its files share. */
#ifndef PAPYR_AGENT_AGENT_H
#define PAPYR_AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "agent/protocol.h"

/* --- boot.c --- */
/* Mounts what programs expect, and loads the drivers that the channel wants. */
void boot_prepare(void);
/* Of the initrd's files that are named so, in the order of their names. */
void boot_load_drivers(const char *pattern);
/* The channel to the host, once it is connected; doesn't block. */
int boot_open_port(void);
/* A port by its name, whether somebody is connected or not; -1: there is none, or it is in use. */
int boot_open_by_name(const char *name);
bool boot_is_connected(int port);
void boot_power_off(void) __attribute__((noreturn));
/* To the kernel's log, which the host keeps. */
void boot_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* --- attributes.c --- */
/* Those that standard input has are set; an exit status. */
int attributes_set(void);

/* --- command.c --- */
#define COMMAND_WORDS_MAX   4096
#define COMMAND_FOLDERS_MAX 16

/* What RUN asked for; its words point into the frame. */
struct command {
	char *argument[COMMAND_WORDS_MAX + 1], *environment[COMMAND_WORDS_MAX + 1];
	unsigned arguments, environments;
	char *directory, *user, *groups, *umask, *host_name;
	char *time, *seed; /* as the words have them; NULL: none */
	char *root;	   /* NULL: the disk, if that is to be at /, or what the initrd brought */
	char *disk;	   /* where it is to be; NULL: there is none */
	char *folder[COMMAND_FOLDERS_MAX];
	unsigned folders;
	char *card[AGENT_CARDS_MAX]; /* the network cards' words */
	unsigned cards;
	bool terminal, root_is_kept, disk_is_kept;
	struct winsize size; /* the terminal's when the command begins */

	pid_t pid;
	int fd[3]; /* our ends of its streams, -1: none; of a terminal [0] and [1] are the same */
};

/* False: @words are none. They are changed, and must last as long as @c. */
bool command_parse(struct command *c, char *words, size_t bytes);
/* 0, or the exit status that it failed with and a sentence why. */
int command_start(struct command *c, char *why, size_t why_bytes);
void command_signal(const struct command *c, int number);

/* --- fresh.c --- */
/* What must not be as in another guest of the same image. NULL changes nothing. */
void fresh_time(const char *time);
void fresh_random(const char *seed);

/* --- folders.c --- */
/* The drivers, if the guest has any folder. */
void folders_prepare(void);

/* What the command is to see of the host's folders and disk; -1 and a sentence why not. */
int folders_mount(const struct command *c, char *why, size_t bytes);
/* With nobody left who has it open: what was written to the disk is on it. */
void folders_let_go(const struct command *c);

/* --- sessions.c --- */
/*
 * For each port that there is for further commands a process that waits for the host there, and
 * has @serve, which doesn't come back, called for each connection in one more process.
 */
void sessions_begin(void (*serve)(int port));

/* --- network.c --- */
/*
 * The loopback, and the @n cards, of which the words, which are changed, are as AGENT_NETWORK has
 * them. -1 and a sentence why not.
 */
int network_start(char *const *cards, unsigned n, char *why, size_t bytes);

#endif
