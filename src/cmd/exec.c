/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr exec: a command on Power, as if it were one of this machine's: its streams, its exit
 * status, its signals. A guest is made for it and gone after it.
 */
#include "cmd/exec.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/exec_net.h"
#include "platform/accel.h"
#include "platform/term.h"

static const char help[] =
    "Usage: papyr exec [OPTION]... [--] COMMAND [ARGUMENT]...\n"
    "Runs a command in a guest made for it. Its input, output and\n"
    "exit status are the command's, and signals go to it. On a terminal it has one.\n\n"
    "  -c, --cpus N             vcpus (default 1)\n"
    "  -m, --memory SIZE        guest memory (default 512M)\n"
    "      --root DIR           a folder of the host's as its root, instead of busybox's; what is\n"
    "                           changed in it goes with the guest\n"
    "      --image NAME         an image's (papyr image); debian is built if it isn't there,\n"
    "                           which takes minutes. Without a COMMAND the image's own is run\n"
    "      --oci LAYOUT[:TAG]   an image's of an OCI layout, a folder: made an image once\n"
    "      --disk FILE[:PATH]   a disk with an ext4 file system, as its root or at a path of the\n"
    "                           guest's; what is changed on it goes with the guest. FILE may have\n"
    "                           ,format=qcow2 behind, and other words of papyr run's\n"
    "      --keep               what is changed in the root and on the disk stays\n"
    "  -v, --volume DIR:PATH[:ro]\n"
    "                           a folder of the host's at a path of the guest's; may be given\n"
    "                           several times\n"
    "      --net none|user[,forward=tcp:[HOST]:PORT-:PORT]...[,restrict]\n"
    "                           a network of its own, out of which it reaches what this user\n"
    "                           may reach; none if not given\n"
    "  -p, --publish [ADDRESS:]PORT:PORT[/tcp|udp]\n"
    "                           a port of this host's leads to one of the guest's: for this host\n"
    "                           only, if not ADDRESS says who may; may be given several times\n"
    "  -e, --env NAME[=VALUE]   set in the command's environment (without VALUE: as it is\n"
    "                           here); may be given several times\n"
    "  -w, --workdir DIR        directory to begin in\n"
    "  -u, --user USER[:GROUP]  of the guest's, by name or number\n"
    "      --hostname NAME      what the guest is called (default papyr)\n"
    "  -T, --no-terminal        no terminal for the command, even if this is one\n"
    "      --timeout SECONDS    end it then\n"
    "      --cold               boot the guest; else one that was saved goes on, if there is any\n"
    "      --accel papyr|kvm    whose processor: Papyr's (default), or this POWER host's own\n"
    "      --code-memory SIZE   of each vcpu, for code that was decoded and translated, as papyr\n"
    "                           run has it: builds gain by more, as 180M\n"
    "      --no-sandbox         the guest's process is not fenced in\n"
    "      --verbose            the guest's console goes to standard error\n"
    "      --kernel FILE --initrd FILE\n"
    "                           another guest, whose first process is papyr's agent\n"
    "  -h, --help\n\n"
    "Exit status: the command's, 128 and the signal's number if one ended it; 124 the time was\n"
    "over, 125 an error of papyr or its guest, 126 the command can't be run, 127 it isn't there.\n";

enum {
	OPT_ROOT = 256,
	OPT_DISK,
	OPT_IMAGE,
	OPT_OCI,
	OPT_KEEP,
	OPT_NET,
	OPT_HOSTNAME,
	OPT_TIMEOUT,
	OPT_COLD,
	OPT_ACCEL,
	OPT_CODE_MEMORY,
	OPT_NO_SANDBOX,
	OPT_VERBOSE,
	OPT_KERNEL,
	OPT_INITRD
};

static const struct option options[] = {
    {"cpus", required_argument, NULL, 'c'},
    {"memory", required_argument, NULL, 'm'},
    {"root", required_argument, NULL, OPT_ROOT},
    {"image", required_argument, NULL, OPT_IMAGE},
    {"oci", required_argument, NULL, OPT_OCI},
    {"disk", required_argument, NULL, OPT_DISK},
    {"keep", no_argument, NULL, OPT_KEEP},
    {"volume", required_argument, NULL, 'v'},
    {"net", required_argument, NULL, OPT_NET},
    {"publish", required_argument, NULL, 'p'},
    {"env", required_argument, NULL, 'e'},
    {"workdir", required_argument, NULL, 'w'},
    {"user", required_argument, NULL, 'u'},
    {"hostname", required_argument, NULL, OPT_HOSTNAME},
    {"no-terminal", no_argument, NULL, 'T'},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"cold", no_argument, NULL, OPT_COLD},
    {"accel", required_argument, NULL, OPT_ACCEL},
    {"code-memory", required_argument, NULL, OPT_CODE_MEMORY},
    {"no-sandbox", no_argument, NULL, OPT_NO_SANDBOX},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"kernel", required_argument, NULL, OPT_KERNEL},
    {"initrd", required_argument, NULL, OPT_INITRD},
    {"help", no_argument, NULL, 'h'},
    {0},
};

#define wrong(...) (cmd_usage("exec", __VA_ARGS__), EXEC_FAILED)

/* NAME alone is what it is here, if it is anything. */
static int take_environment(struct exec_options *o, unsigned *n, const char *word)
{
	const char *value = strchr(word, '=') ? "" : getenv(word);
	char *pair;

	if (!*word || *word == '=')
		return wrong("-e %s: not NAME or NAME=VALUE", word);
	if (*n == EXEC_ENVIRONMENT_MAX)
		return wrong("-e %s: there are too many", word);
	if (!value)
		return 0;
	if (asprintf(&pair, strchr(word, '=') ? "%s%s" : "%s=%s", word, value) < 0)
		return wrong("-e %s: there is no memory", word);
	o->environment[(*n)++] = pair;
	return 0;
}

/* DIR:PATH[:ro], which is cut into its words. */
static int take_folder(struct exec_options *o)
{
	struct exec_folder *f = &o->folders[o->n_folders];
	char *rest = optarg, *here = strsep(&rest, ":"), *there = strsep(&rest, ":");

	if (o->n_folders == EXEC_FOLDERS_MAX)
		return wrong("-v %s: there are too many", here);
	if (!*here || !there || *there != '/' || (rest && strcmp(rest, "ro")))
		return wrong("-v %s: not DIR:/PATH, maybe with :ro behind", here);
	f->here = here;
	f->there = there;
	f->read_only = rest;
	o->n_folders++;
	return 0;
}

/* FILE[:PATH], which is cut. */
static int take_disk(struct exec_options *o)
{
	char *path = strrchr(optarg, ':');

	o->disk = optarg;
	o->disk_path = "/";
	if (path && path[1] == '/') {
		o->disk_path = path + 1;
		*path = 0;
	}
	return *optarg ? 0 : wrong("--disk wants a file");
}

static int take_accel(struct exec_options *o, const char *name)
{
	struct error err;

	o->accel = name;
	if (accel_find(name, &err))
		return 0;
	cmd_error("exec: %s", err.text);
	return EXEC_FAILED;
}

static int take_option(int opt, struct exec_options *o, unsigned *environments)
{
	switch (opt) {
	case 'c':
		o->cpus = optarg;
		return 0;
	case 'm':
		o->memory = optarg;
		return 0;
	case OPT_CODE_MEMORY:
		o->code_memory = optarg;
		return 0;
	case OPT_ROOT:
		o->root = optarg;
		return 0;
	case OPT_IMAGE:
		o->image = optarg;
		return 0;
	case OPT_OCI:
		o->oci = optarg;
		return 0;
	case OPT_DISK:
		return take_disk(o);
	case OPT_KEEP:
		o->keep = true;
		return 0;
	case OPT_NET:
		return exec_net_take(optarg);
	case 'p':
		return exec_net_publish(optarg);
	case 'v':
		return take_folder(o);
	case 'e':
		return take_environment(o, environments, optarg);
	case 'w':
		o->directory = optarg;
		return 0;
	case 'u':
		o->user = optarg;
		return 0;
	case 'T':
		o->terminal = false;
		return 0;
	case OPT_HOSTNAME:
		o->host_name = optarg;
		return *optarg && strlen(optarg) <= 64
			   ? 0
			   : wrong("--hostname %s: 1 to 64 characters", optarg);
	case OPT_TIMEOUT:
		return parse_uint(optarg, 1, 1u << 30, &o->timeout_s)
			   ? 0
			   : wrong("--timeout %s: not a number of seconds", optarg);
	case OPT_COLD:
		o->cold = true;
		return 0;
	case OPT_ACCEL:
		return take_accel(o, optarg);
	case OPT_NO_SANDBOX:
		o->no_sandbox = true;
		return 0;
	case OPT_VERBOSE:
		o->verbose = true;
		return 0;
	case OPT_KERNEL:
		o->kernel = optarg;
		return 0;
	case OPT_INITRD:
		o->initrd = optarg;
		return 0;
	case 'h':
		fputs(help, stdout);
		return -1;
	default:
		fprintf(stderr, "Try 'papyr exec --help'.\n");
		return EXEC_FAILED;
	}
}

/* At most one root; and a command, which images may have. */
static int check_root(struct exec_options *o)
{
	bool disk_is_root = o->disk && !strcmp(o->disk_path, "/");
	struct error err;

	if (!!o->root + !!o->image + !!o->oci + disk_is_root > 1)
		return wrong("--root, --image, --oci and --disk are a root each; --disk FILE:/PATH "
			     "is a place in one");
	if (o->disk && (o->image || o->oci))
		return wrong("--image and --oci are a disk: there can't be another one");
	if (o->keep && !o->root && !o->image && !o->oci && !o->disk)
		return wrong("--keep wants a root or a disk");
	if ((o->image && exec_use_image(o, o->image, &err)) ||
	    (o->oci && exec_use_oci(o, o->oci, &err))) {
		cmd_error("exec: %s", err.text);
		return EXEC_FAILED;
	}
	return *o->command ? 0 : wrong("there is no command");
}

/* 0; -1: help was given; or an exit status. */
static int parse(int argc, char **argv, struct exec_options *o)
{
	unsigned environments = 0;
	int opt, ret;

	if (o->terminal)
		take_environment(o, &environments, "TERM");
	while ((opt = getopt_long(argc, argv, "+c:m:v:p:e:w:u:Th", options, NULL)) != -1) {
		ret = take_option(opt, o, &environments);
		if (ret)
			return ret;
	}
	if (!o->kernel != !o->initrd)
		return wrong("--kernel and --initrd belong together");
	o->command = argv + optind;
	ret = exec_net_words(&o->cards[0].net);
	o->n_cards = !!o->cards[0].net;
	return ret ? ret : check_root(o);
}

/* One guest's whole life. The exit status, or -1. */
static int use_guest(struct exec_guest *g, const struct exec_options *o, struct error *err)
{
	int status = -1;

	*err = (struct error){0};
	if (!exec_guest_start(g, o, err))
		status = o->hold ? o->hold() : 0;
	if (!status) {
		if (o->terminal)
			term_raw(STDIN_FILENO);
		status = exec_talk(g, o, err);
		if (o->terminal)
			term_restore();
	}
	exec_guest_end(g, status < 0 && !o->verbose && (!g->warm || g->greeted));
	return status;
}

int exec_run(struct exec_options *o, struct error *err)
{
	struct exec_guest g, other;
	int status = use_guest(&g, o, err);

	/* It may be the image, or what a guest that boots can't be started with either. */
	if (status < 0 && g.warm && !g.greeted) {
		o->cold = true;
		o->hold = NULL;
		status = use_guest(&other, o, err);
		if (other.greeted)
			exec_warm_drop(&g, o);
	}
	return status < 0 ? EXEC_FAILED : status;
}

static const char elsewhere[] =
    "; without a root there are busybox's programs alone: '--image debian' is Debian, with gcc "
    "and make, or see 'papyr image'";

static bool is_in_another_root(const struct exec_options *o, int status)
{
	return status == EXEC_NOT_FOUND && !o->root && !o->disk;
}

int cmd_exec(int argc, char **argv)
{
	static char *environment[EXEC_ENVIRONMENT_MAX + 1];
	struct exec_options o = {
	    .cpus = "1",
	    .memory = "512M",
	    .host_name = "papyr",
	    .environment = environment,
	    .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
	};
	struct error err = {0};
	int ret = parse(argc, argv, &o);

	if (ret)
		return ret < 0 ? STATUS_OK : ret;
	ret = exec_run(&o, &err);
	if (*err.text)
		cmd_error("exec: %s%s", err.text, is_in_another_root(&o, ret) ? elsewhere : "");
	return ret;
}
