/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that papyr run's user chooses: their options, and they themselves. */
#include <arpa/inet.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "cmd/run.h"
#include "devices/vio/llan.h"
#include "devices/virtio/balloon.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/channel.h"
#include "devices/virtio/net.h"
#include "devices/virtio/p9.h"
#include "devices/virtio/rng.h"

/* One word behind the file's name. */
static int take_disk_word(struct disk_options *d, bool *virtio, const char *word)
{
	u64 n;

	if (!strcmp(word, "bus=scsi") || !strcmp(word, "bus=virtio")) {
		*virtio = !strcmp(word, "bus=virtio");
	} else if (!strcmp(word, "ro")) {
		d->block.read_only = true;
	} else if (!strcmp(word, "format=raw")) {
		d->block.format = BLOCK_RAW;
	} else if (!strcmp(word, "format=qcow2")) {
		d->block.format = BLOCK_QCOW2;
	} else if (!strncmp(word, "timeout=", 8) && parse_uint(word + 8, 1, 86400, &n)) {
		d->block.timeout_s = n;
	} else if (!strcmp(word, "cd")) {
		d->cd = true;
	} else if (!strncmp(word, "serial=", 7) && strlen(word + 7) <= SCSI_SERIAL_MAX) {
		strcpy(d->serial, word + 7);
	} else {
		return wrong("--disk: '%s' is none of ro, cd, format=raw, format=qcow2, bus=scsi, "
			     "bus=virtio, serial= with %u characters at most, and timeout= with 1 "
			     "to 86400 seconds",
			     word, SCSI_SERIAL_MAX);
	}
	return 0;
}

/* A comma in a file's name can't be said. The argument is cut into its words where it is. */
int run_take_disk(struct run_options *o)
{
	struct disk_options *d = &o->disks[o->n_disks];
	bool *virtio = &o->disk_is_virtio[o->n_disks];
	char *word, *rest = optarg;

	if (o->n_disks == VSCSI_DISKS_MAX)
		return wrong("--disk: a guest can have %u of them", VSCSI_DISKS_MAX);
	d->block.path = strsep(&rest, ",");
	if (!*d->block.path)
		return wrong("--disk wants a file");
	while ((word = strsep(&rest, ",")))
		if (take_disk_word(d, virtio, word))
			return -1;
	if (*virtio && d->cd)
		return wrong("--disk %s: a virtio disk is no CD-ROM; leave out cd or bus=virtio",
			     d->block.path);
	if (!*d->serial)
		snprintf(d->serial, sizeof(d->serial), "papyr-%u", o->n_disks);
	o->n_disks++;
	return 0;
}

static bool parse_mac(const char *s, u8 *mac)
{
	int end = 0;

	return strlen(s) == 17 &&
	       sscanf(s, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		      &mac[3], &mac[4], &mac[5], &end) == 6 &&
	       end == 17 && !(mac[0] & 1);
}

static bool parse_port(const char *s, u16 *port)
{
	u64 n;

	if (!parse_uint(s, 1, 65535, &n))
		return false;
	*port = n;
	return true;
}

#define LOCALHOST 0x7f000001u

/* "tcp:[HOST]:PORT-:PORT", which is cut into its words. */
static bool parse_forward(char *s, struct net_forward *f)
{
	char *protocol = strsep(&s, ":"), *host = strsep(&s, ":"), *port = strsep(&s, "-");
	struct in_addr address = {htonl(LOCALHOST)};

	if (!host || !port || !s || *s != ':')
		return false;
	f->udp = !strcmp(protocol, "udp");
	if ((!f->udp && strcmp(protocol, "tcp")) || (*host && !inet_aton(host, &address)))
		return false;
	f->host_address = ntohl(address.s_addr);
	return parse_port(port, &f->host_port) && parse_port(s + 1, &f->guest_port);
}

/* One word behind the kind. */
static int take_net_word(struct net_options *n, bool *virtio, char *word)
{
	if (!strcmp(word, "bus=vio") || !strcmp(word, "bus=virtio")) {
		*virtio = !strcmp(word, "bus=virtio");
	} else if (!strncmp(word, "mac=", 4)) {
		if (!parse_mac(word + 4, n->mac))
			return wrong("--net: '%s' is no address of a card, as in "
				     "mac=02:00:00:00:00:01 (the first byte is even)",
				     word);
		n->mac_given = true;
	} else if (n->kind == NET_USER && !strcmp(word, "restrict")) {
		n->restricted = true;
	} else if (n->kind == NET_USER && !strncmp(word, "forward=", 8)) {
		if (n->n_forwards == NET_FORWARDS_MAX)
			return wrong("--net: a card can have %u ports forwarded", NET_FORWARDS_MAX);
		if (!parse_forward(word + 8, &n->forwards[n->n_forwards++]))
			return wrong("--net: a port is forwarded by forward=tcp:[HOST]:PORT-:PORT, "
				     "as in forward=tcp::2222-:22; HOST is an address, 127.0.0.1 "
				     "without it, and udp goes too");
	} else {
		return wrong("--net: '%s' is none of %smac=, bus=vio and bus=virtio", word,
			     n->kind == NET_USER ? "forward=, restrict, " : "");
	}
	return 0;
}

/* Cut into its words where it is, as that of a disk. */
int run_take_net(struct run_options *o)
{
	struct net_options *n = &o->nets[o->n_nets];
	char *word, *rest = optarg, *kind = strsep(&rest, ",");

	if (!strcmp(kind, "none") && !rest)
		return 0;
	if (o->n_nets == NETS_MAX)
		return wrong("--net: a guest can have %u cards", NETS_MAX);
	*n = (struct net_options){.kind = NET_USER};
	if (!strncmp(kind, "tap:", 4) && kind[4]) {
		n->kind = NET_TAP;
		n->tap = kind + 4;
	} else if (strcmp(kind, "user")) {
		return wrong("--net %s: there are user, tap:NAME and none", kind);
	}
	while ((word = strsep(&rest, ",")))
		if (take_net_word(n, &o->net_is_virtio[o->n_nets], word))
			return -1;
	o->n_nets++;
	return 0;
}

/* The name is cut off where it is. */
int run_take_channel(struct run_options *o)
{
	char *path = optarg, *name = strsep(&path, ":");

	if (o->n_channels == CHANNELS_MAX)
		return wrong("--channel: a guest can have %u of them", CHANNELS_MAX);
	if (!run_name_ok(name) || !path || !*path || strlen(path) >= CHANNEL_PATH_MAX)
		return wrong("--channel wants NAME:PATH, the name of 1 to %u letters, digits, '_', "
			     "'-' and '.', the path of a socket with at most %u characters",
			     CHANNEL_NAME_MAX, CHANNEL_PATH_MAX - 1);
	o->channels[o->n_channels].name = name;
	o->channels[o->n_channels++].path = path;
	return 0;
}

/* FOLDER:TAG[,ro], cut where it is; a folder's name may have colons in it. */
int run_take_share(struct run_options *o)
{
	char *tag = strrchr(optarg, ':'), *word = tag ? strchr(tag, ',') : NULL;
	bool read_only = word && !strcmp(word, ",ro");

	if (o->n_shares == SHARES_MAX)
		return wrong("--share: a guest can have %u of them", SHARES_MAX);
	if (tag)
		*tag++ = 0;
	if (read_only)
		*word = 0;
	if (!tag || !*optarg || !run_name_ok(tag) || strlen(tag) > VIRTIO_P9_TAG_MAX)
		return wrong("--share wants FOLDER:TAG, maybe with ,ro behind; the tag of 1 to %u "
			     "letters, digits, '_', '-' and '.'",
			     VIRTIO_P9_TAG_MAX);
	o->shares[o->n_shares].folder = optarg;
	o->shares[o->n_shares].tag = tag;
	o->shares[o->n_shares++].read_only = read_only;
	return 0;
}

/* ---- Making them ---- */

/* On the source's host the source still has the disks open. */
static int add_disks(struct machine *m, struct run_options *o, struct error *err)
{
	struct disk_options scsi[VSCSI_DISKS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < o->n_disks; i++) {
		o->disks[i].block.shared = o->incoming;
		if (!o->disk_is_virtio[i])
			scsi[n++] = o->disks[i];
	}
	return n ? vscsi_new(m, scsi, n, err) : 0;
}

static int add_virtio_disks(struct machine *m, const struct run_options *o, struct error *err)
{
	for (unsigned i = 0; i < o->n_disks; i++)
		if (o->disk_is_virtio[i] &&
		    virtio_blk_new(m, &o->disks[i].block, o->disks[i].serial, err))
			return -1;
	return 0;
}

/* Those of one bus. */
static int add_nets(struct machine *m, const struct run_options *o, bool virtio, struct error *err)
{
	for (unsigned i = 0; i < o->n_nets; i++) {
		const struct net_options *n = &o->nets[i];
		const u8 *mac = n->mac_given ? n->mac : NULL;
		struct net_link *link;

		if (o->net_is_virtio[i] != virtio)
			continue;
		link = net_open(n, err);
		if (!link ||
		    (virtio ? virtio_net_new(m, link, mac, err) : llan_new(m, link, mac, err)))
			return -1;
	}
	return 0;
}

/* The order is that of their numbers, by which a guest that comes finds them again. */
int run_add_devices(struct machine *m, struct run_options *o, struct error *err)
{
	if (add_disks(m, o, err) || add_nets(m, o, false, err) || add_virtio_disks(m, o, err) ||
	    add_nets(m, o, true, err))
		return -1;
	if (o->rng && virtio_rng_new(m, err))
		return -1;
	for (unsigned i = 0; i < o->n_channels; i++)
		if (virtio_channel_new(m, o->channels[i].name, o->channels[i].path, err))
			return -1;
	for (unsigned i = 0; i < o->n_shares; i++)
		if (virtio_p9_new(m, o->shares[i].folder, o->shares[i].tag, o->shares[i].read_only,
				  err))
			return -1;
	return o->balloon ? virtio_balloon_new(m, err) : 0;
}

/* The files of a tight one's devices. */
void run_add_device_paths(const struct run_options *o, struct sandbox *s)
{
	for (unsigned i = 0; i < o->n_disks; i++)
		sandbox_add_path(s, o->disks[i].block.path,
				 o->disks[i].block.read_only ? SANDBOX_READ : SANDBOX_WRITE);
	for (unsigned i = 0; i < o->n_shares; i++)
		sandbox_add_path(s, o->shares[i].folder,
				 o->shares[i].read_only ? SANDBOX_READ : SANDBOX_CHANGE);
	/* Sockets of channels are made where they are. The names last as long as the sandbox. */
	for (unsigned i = 0; i < o->n_channels; i++)
		if (strncmp(o->channels[i].path, "fd:", 3))
			sandbox_add_path(s, dirname(strdup(o->channels[i].path)), SANDBOX_CHANGE);
}
