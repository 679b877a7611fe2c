/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr run: a guest from a kernel, from a saved image, or the built-in one.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/demo.h"
#include "cmd/progress.h"
#include "devices/vio/llan.h"
#include "devices/vio/vscsi.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/channel.h"
#include "devices/virtio/net.h"
#include "devices/virtio/p9.h"
#include "devices/virtio/rng.h"
#include "gdb/server.h"
#include "migration/channel/fault.h"
#include "migration/file/file.h"
#include "migration/live/live.h"
#include "migration/state/config.h"
#include "monitor/paths.h"
#include "monitor/qmp.h"
#include "platform/console.h"
#include "platform/kind.h"
#include "platform/machine.h"
#include "platform/models.h"
#include "platform/rma.h"
#include "platform/trace.h"
#include "sandbox/sandbox.h"

static const char help[] =
    "Usage: papyr run [OPTION]...\n"
    "Starts a guest with its console on this terminal. Ctrl-A x ends it, Ctrl-A h tells more.\n"
    "Without a kernel, a small built-in guest shows its hashed page table at work.\n\n"
    "  -k, --kernel FILE       kernel: vmlinux or another ELF64 image, or raw code; for a board\n"
    "                          an ELF32 one, a uImage or raw code\n"
    "      --raw               start FILE though it looks like no kernel\n"
    "  -i, --initrd FILE       initial RAM disk\n"
    "  -p, --append ARGUMENTS  kernel arguments\n"
    "  -m, --memory SIZE[,max=SIZE]\n"
    "                          guest memory: 512M, 4G, ... (default 1G), a multiple of 16M; as\n"
    "                          much as max may be had later ('papyr memory'), both then\n"
    "                          multiples of 256M\n"
    "  -c, --cpus N[,threads=T][,max=N]\n"
    "                          N vcpus, T of them in a core (default 1); as many as max may be\n"
    "                          had later ('papyr cpus')\n"
    "  -M, --machine KIND      pseries (default): a PAPR partition; bamboo: a board with a\n"
    "                          PowerPC 440; ppce500: one with an e500v2\n"
    "      --cpu MODEL         POWER8 (default), POWER7 or PPC970; 440 or e500v2, and no other,\n"
    "                          on their boards\n"
    "      --disk FILE|URI[,format=raw|qcow2][,ro][,cd][,serial=TEXT][,bus=scsi|virtio]\n"
    "                          [,timeout=SECONDS]\n"
    "                          a block device, an image, or what a server has at nbd:// or\n"
    "                          nbd+unix:// as a SCSI disk, or a virtio one: read-only, a CD-ROM;\n"
    "                          may be given several times\n"
    "      --net user[,forward=tcp:[HOST]:PORT-:PORT]...[,restrict][,mac=ADDRESS]\n"
    "                          [,bus=vio|virtio]\n"
    "      --net tap:NAME[,mac=ADDRESS][,bus=vio|virtio]\n"
    "                          a network card: in a network of its own, out of which the guest\n"
    "                          reaches what this user may reach (10.0.2.2 is the host), or on\n"
    "                          an interface of the host's; may be given several times\n"
    "      --rng               a device that gives the guest random numbers (virtio)\n"
    "      --share FOLDER:TAG[,ro]\n"
    "                          a folder of the host's, which the guest mounts by\n"
    "                          'mount -t 9p TAG /mnt'; may be given several times\n"
    "      --channel NAME:PATH\n"
    "                          a port of a virtio console, /dev/virtio-ports/NAME in the guest,\n"
    "                          whose other end is a socket, PATH, or descriptor N, which is one\n"
    "                          (fd:N); may be given several times\n"
    "      --htab-order N      2^N bytes of hashed page table, 18 to 46 (default: for the memory)\n"
    "      --rma-size SIZE     real mode in an area of its own: 64M, 128M, 256M, 1G or 16G; a\n"
    "                          PPC970 has to (default: for the memory), a POWER7 may\n"
    "      --rma-count N       so many areas are set aside (default 1)\n"
    "      --name NAME         name for 'papyr list' and the others (default: papyr-PID; of a\n"
    "                          guest that comes: the one it had, if that is free here)\n"
    "      --restore FILE      go on with a guest that 'papyr save' wrote; it brings its\n"
    "                          memory, vcpus and model along\n"
    "      --incoming URI      wait for a guest that 'papyr migrate' sends to tcp:HOST:PORT,\n"
    "                          unix:PATH, fd:N, exec:COMMAND or file:PATH; memory, vcpus and\n"
    "                          model are the guest's, and any that are given here must be the\n"
    "                          same. 'defer': the control socket will say where\n"
    "      --tls-psk FILE      take only who has this key (NAME:HEXKEY), and show it\n"
    "      --tls-x509 DIR      take only who has a certificate of ca-cert.pem in DIR\n"
    "      --accel WHO         papyr (default), or kvm for the KVM of a POWER host\n"
    "      --engine HOW        native (default): code that runs often is translated for this\n"
    "                          host; portable: instruction by instruction; eager: all code is\n"
    "                          translated at once, for tests\n"
    "      --trace LIST[:FILE]\n"
    "                          write what the guest does to FILE (default: standard error, if\n"
    "                          that is no terminal); LIST: hcall, irq, trap, exit, rtas, mmu,\n"
    "                          sample, with commas between them, or all\n"
    "      --gdb [WHERE][,wait]\n"
    "                          wait for gdb at tcp:[HOST:]PORT or unix:PATH (default: a socket\n"
    "                          beside the control socket); wait: the guest begins, or goes on,\n"
    "                          when gdb lets it\n"
    "      --tight[=DIR]       reach no files but those that are said here, nor, without --net,\n"
    "                          anything outside; 'papyr save' writes in DIR only\n"
    "      --no-sandbox        reach all that this user may, should a guest take papyr over\n"
    "      --help\n\n"
    "Exit status: 0 the guest powered off or was ended by the user, 3 it panicked,\n"
    "1 wrong usage or an error of the host.\n";

enum {
	OPT_CPU = 256,
	OPT_DISK,
	OPT_NET,
	OPT_RNG,
	OPT_CHANNEL,
	OPT_SHARE,
	OPT_HTAB_ORDER,
	OPT_RMA_SIZE,
	OPT_RMA_COUNT,
	OPT_NAME,
	OPT_RESTORE,
	OPT_INCOMING,
	OPT_TLS_PSK,
	OPT_TLS_X509,
	OPT_ACCEL,
	OPT_ENGINE,
	OPT_TRACE,
	OPT_GDB,
	OPT_RAW,
	OPT_TIGHT,
	OPT_NO_SANDBOX,
	OPT_HELP
};

static const struct option options[] = {
    {"kernel", required_argument, NULL, 'k'},
    {"initrd", required_argument, NULL, 'i'},
    {"append", required_argument, NULL, 'p'},
    {"memory", required_argument, NULL, 'm'},
    {"cpus", required_argument, NULL, 'c'},
    {"machine", required_argument, NULL, 'M'},
    {"cpu", required_argument, NULL, OPT_CPU},
    {"disk", required_argument, NULL, OPT_DISK},
    {"net", required_argument, NULL, OPT_NET},
    {"rng", no_argument, NULL, OPT_RNG},
    {"channel", required_argument, NULL, OPT_CHANNEL},
    {"share", required_argument, NULL, OPT_SHARE},
    {"htab-order", required_argument, NULL, OPT_HTAB_ORDER},
    {"rma-size", required_argument, NULL, OPT_RMA_SIZE},
    {"rma-count", required_argument, NULL, OPT_RMA_COUNT},
    {"name", required_argument, NULL, OPT_NAME},
    {"restore", required_argument, NULL, OPT_RESTORE},
    {"incoming", required_argument, NULL, OPT_INCOMING},
    {"tls-psk", required_argument, NULL, OPT_TLS_PSK},
    {"tls-x509", required_argument, NULL, OPT_TLS_X509},
    {"accel", required_argument, NULL, OPT_ACCEL},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"trace", required_argument, NULL, OPT_TRACE},
    {"gdb", optional_argument, NULL, OPT_GDB},
    {"raw", no_argument, NULL, OPT_RAW},
    {"tight", optional_argument, NULL, OPT_TIGHT},
    {"no-sandbox", no_argument, NULL, OPT_NO_SANDBOX},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

#define VCPUS_MAX 1024
#define MEM_MIN	  (64ull << 20)

#define NETS_MAX     8
#define CHANNELS_MAX 8
#define SHARES_MAX   8

struct run_options {
	struct machine_config cfg;
	const char *accel;
	struct trace_request trace;
	int trace_fd;
	bool gdb, gdb_waits;
	const char *gdb_where; /* NULL: where the control socket is */
	const char *restore;
	const char *incoming;
	struct live_params live;
	struct disk_options disks[VSCSI_DISKS_MAX];
	bool disk_is_virtio[VSCSI_DISKS_MAX];
	unsigned n_disks;
	struct net_options nets[NETS_MAX];
	bool net_is_virtio[NETS_MAX];
	unsigned n_nets;
	bool rng;
	struct {
		const char *name, *path;
	} channels[CHANNELS_MAX];
	unsigned n_channels;
	struct {
		const char *folder, *tag;
		bool read_only;
	} shares[SHARES_MAX];
	unsigned n_shares;
	bool tight, no_sandbox;
	const char *saves; /* where a tight one may be saved, or NULL */
	struct sandbox sandbox;
	/* Given on the command line: a guest that comes must be so. */
	unsigned given; /* CONFIG_... */
	bool name_given;
	char name[64];
};

/* Usage that is wrong: -1. */
#define wrong(...) (cmd_usage("run", __VA_ARGS__), -1)

static bool parse_cpus(char *s, struct machine_config *cfg)
{
	u64 n, threads = 1, max = 0;
	char *word;

	if (!parse_uint(strsep(&s, ","), 1, VCPUS_MAX, &n))
		return false;
	while ((word = strsep(&s, ","))) {
		if (!strncmp(word, "threads=", 8) && parse_uint(word + 8, 1, 8, &threads) &&
		    !(threads & (threads - 1)))
			continue;
		if (strncmp(word, "max=", 4) || !parse_uint(word + 4, n, VCPUS_MAX, &max))
			return false;
	}
	cfg->n_vcpus = n;
	cfg->max_vcpus = max;
	cfg->threads = threads;
	return true;
}

static bool good_name(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 48 || s[0] == '.')
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

/* Linux maps memory by pages of 16 MiB, and hangs in silence when the last is a part of one. */
#define MEM_STEP (16ull << 20)

static int take_memory_option(struct run_options *o)
{
	char *rest = optarg, *size = strsep(&rest, ",");
	u64 n, max = 0;

	if (!parse_size(size, &n) || n < MEM_MIN || (n & 0xfffff))
		return wrong("-m %s: not a size from 64M to 64T in whole MiB", size);
	if (rest && (strncmp(rest, "max=", 4) || !parse_size(rest + 4, &max) || max < n))
		return wrong("-m %s,%s: behind the size there can be max= and one as large or "
			     "larger",
			     size, rest);
	if (n % MEM_STEP) {
		n -= n % MEM_STEP;
		cmd_note("-m %s: the guest gets %llu MiB, a multiple of 16", size,
			 (unsigned long long)(n >> 20));
	}
	o->cfg.mem_bytes = n;
	o->cfg.max_mem_bytes = max;
	o->given |= CONFIG_MEMORY;
	return 0;
}

#define CROWD 16 /* vcpus for each of the host's processors: guests then take their own for dead */

static int take_cpus_option(struct run_options *o)
{
	unsigned host = get_nprocs();
	char asked[40];

	snprintf(asked, sizeof(asked), "%s", optarg);
	if (!parse_cpus(optarg, &o->cfg))
		return wrong("-c %s: not a number of vcpus, 1 to %u, maybe with threads=1, 2, 4 "
			     "or 8, and max= and one as large or larger",
			     asked, VCPUS_MAX);
	if (o->cfg.n_vcpus > CROWD * host)
		cmd_note("-c %s: this host has %u processors; a guest of so many may report "
			 "lock-ups (kernel option: watchdog_thresh=60)",
			 asked, host);
	o->given |= CONFIG_CPUS;
	return 0;
}

/* The machine's options: 0, 1 for one that is none of them, or -1 if it is wrong and was said. */
static int take_machine_option(int opt, struct run_options *o)
{
	u64 n;

	switch (opt) {
	case 'm':
		return take_memory_option(o);
	case 'c':
		return take_cpus_option(o);
	case 'M':
		o->cfg.kind = machine_kind_find(optarg);
		return o->cfg.kind ? 0
				   : wrong("-M %s: there are pseries, bamboo and ppce500", optarg);
	case OPT_CPU:
		o->cfg.model = machine_model_find(optarg);
		if (!o->cfg.model)
			return wrong("--cpu %s: there are POWER8, POWER7 and PPC970, and 440 and "
				     "e500v2 for boards (-M)",
				     optarg);
		o->given |= CONFIG_MODEL;
		return 0;
	case OPT_RMA_SIZE:
		if (!parse_size(optarg, &o->cfg.rma_bytes) || !rma_size_is_good(o->cfg.rma_bytes))
			return wrong("--rma-size %s: not 64M, 128M, 256M, 1G or 16G", optarg);
		o->given |= CONFIG_RMA;
		return 0;
	case OPT_RMA_COUNT:
		if (!parse_uint(optarg, 0, 1024, &n))
			return wrong("--rma-count %s: not 0 to 1024", optarg);
		o->cfg.rma_count = n;
		return 0;
	case OPT_HTAB_ORDER:
		if (!parse_uint(optarg, 18, 46, &n))
			return wrong("--htab-order %s: not 18 to 46", optarg);
		o->cfg.htab_order = n;
		o->given |= CONFIG_ORDER;
		return 0;
	default:
		return 1;
	}
}

static int take_name_option(struct run_options *o)
{
	if (!good_name(optarg))
		return wrong("--name %s: 1 to 48 letters, digits, '_', '-' and '.', not starting "
			     "with '.'",
			     optarg);
	snprintf(o->name, sizeof(o->name), "%s", optarg);
	o->name_given = true;
	return 0;
}

/* The library's vcpus look at the environment, as they do for other programs. */
static int take_engine_option(void)
{
	if (strcmp(optarg, "native") && strcmp(optarg, "portable") && strcmp(optarg, "eager"))
		return wrong("--engine %s: there are native, portable and eager", optarg);
	setenv("PAPYR_ENGINE", optarg, 1);
	return 0;
}

static int take_trace_option(struct run_options *o)
{
	char why[TRACE_WHY];

	return trace_parse(optarg, &o->trace, why) ? 0 : wrong("--trace %s: %s", optarg, why);
}

/* [WHERE][,wait], also as a word of its own. WHERE is cut off where it is. */
static int take_gdb_option(struct run_options *o, char **argv)
{
	char *where = optarg, *comma;
	struct error err;

	if (!where && argv[optind] &&
	    (!strncmp(argv[optind], "tcp:", 4) || !strncmp(argv[optind], "unix:", 5) ||
	     !strcmp(argv[optind], "wait")))
		where = argv[optind++];
	o->gdb = true;
	if (!where)
		return 0;
	comma = strrchr(where, ',');
	if (!strcmp(where, "wait") || (comma && !strcmp(comma, ",wait"))) {
		o->gdb_waits = true;
		*(comma ? comma : where) = 0;
	}
	o->gdb_where = *where ? where : NULL;
	if (o->gdb_where && gdb_check_where(o->gdb_where, &err))
		return wrong("--gdb: %s", err.text);
	return 0;
}

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
static int take_disk_option(struct run_options *o)
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
static int take_net_option(struct run_options *o)
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
static int take_channel_option(struct run_options *o)
{
	char *path = optarg, *name = strsep(&path, ":");

	if (o->n_channels == CHANNELS_MAX)
		return wrong("--channel: a guest can have %u of them", CHANNELS_MAX);
	if (!good_name(name) || !path || !*path || strlen(path) >= CHANNEL_PATH_MAX)
		return wrong("--channel wants NAME:PATH, the name of 1 to %u letters, digits, '_', "
			     "'-' and '.', the path of a socket with at most %u characters",
			     CHANNEL_NAME_MAX, CHANNEL_PATH_MAX - 1);
	o->channels[o->n_channels].name = name;
	o->channels[o->n_channels++].path = path;
	return 0;
}

/* FOLDER:TAG[,ro], cut where it is; a folder's name may have colons in it. */
static int take_share_option(struct run_options *o)
{
	char *tag = strrchr(optarg, ':'), *word = tag ? strchr(tag, ',') : NULL;
	bool read_only = word && !strcmp(word, ",ro");

	if (o->n_shares == SHARES_MAX)
		return wrong("--share: a guest can have %u of them", SHARES_MAX);
	if (tag)
		*tag++ = 0;
	if (read_only)
		*word = 0;
	if (!tag || !*optarg || !good_name(tag) || strlen(tag) > VIRTIO_P9_TAG_MAX)
		return wrong("--share wants FOLDER:TAG, maybe with ,ro behind; the tag of 1 to %u "
			     "letters, digits, '_', '-' and '.'",
			     VIRTIO_P9_TAG_MAX);
	o->shares[o->n_shares].folder = optarg;
	o->shares[o->n_shares].tag = tag;
	o->shares[o->n_shares++].read_only = read_only;
	return 0;
}

/* The others, as take_machine_option(). */
static int take_option(int opt, struct run_options *o, char **argv)
{
	switch (opt) {
	case 'k':
		o->cfg.kernel = optarg;
		return 0;
	case 'i':
		o->cfg.initrd = optarg;
		return 0;
	case 'p':
		o->cfg.cmdline = optarg;
		return 0;
	case OPT_DISK:
		return take_disk_option(o);
	case OPT_NET:
		return take_net_option(o);
	case OPT_RNG:
		o->rng = true;
		return 0;
	case OPT_CHANNEL:
		return take_channel_option(o);
	case OPT_SHARE:
		return take_share_option(o);
	case OPT_NAME:
		return take_name_option(o);
	case OPT_RESTORE:
		o->restore = optarg;
		return 0;
	case OPT_INCOMING:
		o->incoming = optarg;
		return 0;
	case OPT_TLS_PSK:
		snprintf(o->live.tls.psk, sizeof(o->live.tls.psk), "%s", optarg);
		return 0;
	case OPT_TLS_X509:
		snprintf(o->live.tls.x509, sizeof(o->live.tls.x509), "%s", optarg);
		return 0;
	case OPT_ACCEL:
		o->accel = optarg;
		return 0;
	case OPT_ENGINE:
		return take_engine_option();
	case OPT_TRACE:
		return take_trace_option(o);
	case OPT_GDB:
		return take_gdb_option(o, argv);
	case OPT_RAW:
		o->cfg.raw = true;
		return 0;
	case OPT_TIGHT:
		o->tight = true;
		o->saves = optarg;
		return 0;
	case OPT_NO_SANDBOX:
		o->no_sandbox = true;
		return 0;
	default:
		return take_machine_option(opt, o);
	}
}

/* What an image's metadata was when its source had it open must not be believed here. */
static int check_moving_disks(const struct run_options *o)
{
	for (unsigned i = 0; o->incoming && i < o->n_disks; i++)
		if (o->disks[i].block.format == BLOCK_QCOW2)
			return wrong("--disk %s: a guest can't bring a qcow2 image along, as two "
				     "would have it open; let one NBD server have it for both",
				     o->disks[i].block.path);
	return 0;
}

/* The processor is that of the kind of machine, or says of which kind it is. */
static int choose_kind(struct run_options *o)
{
	struct machine_config *c = &o->cfg;

	if (!c->kind)
		c->kind = c->model ? machine_kind_of(c->model) : &machine_pseries;
	if (!c->model)
		c->model = machine_model_find(c->kind->model);
	if (machine_kind_of(c->model) != c->kind)
		return wrong("--cpu %s: not on a %s; leave out --cpu, or take -M %s",
			     c->model->name, c->kind->name, machine_kind_of(c->model)->name);
	return 0;
}

/* What only a partition has. */
static int check_board(const struct run_options *o)
{
	const char *kind = o->cfg.kind->name;

	if (o->cfg.kind->papr)
		return 0;
	if (o->n_disks || o->n_nets || o->rng || o->n_channels || o->n_shares)
		return wrong("a %s has its UARTs and nothing else: leave out --disk, --net, --rng, "
			     "--channel and --share",
			     kind);
	if (o->given & (CONFIG_ORDER | CONFIG_RMA))
		return wrong("a %s has neither a hashed page table nor a real-mode area: leave out "
			     "--htab-order and --rma-size",
			     kind);
	if (!o->cfg.kernel && !o->restore && !o->incoming)
		return wrong("a %s has no built-in guest: give a kernel (-k)", kind);
	return 0;
}

/* Do they go together? */
static int check_options(struct run_options *o)
{
	static const char alone[] = "a guest that moves, and an image's qemu-nbd, need more";
	bool kernel = o->cfg.kernel || o->cfg.initrd || o->cfg.cmdline;

	if (choose_kind(o) || check_board(o))
		return -1;
	if (o->restore && kernel)
		return wrong("--restore brings its own kernel: leave out -k, -i and -p");
	if (o->incoming && (o->restore || kernel))
		return wrong("--incoming brings its own kernel: leave out -k, -i, -p and "
			     "--restore");
	if (o->cfg.initrd && !o->cfg.kernel)
		return wrong("-i wants a kernel to go with it (-k)");
	for (unsigned i = 0; i < o->n_disks && o->tight; i++)
		if (o->disks[i].block.format == BLOCK_QCOW2)
			return wrong("--tight doesn't go with format=qcow2: %s", alone);
	if (o->tight && (o->incoming || o->no_sandbox))
		return wrong("--tight doesn't go with --incoming or --no-sandbox: %s", alone);
	return check_moving_disks(o);
}

static struct parsed parse(int argc, char **argv, struct run_options *o)
{
	int c, r;

	while ((c = getopt_long(argc, argv, "k:i:p:m:c:M:h", options, NULL)) != -1) {
		if (c == 'h' || c == OPT_HELP)
			return parsed_done(cmd_print(help));
		r = take_option(c, o, argv);
		if (r > 0)
			fprintf(stderr, "Try 'papyr run --help'.\n");
		if (r)
			return parsed_done(STATUS_ERROR);
	}
	if (optind < argc)
		return parsed_done(
		    cmd_usage("run", "what is '%s'? A kernel is given with -k", argv[optind]));
	return check_options(o) ? parsed_done(STATUS_ERROR) : (struct parsed){0};
}

static void on_signal(void *opaque, int fd, unsigned events)
{
	struct machine *m = opaque;
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) == sizeof(info))
		machine_fail(m, "ended by signal %u (%s)", info.ssi_signo,
			     strsignal(info.ssi_signo));
}

/* Signals that end the process end the guest in order instead. */
static int watch_signals(struct machine *m)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd >= 0)
		loop_add(m->loop, fd, POLLIN, on_signal, m);
	signal(SIGPIPE, SIG_IGN);
	return fd;
}

/* Opens the saved guest and makes its machine the wanted one. */
static struct migration_image *open_saved(struct run_options *o, struct progress *bar,
					  struct error *err)
{
	struct machine_config asked = o->cfg;
	struct migration_image *saved;

	progress_begin(bar, "Checking");
	saved = migration_open(o->restore, progress_show, bar, err);
	progress_end(bar);
	if (saved && (migration_config(saved, &o->cfg, err) ||
		      config_agrees(&o->cfg, &asked, o->given, err))) {
		migration_close(saved);
		return NULL;
	}
	return saved;
}

static bool deferred(const struct run_options *o)
{
	return o->incoming && !strcmp(o->incoming, "defer");
}

static void complain(const char *why)
{
	cmd_error("%s; waiting for another", why);
}

/* A guest keeps its name, unless another has it here: as its source does on the same host. */
static void take_name(struct run_options *o, const char *name)
{
	if (!o->name_given && good_name(name) && qmp_name_is_free(name))
		snprintf(o->name, sizeof(o->name), "%s", name);
}

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
static int add_devices(struct machine *m, struct run_options *o, struct error *err)
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
	return 0;
}

static struct machine *new_machine(struct run_options *o, struct error *err)
{
	struct machine *m = machine_new(&o->cfg, err);

	if (m && (add_devices(m, o, err) ||
		  (o->trace.events && machine_trace(m, o->trace.events, o->trace_fd, err)))) {
		machine_free(m);
		return NULL;
	}
	return m;
}

/* Waits for the guest, and makes the machine as it is. */
static struct machine *machine_for_arrival(struct run_options *o, struct arrival **arrival,
					   struct error *err)
{
	struct machine_config asked = o->cfg;
	struct machine *m = NULL;
	struct arrival *a;

	a = *arrival = arrival_wait(o->incoming, &o->live, complain, err);
	if (!a)
		return NULL;
	take_name(o, arrival_machine(a)->name);
	if (!arrival_config(a, &o->cfg, err) && !config_agrees(&o->cfg, &asked, o->given, err))
		m = new_machine(o, err);
	if (!m)
		arrival_refuse(a, err->text);
	return m;
}

/* Puts the guest into the machine: saved or new. */
static int fill(struct machine *m, struct migration_image *saved, struct progress *bar,
		struct error *err)
{
	int r;

	if (!saved)
		return machine_boot(m, err);
	progress_begin(bar, "Restoring");
	r = migration_restore(m, saved, progress_show, bar, err);
	progress_end(bar);
	return r;
}

/* The guest's threads don't run yet. */
static int wait_for_gdb(struct run_options *o, struct machine *m, struct qmp *qmp,
			struct error *err)
{
	const char *address;

	if (!o->gdb)
		return 0;
	address = qmp_wait_for_gdb(qmp, o->gdb_where, err);
	if (!address)
		return -1;
	if (o->gdb_waits)
		machine_debug_wait(m);
	cmd_note("in gdb: target remote %s", address);
	return 0;
}

static void say_panic(const char *text)
{
	char words[600];

	snprintf(words, sizeof(words), "the guest panicked (ibm,os-term)%s%s", *text ? ": " : "",
		 text);
	cmd_last_words(words);
}

/* What the user is told at the end, besides the exit status. */
static void say_why(enum machine_request ended_by, const struct error *failure)
{
	if (ended_by == REQUEST_ERROR)
		cmd_last_words(failure->text);
	else if (ended_by == REQUEST_PANIC)
		say_panic(failure->text);
}

/* The files of a tight one's devices. */
static void add_device_paths(const struct run_options *o, struct sandbox *s)
{
	for (unsigned i = 0; i < o->n_disks; i++)
		sandbox_add_path(s, o->disks[i].block.path,
				 o->disks[i].block.read_only ? SANDBOX_READ : SANDBOX_WRITE);
	for (unsigned i = 0; i < o->n_shares; i++)
		sandbox_add_path(s, o->shares[i].folder,
				 o->shares[i].read_only ? SANDBOX_READ : SANDBOX_CHANGE);
	/* Sockets of channels are made where they are. */
	for (unsigned i = 0; i < o->n_channels; i++)
		if (strncmp(o->channels[i].path, "fd:", 3))
			sandbox_add_path(s, dirname(strdupa(o->channels[i].path)), SANDBOX_CHANGE);
}

static int add_paths(const struct run_options *o, struct sandbox *s, struct error *err)
{
	static char control[CONTROL_PATH_MAX];

	if (control_dir_make(err) || control_dir(control, sizeof(control), err))
		return -1;
	sandbox_add_path(s, control, SANDBOX_CHANGE);
	sandbox_add_path(s, o->cfg.kernel, SANDBOX_READ);
	sandbox_add_path(s, o->cfg.initrd, SANDBOX_READ);
	sandbox_add_path(s, o->restore, SANDBOX_READ);
	sandbox_add_path(s, o->saves, SANDBOX_CHANGE);
	add_device_paths(o, s);
	return 0;
}

/* What this guest needs of the host: the rest is given up. */
static int begin_sandbox(struct run_options *o, struct error *err)
{
	struct sandbox *s = &o->sandbox;

	s->tight = o->tight;
	/* Its user may say at any time where a guest goes, and who may debug it. */
	s->inet = s->sockets = !o->tight;
	s->has_child = o->incoming;
	for (unsigned i = 0; i < o->n_nets; i++) {
		s->inet |= o->nets[i].kind == NET_USER;
		s->tap |= o->nets[i].kind == NET_TAP;
	}
	for (unsigned i = 0; i < o->n_disks; i++)
		s->has_child |= o->disks[i].block.format == BLOCK_QCOW2;
	if (o->tight && add_paths(o, s, err))
		return -1;
	return sandbox_begin(s, err);
}

static int run(struct run_options *o)
{
	struct migration_image *saved = NULL;
	struct progress bar;
	struct error err = {""};
	struct machine *m = NULL;
	struct live *live = NULL;
	struct arrival *arrival = NULL;
	struct qmp *qmp = NULL;
	enum machine_request ended_by = REQUEST_ERROR;
	int status = STATUS_ERROR, fd = -1;

	if (!o->no_sandbox && begin_sandbox(o, &err))
		return cmd_error("%s", err.text);
	if (o->restore && !(saved = open_saved(o, &bar, &err)))
		return cmd_error("%s", err.text);
	if (o->incoming && !deferred(o))
		m = machine_for_arrival(o, &arrival, &err);
	else
		m = new_machine(o, &err);
	if (!m)
		goto out;
	live = live_new(m);
	live_set_params(live, &o->live);
	fd = watch_signals(m);
	qmp = qmp_new(m, live, &err);
	if (!qmp || wait_for_gdb(o, m, qmp, &err) ||
	    (!o->no_sandbox && sandbox_close(&o->sandbox, &err)))
		goto out;
	if (o->incoming) {
		live_expect(live);
		if (arrival && live_receive_guest(live, arrival, &err))
			goto out;
	} else {
		if (fill(m, saved, &bar, &err))
			goto out;
		console_start(m->console);
	}
	status = machine_run(m);
	err = *machine_failure(m);
	ended_by = m->ended_by;
out:
	/* The terminal is the user's again before anything is said. */
	qmp_free(qmp);
	live_free(live);
	machine_free(m);
	arrival_free(arrival);
	migration_close(saved);
	if (fd >= 0)
		close(fd);
	say_why(ended_by, &err);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct run_options o = {
	    .cfg =
		{
		    .mem_bytes = 1ull << 30,
		    .n_vcpus = 1,
		    .threads = 1,
		    .rma_count = 1,
		    .builtin = demo_guest,
		    .builtin_bytes = demo_guest_bytes,
		    .in_fd = STDIN_FILENO,
		    .out_fd = STDOUT_FILENO,
		},
	    .accel = "papyr",
	};
	char why[TRACE_WHY];
	struct parsed parsed;
	struct error err;

	live_default_params(&o.live);
	snprintf(o.name, sizeof(o.name), "papyr-%d", getpid());
	parsed = parse(argc, argv, &o);
	if (parsed.done)
		return parsed.status;
	if (o.trace.events && (o.trace_fd = trace_open(&o.trace, why)) < 0)
		return cmd_error("--trace: %s", why);
	o.cfg.name = o.name;
	o.cfg.accel = accel_find(o.accel, &err);
	if (!o.cfg.accel || fault_order(getenv("PAPYR_FAULT"), &err))
		return cmd_error("%s", err.text);
	return run(&o);
}
