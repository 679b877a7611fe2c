/* SPDX-License-Identifier: Apache-2.0 */
/* papyr run's parts: what its user asks for, and the devices of it. */
#ifndef PAPYR_CMD_RUN_H
#define PAPYR_CMD_RUN_H

#include "cmd/cmd.h"
#include "devices/vio/llan.h"
#include "devices/vio/vscsi.h"
#include "migration/live/live.h"
#include "platform/machine.h"
#include "platform/trace.h"
#include "sandbox/sandbox.h"

#define NETS_MAX     8
#define CHANNELS_MAX 8
#define SHARES_MAX   8

/* The texts are the command line's, but for the name. */
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
	bool rng, balloon;
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

/*
 * Takes the command line into @o, which has what is without it. What is wrong is said on stderr.
 */
struct parsed run_parse(int argc, char **argv, struct run_options *o);

/* May a guest, or a port or a share of one, be called so? */
bool run_name_ok(const char *s);

/*
 * The devices' options: each takes getopt's optarg, cuts it into its words where it is and keeps
 * them. 0, or -1 if it is wrong and was said.
 */
int run_take_disk(struct run_options *o);
int run_take_net(struct run_options *o);
int run_take_channel(struct run_options *o);
int run_take_share(struct run_options *o);

/* Makes them; -1: @m may have some of them, and goes with those. */
int run_add_devices(struct machine *m, struct run_options *o, struct error *err);
/* The files that they have open later, for a tight fence. */
void run_add_device_paths(const struct run_options *o, struct sandbox *s);

/* Usage that is wrong: -1. */
#define wrong(...) (cmd_usage("run", __VA_ARGS__), -1)

#endif
