/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What papyr exec and its agent, the guest's first process, say to each other: frames over one
 * stream, a channel (devices/virtio/channel.h) that is called AGENT_PORT in the guest.
 *
 *	agent			host
 *	HELLO
 *				AGAIN: HELLO is said again, to another host
 *				HELLO
 *				RUN
 *	STARTED, or FAILED
 *	DATA 1 and 2, CREDIT 0	DATA 0, CREDIT 1 and 2, SIGNAL, SIZE		any number of them
 *	EXITED
 *
 * A guest may be saved where the agent has said HELLO, and restored any number of times: the host
 * that it finds then says AGAIN first, and in RUN what must not be the same in two guests.
 *
 * FAILED and EXITED are the agent's last. It powers the guest off when the host is gone.
 *
 * Streams are the command's standard input, output and error, 0, 1, 2; of a command on a terminal
 * there is no 2. Of each no more bytes are sent than the other side gave credit for, AGENT_WINDOW
 * at first, so that one which nobody reads holds up neither the others nor signals. DATA of no
 * bytes ends a stream.
 *
 * Neither side trusts the other. What isn't as said here ends the connection.
 */
#ifndef PAPYR_AGENT_PROTOCOL_H
#define PAPYR_AGENT_PROTOCOL_H

#include <stdint.h>

#define AGENT_PORT "org.papyr.agent.1"
/*
 * Others beside it, with a number behind, each for one more command at a time in what the first
 * one found (AGENT_SESSIONS_MAX at most). HELLO is said there only when the host asks by AGAIN, and
 * the port closes behind EXITED or FAILED: whoever is connected next begins anew.
 */
#define AGENT_SESSION_PORT "org.papyr.agent.exec."
#define AGENT_SESSIONS_MAX 4
#define AGENT_MAGIC	   0x72797061u
#define AGENT_VERSION	   7u
#define AGENT_WINDOW	   ((uint32_t)256 << 10)
#define AGENT_DATA_MAX	   ((uint32_t)32 << 10) /* bytes of a frame behind its head */

/* All numbers are little-endian. */
struct agent_frame {
	uint8_t type; /* enum agent_type */
	uint8_t stream;
	uint16_t zero;
	uint32_t bytes; /* that follow */
};

enum agent_type {
	AGENT_HELLO = 1, /* struct agent_hello */
	AGENT_RUN,	 /* words, see enum agent_word */
	AGENT_STARTED,
	AGENT_FAILED, /* u32: the exit status; then why, as text without an end */
	AGENT_DATA,
	AGENT_CREDIT, /* u32: so many bytes more */
	AGENT_SIGNAL, /* u32: its number, Linux's: to the command, or the terminal's foreground */
	AGENT_SIZE,   /* struct agent_size: the terminal's; may come before RUN */
	AGENT_EXITED, /* u32: the exit status, 128 and the signal's number if one ended it */
	AGENT_AGAIN,  /* nothing */
};

#define AGENT_CARDS_MAX	 8
#define AGENT_GROUPS_MAX 64

struct agent_hello {
	uint32_t magic, version;
};

struct agent_size {
	uint16_t rows, columns;
};

/*
 * RUN is a sequence of words, each of a letter, bytes without a zero, and a zero. At least one
 * argument is there, its first is the command.
 */
enum agent_word {
	AGENT_ARGUMENT = 'a',
	AGENT_ENVIRONMENT = 'e', /* NAME=VALUE */
	AGENT_DIRECTORY = 'w',	 /* to work in */
	AGENT_USER = 'u',	 /* USER[:GROUP], each a name or a number */
	AGENT_GROUPS = 'g',	 /* NUMBER[,NUMBER]...: others that the user is in */
	AGENT_UMASK = 'm',	 /* octal digits: the modes that new files don't get */
	AGENT_TERMINAL = 't',	 /* it gets one; of no bytes */
	AGENT_HOST_NAME = 'h',
	AGENT_TIME = 'c', /* SECONDS.NANOSECONDS, the host's clock */
	AGENT_SEED = 's', /* random bytes of the host's, as hexadecimal digits */
	/* Shared folders, by their tags: the root, whose changes go with the guest or stay */
	AGENT_ROOT = 'r',
	AGENT_KEPT_ROOT = 'k',
	/*
	 * There is a card, one for each such word, AGENT_CARDS_MAX at most; the hardware address
	 * that it gets, or "-". Then, if it isn't of papyr run's user network, " MTU NEIGHBOUR" and
	 * " ADDRESS/PREFIX GATEWAY" for each address, of IPv4 or IPv6. The neighbour, from where
	 * connections come too, is on the same wire; "-": there is none, also no gateway
	 */
	AGENT_NETWORK = 'n',
	AGENT_FOLDER = 'v', /* TAG:PATH, where it is to be; any number of them, in this order */
	/* Where the disk is to be, "/" as the root; what is changed on it goes, or stays */
	AGENT_DISK = 'd',
	AGENT_KEPT_DISK = 'D',
};

/*
 * The agent's program has another trade: extended attributes of an image's files, which no tar of
 * busybox's sets. papyr image import puts a file of them behind all others, and 'init attributes
 * <FILE' sets them in the image's guest. A file is a sequence of struct attribute_head, each with
 * the path's bytes, the attribute's name's and the value's behind.
 */
#define ATTRIBUTES_WORD	    "attributes"
#define ATTRIBUTE_PATH_MAX  4096u
#define ATTRIBUTE_NAME_MAX  255u /* Linux's bounds */
#define ATTRIBUTE_VALUE_MAX 65536u

/* Little-endian. */
struct attribute_head {
	uint32_t path_bytes, name_bytes, value_bytes;
};

#endif
