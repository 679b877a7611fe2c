/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of the control socket. Those that QEMU has too mean the same; the others begin with
 * x-.
 */
#include <errno.h>
#include <fcntl.h>
#include <papyr/papyr.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "migration/file/file.h"
#include "monitor/args.h"
#include "monitor/migrate.h"
#include "monitor/qmp.h"
#include "platform/fwnmi.h"
#include "platform/hotplug.h"
#include "platform/kind.h"
#include "platform/models.h"
#include "platform/vcpu.h"

int qmp_fail(struct qmp_result *result)
{
	result->error_class = QMP_GENERIC_ERROR;
	return -1;
}

json_t *qmp_version(void)
{
	unsigned major = 0, minor = 0, micro = 0;

	sscanf(PAPYR_VERSION, "%u.%u.%u", &major, &minor, &micro);
	return json_pack("{s:{s:i,s:i,s:i},s:s}", "qemu", "major", major, "minor", minor, "micro",
			 micro, "package", "papyr " PAPYR_VERSION);
}

static void do_query_version(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	result->value = qmp_version();
}

static void do_query_name(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	result->value = json_pack("{s:s}", "name", qmp_machine(c)->cfg.name);
}

static void do_query_status(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	const char *status = machine_status(qmp_machine(c));

	result->value = json_pack("{s:b,s:b,s:s}", "running", !strcmp(status, "running"),
				  "singlestep", 0, "status", status);
}

static void do_query_cpus_fast(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct machine *m = qmp_machine(c);

	result->value = json_array();
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct vcpu *vcpu = &m->vcpus[i];
		struct vcpu_look look;
		char path[48];

		vcpu_look(vcpu, &look);
		if (!look.present)
			continue;
		snprintf(path, sizeof(path), "/machine/vcpu[%u]", i);
		json_array_append_new(result->value,
				      json_pack("{s:i,s:s,s:i,s:s,s:{s:i,s:i}}", "cpu-index", i,
						"qom-path", path, "thread-id", look.tid, "target",
						m->cfg.kind->papr ? "ppc64" : "ppc", "props",
						"core-id", vcpu->id - i % m->cfg.threads,
						"thread-id", i % m->cfg.threads));
	}
}

static void do_stop(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	machine_pause(qmp_machine(c));
}

static void resume(struct qmp_client *c, enum machine_move how, struct qmp_result *result)
{
	struct machine *m = qmp_machine(c);
	bool was_paused = machine_is_paused(m);

	if (!migrate_claim_guest(m, how, result))
		return;
	/* Meanwhile a migration may have begun to hand it over. */
	if (!machine_resume(m)) {
		migrate_claim_guest(m, MOVE_USE, result);
		return;
	}
	machine_debug_wait_no_longer(m);
	if (!was_paused && machine_debug_holds(m)) {
		error_set(&result->error, "a debugger has stopped the guest: let it go on there, "
					  "or detach the debugger");
		qmp_fail(result);
	}
}

static void do_cont(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	resume(c, MOVE_CLAIM, result);
}

/* x-cont-forced: cont, even if the other side of a migration said that the guest runs there. */
static void do_x_cont_forced(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	resume(c, MOVE_FORCE, result);
}

static void do_quit(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	machine_request(qmp_machine(c), REQUEST_QUIT);
}

static void do_system_reset(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	if (migrate_claim_guest(qmp_machine(c), MOVE_USE, result))
		machine_request(qmp_machine(c), REQUEST_RESET);
}

/* Every processor that runs has a system reset, which its kernel reports. */
static void do_inject_nmi(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct machine *m = qmp_machine(c);

	if (migrate_claim_guest(m, MOVE_USE, result) &&
	    (machine_is_papr(m, "system reset interrupts", &result->error) ||
	     machine_nmi(m, &result->error)))
		qmp_fail(result);
}

static void do_system_powerdown(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	if (machine_powerdown(qmp_machine(c), &result->error))
		qmp_fail(result);
}

static void do_getfd(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	const char *name = json_string_value(json_object_get(args, "fdname"));

	if (!name[0] || strlen(name) > 31)
		error_set(&result->error, "'fdname' must be a name of at most 31 characters");
	else if (qmp_keep_fd(c, name))
		error_set(&result->error,
			  "no descriptor came with the message, or too many are kept already");
	else
		return;
	qmp_fail(result);
}

/* ---- Our own ---- */

/* x-break-memory {address}: whoever in the guest touches these 4 KiB has a machine check. */
static void do_x_break_memory(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct machine *m = qmp_machine(c);
	u64 gpa = json_integer_value(json_object_get(args, "address"));

	if (migrate_claim_guest(m, MOVE_USE, result) &&
	    (machine_is_papr(m, "memory that breaks", &result->error) ||
	     machine_break_memory(m, gpa, &result->error)))
		qmp_fail(result);
}

static void do_x_info(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct machine *m = qmp_machine(c);
	json_t *vcpus = json_array();

	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct vcpu_look look;

		vcpu_look(&m->vcpus[i], &look);
		if (!look.present)
			continue;
		json_array_append_new(vcpus,
				      json_pack("{s:i,s:b,s:I}", "id", m->vcpus[i].id, "online",
						look.online, "exits", (json_int_t)look.exits));
	}
	result->value =
	    json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:i,s:I,s:i,s:I,s:o}", "name", m->cfg.name, "pid",
		      getpid(), "status", machine_status(m), "accel", m->accel->name, "machine",
		      m->cfg.kind->name, "cpu", m->cfg.model->name, "threads", m->cfg.threads,
		      "memory", (json_int_t)guest_mem_present(&m->mem), "htab-order", m->htab_order,
		      "real-mode-area", (json_int_t)m->rma_bytes, "vcpus", vcpus);
	json_object_set_new(result->value, "max-memory", json_integer(m->mem.bytes));
	json_object_set_new(result->value, "max-vcpus", json_integer(m->n_vcpus));
	json_object_set_new(result->value, "kernel",
			    m->cfg.kernel ? json_string(m->cfg.kernel) : json_null());
}

static json_t *hotplug_json(struct machine *m, enum hotplug_kind kind)
{
	struct hotplug_look look;

	hotplug_look(m, kind, &look);
	return json_pack("{s:I,s:I,s:I,s:I,s:I}", "now", (json_int_t)look.now, "online",
			 (json_int_t)look.online, "wanted", (json_int_t)look.wanted, "pending",
			 (json_int_t)look.pending, "max", (json_int_t)look.max);
}

static void want(struct qmp_client *c, enum hotplug_kind kind, json_t *amount,
		 struct qmp_result *result)
{
	struct machine *m = qmp_machine(c);
	json_int_t n = json_integer_value(amount);

	if (amount &&
	    machine_is_papr(m, "processors and memory that come and go", &result->error)) {
		qmp_fail(result);
		return;
	}
	if (amount && !migrate_claim_guest(m, MOVE_USE, result))
		return;
	if (amount && migrate_under_way(qmp_live(c))) {
		error_set(&result->error, "a migration is under way: wait until it is over, and "
					  "ask the guest where it is then");
		qmp_fail(result);
		return;
	}
	if (amount && hotplug_want(m, kind, n < 0 ? 0 : n, &result->error)) {
		qmp_fail(result);
		return;
	}
	result->value = hotplug_json(m, kind);
}

/*
 * x-cpus {count}, x-memory {size}: the guest shall have so much. It is told of it and answers when
 * it likes; without the argument: how far it is.
 */
static void do_x_cpus(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	want(c, HOTPLUG_CPUS, json_object_get(args, "count"), result);
}

static void do_x_memory(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	want(c, HOTPLUG_MEMORY, json_object_get(args, "size"), result);
}

struct save_progress {
	struct qmp_client *client;
	struct timespec last;
};

/* Ten times a second is enough for any bar. */
static void tell_progress(void *opaque, u64 done, u64 total)
{
	struct save_progress *p = opaque;
	struct timespec now;
	u64 ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - p->last.tv_sec) * 1000 + (now.tv_nsec - p->last.tv_nsec) / 1000000;
	if (ms < 100 && done < total)
		return;
	p->last = now;
	qmp_client_event(
	    p->client, "X_PROGRESS",
	    json_pack("{s:I,s:I}", "done", (json_int_t)done, "total", (json_int_t)total));
}

/*
 * x-save {path, quit}: stops the guest and writes it to the file. With quit the process ends when
 * the file is complete; else, and if it fails, the guest goes on if it was running.
 */
static void do_x_save(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct machine *m = qmp_machine(c);
	const char *path = json_string_value(json_object_get(args, "path"));
	bool quit = json_is_true(json_object_get(args, "quit"));
	struct save_progress p = {.client = c};
	bool was_paused;

	if (path[0] != '/') {
		error_set(&result->error, "'path' must be an absolute path");
		qmp_fail(result);
		return;
	}
	if (!migrate_claim_guest(m, MOVE_USE, result))
		return;
	if (migrate_under_way(qmp_live(c))) {
		error_set(&result->error,
			  "a migration is under way: save when it is over, or cancel it");
		qmp_fail(result);
		return;
	}
	was_paused = machine_is_paused(m);
	machine_pause(m);
	if (migration_save(m, path, tell_progress, &p, &result->error)) {
		qmp_fail(result);
		quit = false;
	}
	if (quit)
		machine_request(m, REQUEST_QUIT);
	else if (!was_paused)
		machine_resume(m);
}

static void do_query_commands(struct qmp_client *c, json_t *args, struct qmp_result *result);

static const struct {
	const char *name;
	const char *takes; /* as for qmp_check_args() */
	void (*fn)(struct qmp_client *c, json_t *args, struct qmp_result *result);
} commands[] = {
    {"balloon", "value:int", qmp_balloon},
    {"cont", "", do_cont},
    {"getfd", "fdname:str", do_getfd},
    {"inject-nmi", "", do_inject_nmi},
    {"migrate", "uri:str blk:bool? inc:bool? detach:bool? resume:bool?", migrate_start},
    {"migrate-incoming", "uri:str", migrate_incoming},
    {"migrate-set-capabilities", "capabilities:list", migrate_set_capabilities},
    {"migrate-set-parameters", MIGRATE_PARAMETERS, migrate_set_parameters},
    {"migrate_cancel", "", migrate_cancel},
    {"query-balloon", "", qmp_query_balloon},
    {"query-commands", "", do_query_commands},
    {"query-cpus-fast", "", do_query_cpus_fast},
    {"query-migrate", "", migrate_query},
    {"query-migrate-capabilities", "", migrate_query_capabilities},
    {"query-migrate-parameters", "", migrate_query_parameters},
    {"query-name", "", do_query_name},
    {"query-status", "", do_query_status},
    {"query-version", "", do_query_version},
    {"quit", "", do_quit},
    {"stop", "", do_stop},
    {"system_powerdown", "", do_system_powerdown},
    {"system_reset", "", do_system_reset},
    {"x-balloon", "size:int?", qmp_x_balloon},
    {"x-break-memory", "address:int", do_x_break_memory},
    {"x-cont-forced", "", do_x_cont_forced},
    {"x-cpus", "count:int?", do_x_cpus},
    {"x-gdb", "where:str?", qmp_x_gdb},
    {"x-htab", "fdname:str follow:bool?", qmp_x_htab},
    {"x-info", "", do_x_info},
    {"x-memory", "size:int?", do_x_memory},
    {"x-save", "path:str quit:bool?", do_x_save},
    {"x-stats", "registers:bool?", qmp_x_stats},
    {"x-tlb", "shadow:bool?", qmp_x_tlb},
    {"x-trace", "events:str fdname:str", qmp_x_trace},
};

static void do_query_commands(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	result->value = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		json_array_append_new(result->value, json_pack("{s:s}", "name", commands[i].name));
}

void qmp_execute(struct qmp_client *client, const char *command, json_t *args,
		 struct qmp_result *result)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(command, commands[i].name))
			continue;
		if (qmp_check_args(commands[i].takes, args, &result->error))
			qmp_fail(result);
		else
			commands[i].fn(client, args, result);
		return;
	}
	result->error_class = QMP_COMMAND_NOT_FOUND;
	error_set(&result->error, "there is no command '%.64s'", command);
}
