/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the frames of a network card go and come from: a small network of its own, out of which its
 * guest reaches what the process may reach (user), or an interface of the host's (tap).
 */
#ifndef PAPYR_DEVICES_NET_H
#define PAPYR_DEVICES_NET_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "platform/error.h"
#include "platform/state.h"

struct machine;

#define NET_MAC_BYTES	 6
#define NET_FRAME_MAX	 (65536 + 32) /* the largest IP packet and what is ahead of it */
#define NET_FORWARDS_MAX 32

enum net_kind { NET_USER, NET_TAP };

/* Who connects to a port of the host's is connected to one of the guest's. */
struct net_forward {
	bool udp;
	u32 host_address; /* IPv4, as a number */
	u16 host_port, guest_port;
};

/* What a user says of a card. */
struct net_options {
	enum net_kind kind;
	const char *tap; /* the interface's name */
	bool restricted; /* user: nothing but forwarded ports leads out or in */
	struct net_forward forwards[NET_FORWARDS_MAX];
	unsigned n_forwards;
	bool mac_given;
	u8 mac[NET_MAC_BYTES];
};

/* A frame, and what is known of it. */
struct net_frame {
	u8 *data;
	size_t bytes;
	bool checksum_missing; /* TCP's: whoever sends it on makes it */
	bool checksum_good;    /* there is none to be checked any more */
	/* What it carries of TCP goes out in packets of so many bytes each; 0: as it is. */
	u16 segment_bytes;
};

struct net_link;

/* What a card does for its link; all of it on any thread, with the machine not standing still. */
struct net_card_ops {
	void (*receive)(void *card, const struct net_frame *frame);
	/* Has it room for more? A link may lose frames that come when it hasn't. */
	bool (*ready)(void *card);
};

struct net_link_ops {
	const char *kind; /* of its saved state */
	/* A frame in @n pieces of the guest's memory, f->bytes; false: it is lost. Any thread. */
	bool (*send)(struct net_link *l, const struct iovec *iov, unsigned n,
		     const struct net_frame *f);
	/* Switches lead to it, which learn where an address is by what it sends. */
	bool switched;
	/* Whether the guest takes frames with segment_bytes, and more than its interface's MTU. */
	void (*set_large)(struct net_link *l, bool large);
	/*
	 * Does what l->fds tell, and sets them up for the next time, from the second on. Returns
	 * for how many milliseconds nothing else is to be done, or -1: for ever.
	 */
	int (*serve)(struct net_link *l);
	void (*save)(struct net_link *l, struct state_out *out);
	void (*load)(struct net_link *l, struct state_in *in);
	void (*free)(struct net_link *l);
};

#define NET_FDS_MAX 4096

struct net_link {
	const struct net_link_ops *ops;
	struct machine *m;
	const struct net_card_ops *card_ops;
	void *card;

	pthread_t thread;
	bool has_thread;
	bool quit;   /* atomic */
	bool asleep; /* atomic: a change wants wake_fd to be written to */
	int wake_fd;
	struct pollfd fds[NET_FDS_MAX];
	unsigned n_fds;

	unsigned announcements; /* that are still to be sent, the next one when: */
	s64 announce_ms;
	u8 announced[NET_MAC_BYTES];
};

/* Makes a link as wanted; net_free() frees it. NULL: it can't be, which @err says. */
struct net_link *net_open(const struct net_options *o, struct error *err);
void net_free(struct net_link *l);
/* Begins to serve @card, on a thread of the link's own, whenever @m doesn't stand still. */
int net_start(struct net_link *l, struct machine *m, const struct net_card_ops *ops, void *card,
	      struct error *err);
/*
 * An address for the card that is the machine's device number @index: the same for a guest of the
 * same name, so that a network knows it again; locally administered.
 */
void net_make_mac(const struct machine *m, unsigned index, u8 *mac);
/* Has the link's thread look at all again. Any thread. */
void net_wake(struct net_link *l);
/*
 * The guest came from elsewhere: has the network learn where @mac is now, as soon as the guest
 * runs. Before that.
 */
void net_announce(struct net_link *l, const u8 *mac);
/* What of its state a guest wants to find again elsewhere; @in may be of another kind of link. */
void net_save(struct net_link *l, struct state_out *out);
int net_load(struct net_link *l, struct state_in *in);

/* ---- For links ---- */

int net_link_init(struct net_link *l, const struct net_link_ops *ops, struct error *err);
void net_link_fini(struct net_link *l);
struct net_link *user_open(const struct net_options *o, struct error *err);
struct net_link *tap_open(const struct net_options *o, struct error *err);

/* ---- tcp.c: what a frame holds ---- */

struct tcp_place {
	size_t ip, tcp, payload; /* where each begins in the frame */
	size_t end;		 /* of the packet: behind it may be padding */
	bool v6;
};

/* False: it is no packet of TCP that is whole. */
bool tcp_find(const u8 *frame, size_t bytes, struct tcp_place *p);
/* Writes TCP's checksum, or what of it comes of the addresses and the length. */
void tcp_fill_checksum(u8 *frame, const struct tcp_place *p);
void tcp_fill_pseudo_checksum(u8 *frame, const struct tcp_place *p);
/* Has one that begins a connection offer to take segments of @bytes; its checksum stays right. */
void tcp_offer_segments(u8 *frame, const struct tcp_place *p, u16 bytes);
/* The checksum of the Internet protocols over @bytes, not yet inverted, added to @sum. */
u16 inet_sum(const void *data, size_t bytes, u32 sum);

/* ---- flows.c: connections that the guest shall learn the end of ---- */

#define NET_FLOWS 256

/* All bytes, as they are in frames and in saved state. */
struct net_flow {
	u8 version; /* of IP; 0: none */
	u8 macs[2 * NET_MAC_BYTES];
	u8 guest[16], other[16];
	u8 guest_port[2], other_port[2];
};

struct net_flows {
	struct net_flow flows[NET_FLOWS];
	unsigned next;
};

/* A frame of the guest's, which may begin a connection. */
void net_flows_note(struct net_flows *flows, const u8 *frame, const struct tcp_place *p);
/* Asks the guest after each, by frames that @send gives it, and forgets them. */
void net_flows_ask(struct net_flows *flows, ssize_t (*send)(const void *, size_t, void *),
		   void *opaque);
void net_flows_save(const struct net_flows *flows, struct state_out *out);
/* Into one that is empty. */
void net_flows_load(struct net_flows *flows, struct state_in *in);

#endif
