/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/channel/fault.h"

#include <signal.h>
#include <sys/socket.h>

#include "migration/channel/internal.h"

#define FAULT_STEP_NAME(name, text) [FAULT_##name] = text,
static const char *const step_names[FAULT_STEPS_END] = {FAULT_STEPS(FAULT_STEP_NAME)};

static void do_kill(struct channel *ch)
{
	raise(SIGKILL);
}

static void do_stop(struct channel *ch)
{
	raise(SIGSTOP);
}

static void do_stall(struct channel *ch)
{
	ch->stalled = true;
}

/* What has come by then and wasn't read is lost too: an answer that was quick doesn't hide it. */
static void do_cut(struct channel *ch)
{
	char lost[256];

	shutdown(ch->fd, SHUT_RDWR);
	while (recv(ch->fd, lost, sizeof(lost), MSG_DONTWAIT) > 0)
		continue;
}

static const struct action {
	const char *name;
	void (*fn)(struct channel *ch);
} actions[] = {
    {"kill", do_kill},
    {"stop", do_stop},
    {"stall", do_stall},
    {"cut", do_cut},
};

static struct {
	enum fault_step step; /* FAULT_NONE: no fault */
	const struct action *action;
} ordered;

static enum fault_step find_step(const char *name, size_t len)
{
	for (unsigned i = FAULT_NONE + 1; i < FAULT_STEPS_END; i++)
		if (strlen(step_names[i]) == len && !memcmp(step_names[i], name, len))
			return i;
	return FAULT_NONE;
}

int fault_order(const char *order, struct error *err)
{
	size_t len = order ? strcspn(order, ":") : 0;

	ordered.step = FAULT_NONE;
	if (!order || !*order)
		return 0;
	for (size_t i = 0; order[len] && i < ARRAY_SIZE(actions); i++)
		if (!strcmp(actions[i].name, order + len + 1)) {
			ordered.action = &actions[i];
			ordered.step = find_step(order, len);
		}
	if (ordered.step)
		return 0;
	return error_set(err,
			 "PAPYR_FAULT=%.100s is no fault that can be met: it is STEP:kill, stop, "
			 "stall or cut, and docs/migration.md lists the steps",
			 order);
}

void fault_point(struct channel *ch, enum fault_step step)
{
	if (unlikely(step == ordered.step))
		ordered.action->fn(ch);
}
