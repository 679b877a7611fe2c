/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that ask a guest for memory by its balloon: QEMU's two, and one that tells more. */
#include "platform/balloon.h"

#include "monitor/migrate.h"
#include "monitor/qmp.h"

static const char *const statistic_names[BALLOON_STATISTICS] = {
    [BALLOON_SWAP_IN] = "swap-in",
    [BALLOON_SWAP_OUT] = "swap-out",
    [BALLOON_MAJOR_FAULTS] = "major-faults",
    [BALLOON_MINOR_FAULTS] = "minor-faults",
    [BALLOON_FREE] = "free",
    [BALLOON_TOTAL] = "total",
    [BALLOON_AVAILABLE] = "available",
    [BALLOON_CACHES] = "caches",
    [BALLOON_HUGE_PAGES] = "huge-pages",
    [BALLOON_HUGE_FAILURES] = "huge-failures",
};

/* @value: what the guest shall have; NULL: nothing is asked for. */
static bool take_wish(struct qmp_client *c, json_t *value, struct qmp_result *result)
{
	json_int_t n = json_integer_value(value);

	if (!value)
		return true;
	if (!migrate_claim_guest(qmp_machine(c), MOVE_USE, result))
		return false;
	if (!balloon_want(qmp_machine(c), n < 0 ? 0 : n, &result->error))
		return true;
	qmp_fail(result);
	return false;
}

/* balloon {value}: the guest shall have so many bytes of its memory, and give up the rest. */
void qmp_balloon(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	take_wish(c, json_object_get(args, "value"), result);
}

void qmp_query_balloon(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct balloon_look look;

	if (balloon_look(qmp_machine(c), &look, &result->error))
		qmp_fail(result);
	else
		result->value = json_pack("{s:I}", "actual", (json_int_t)look.actual);
}

static json_t *statistics(const struct balloon_look *look)
{
	json_t *all = json_object();

	for (unsigned i = 0; look->told && i < BALLOON_STATISTICS; i++)
		if (look->statistics[i] != ~0ull)
			json_object_set_new(all, statistic_names[i],
					    json_integer(look->statistics[i]));
	return all;
}

/*
 * x-balloon {size}: as x-memory, by the balloon; and what the guest told of its memory, the number
 * of times it did so, and whether it has a driver.
 */
void qmp_x_balloon(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct balloon_look look;
	u64 now, wanted;

	if (!take_wish(c, json_object_get(args, "size"), result))
		return;
	if (balloon_look(qmp_machine(c), &look, &result->error)) {
		qmp_fail(result);
		return;
	}
	now = look.actual;
	wanted = look.wanted < look.memory ? look.memory - look.wanted : 0;
	result->value = json_pack("{s:I,s:I,s:I,s:I,s:b,s:I,s:o}", "now", (json_int_t)now, "wanted",
				  (json_int_t)wanted, "pending",
				  (json_int_t)(now > wanted ? now - wanted : wanted - now), "max",
				  (json_int_t)look.memory, "driver", look.driven, "told",
				  (json_int_t)look.told, "statistics", statistics(&look));
}
