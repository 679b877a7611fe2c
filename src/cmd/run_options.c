/* SPDX-License-Identifier: Apache-2.0 */
/* papyr run's options: the help, what each takes, and which go together. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "cmd/run.h"
#include "gdb/server.h"
#include "migration/state/config.h"
#include "platform/kind.h"
#include "platform/models.h"
#include "platform/rma.h"

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
    "      --global-irqs       devices interrupt the vcpu that asked them, not the first; such a\n"
    "                          guest can't go over to another KVM than Papyr's\n"
    "      --rng               a device that gives the guest random numbers (virtio)\n"
    "      --balloon           a device by which the guest gives memory up (virtio): what\n"
    "                          'papyr balloon' asks for, and what it has free\n"
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
    "                          host, by a thread for each vcpu; inline: the same, by the vcpus'\n"
    "                          own threads; portable: instruction by instruction; eager: all\n"
    "                          code is translated at once, for tests\n"
    "      --code-memory SIZE  of each vcpu, for code that was decoded and translated, from 16M\n"
    "                          to 1G (56M; 26M for each but the first): compilers gain by more\n"
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
	OPT_GLOBAL_IRQS,
	OPT_RNG,
	OPT_BALLOON,
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
	OPT_CODE_MEMORY,
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
    {"global-irqs", no_argument, NULL, OPT_GLOBAL_IRQS},
    {"rng", no_argument, NULL, OPT_RNG},
    {"balloon", no_argument, NULL, OPT_BALLOON},
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
    {"code-memory", required_argument, NULL, OPT_CODE_MEMORY},
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

bool run_name_ok(const char *s)
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
		o->given |= CONFIG_KIND;
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
	if (!run_name_ok(optarg))
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
	if (strcmp(optarg, "native") && strcmp(optarg, "inline") && strcmp(optarg, "portable") &&
	    strcmp(optarg, "eager"))
		return wrong("--engine %s: there are native, inline, portable and eager", optarg);
	setenv("PAPYR_ENGINE", optarg, 1);
	return 0;
}

static int take_code_memory_option(void)
{
	char mib[24];
	u64 bytes;

	if (!parse_size(optarg, &bytes) || bytes < 16ull << 20 || bytes > 1ull << 30)
		return wrong("--code-memory %s: not 16M to 1G", optarg);
	snprintf(mib, sizeof(mib), "%llu", (unsigned long long)(bytes >> 20));
	setenv("PAPYR_CODE_MEMORY", mib, 1);
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
		return run_take_disk(o);
	case OPT_NET:
		return run_take_net(o);
	case OPT_GLOBAL_IRQS:
		o->cfg.global_irqs = true;
		return 0;
	case OPT_RNG:
		o->rng = true;
		return 0;
	case OPT_BALLOON:
		o->balloon = true;
		return 0;
	case OPT_CHANNEL:
		return run_take_channel(o);
	case OPT_SHARE:
		return run_take_share(o);
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
	case OPT_CODE_MEMORY:
		return take_code_memory_option();
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
	if (o->n_disks || o->n_nets || o->rng || o->balloon || o->n_channels || o->n_shares ||
	    o->cfg.global_irqs)
		return wrong("a %s has its UARTs and nothing else: leave out --disk, --net, --rng, "
			     "--balloon, --channel, --share and --global-irqs",
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

struct parsed run_parse(int argc, char **argv, struct run_options *o)
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
