/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS calls about connectors: what comes and goes while the guest runs.
 */
#include <libfdt.h>

#include "platform/fdt.h"
#include "platform/hotplug.h"
#include "platform/rtas.h"

#define INDICATOR_ISOLATION  9001
#define INDICATOR_LAMP	     9002
#define INDICATOR_ALLOCATION 9003

#define LAMP_STATES 4 /* off, on, identify, action */

static bool has_connector(struct machine *m, u32 index)
{
	enum hotplug_kind kind;
	unsigned number;

	return hotplug_find(m, index, &kind, &number);
}

/*
 * set-indicator(indicator, connector, state) -> status. 9001: 0 isolate, 1 unisolate; 9003: 0
 * unusable, 1 usable; 9002: a lamp that nobody sees. Status -3: no such indicator or connector, or
 * it isn't in a state for that; -9001: the guest uses what is behind it; 9902: not during a
 * migration, try again in 100 ms. PAPR 13.5.3.
 */
s32 rtas_set_indicator(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	u32 index = rtas_arg(a, 1), state = rtas_arg(a, 2);

	switch (rtas_arg(a, 0)) {
	case INDICATOR_ISOLATION:
		return hotplug_isolate(m, index, state);
	case INDICATOR_ALLOCATION:
		return hotplug_allocate(m, index, state);
	case INDICATOR_LAMP:
		return has_connector(m, index) && state < LAMP_STATES ? RTAS_SUCCESS
								      : RTAS_NO_INDICATOR;
	default:
		return RTAS_NO_INDICATOR;
	}
}

/* dr-entity-sense: 1 present, 2 unusable. Status -3: no such connector. */
s32 rtas_sense_connector(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	enum hotplug_kind kind;
	const struct drc *d;
	unsigned number;
	u32 sense = 0;

	lock_acquire(&m->lock);
	d = hotplug_find(m, rtas_arg(a, 1), &kind, &number);
	if (d)
		sense = drc_sense(d);
	lock_release(&m->lock);
	if (!d)
		return RTAS_NO_INDICATOR;
	rtas_result(a, 1, sense);
	return RTAS_SUCCESS;
}

/* ---- ibm,configure-connector ---- */

/*
 * The work area. The guest fills in the first two words, the second with 0 to begin; it leaves the
 * area alone until it has all. What was handed out last is counted there.
 */
#define AREA_BYTES  4096
#define AREA_STEP   4
#define AREA_NAME   8  /* where the name is: of a node or of a property */
#define AREA_LENGTH 12 /* of a property */
#define AREA_VALUE  16 /* where it is */
#define AREA_DATA   20

#define CONFIGURE_DONE	   0
#define CONFIGURE_CHILD	   2
#define CONFIGURE_PROPERTY 3
#define CONFIGURE_PARENT   4

static s32 put_name(u8 *area, const char *name, size_t bytes)
{
	memcpy(area + AREA_DATA, name, bytes);
	store_be32(area + AREA_NAME, AREA_DATA);
	return CONFIGURE_CHILD;
}

static s32 put_property(u8 *area, const void *fdt, int at)
{
	const char *name;
	int len;
	const void *value = fdt_getprop_by_offset(fdt, at, &name, &len);
	size_t bytes = value ? strlen(name) + 1 : 0;

	if (!value || AREA_DATA + bytes + len > AREA_BYTES)
		return RTAS_HARDWARE;
	put_name(area, name, bytes);
	memcpy(area + AREA_DATA + bytes, value, len);
	store_be32(area + AREA_LENGTH, len);
	store_be32(area + AREA_VALUE, AREA_DATA + bytes);
	return CONFIGURE_PROPERTY;
}

/* What is at @step of the tree's only branch, all of it told in order. */
static s32 hand_out(u8 *area, const void *fdt, u32 step)
{
	int at = fdt_first_subnode(fdt, 0), next, depth = 0;
	const char *name;
	u32 tag;

	for (u32 i = 0;; i++, at = next) {
		tag = fdt_next_tag(fdt, at, &next);
		depth += (tag == FDT_BEGIN_NODE) - (tag == FDT_END_NODE);
		if (i == step)
			break;
		if (!depth || tag == FDT_END)
			return RTAS_PARAMETER;
	}
	switch (tag) {
	case FDT_BEGIN_NODE:
		name = fdt_get_name(fdt, at, NULL);
		return put_name(area, name, strlen(name) + 1);
	case FDT_PROP:
		return put_property(area, fdt, at);
	default:
		return depth ? CONFIGURE_PARENT : CONFIGURE_DONE;
	}
}

/* With m->lock held. */
static s32 configure(struct machine *m, u8 *area)
{
	u32 step = load_be32(area + AREA_STEP);
	u64 fdt[FDT_BRANCH_ROOM / 8];
	enum hotplug_kind kind;
	unsigned number;
	struct drc *d = hotplug_find(m, load_be32(area), &kind, &number);
	s32 r;

	if (!d)
		return RTAS_PARAMETER;
	if (!drc_may_configure(d))
		return RTAS_NOT_CONFIGURABLE;
	if (fdt_build_branch(m, kind, number, fdt, sizeof(fdt)))
		return RTAS_HARDWARE;
	r = hand_out(area, fdt, step);
	if (r >= 0)
		store_be32(area + AREA_STEP, step + 1);
	if (r == CONFIGURE_DONE)
		drc_configure(d, kind == HOTPLUG_CPUS);
	return r;
}

/*
 * ibm,configure-connector(work area, more memory) -> status. Hands out what the device tree says of
 * the thing behind a connector, one node or property each call: 2 the name of a node, 3 a property,
 * 4 the end of a node, 0 of all. Status -3: no such connector, or the work area isn't as it was
 * left; -9003: the connector isn't unisolated. PAPR 13.5.3.5.
 */
s32 rtas_configure_connector(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	u8 *buf = rtas_buffer(a, rtas_arg(a, 0), AREA_BYTES);
	u8 area[AREA_BYTES];
	s32 r;

	if (!buf)
		return RTAS_PARAMETER;
	/* Another vcpu may be changing it while we look. */
	memcpy(area, buf, sizeof(area));
	lock_acquire(&m->lock);
	r = configure(m, area);
	lock_release(&m->lock);
	memcpy(buf, area, sizeof(area));
	return r;
}
