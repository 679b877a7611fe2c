/* SPDX-License-Identifier: Apache-2.0 */
/* What a fence is made of, and capabilities. */
#include "sandbox/sandbox.h"

#include <cap-ng.h>
#include <unistd.h>

void sandbox_add_path(struct sandbox *s, const char *path, enum sandbox_access access)
{
	if (path && s->n_paths < SANDBOX_PATHS_MAX)
		s->paths[s->n_paths++] = (struct sandbox_path){path, access};
}

/*
 * Those that root has to have for a guest's files and networks: to make files of others in shared
 * folders, to open ports below 1024, to answer a guest's ping, to open a tap; and for
 * a POWER host's KVM to hold the tables of a guest's windows.
 */
static const unsigned wanted[] = {CAP_CHOWN,   CAP_DAC_OVERRIDE,     CAP_FOWNER,
				  CAP_FSETID,  CAP_NET_BIND_SERVICE, CAP_NET_RAW,
				  CAP_IPC_LOCK};

/* Who has none keeps none. */
static int drop_capabilities(const struct sandbox *s, struct error *err)
{
	bool had[CAP_LAST_CAP + 1];

	if (capng_get_caps_process())
		return error_errno(err, "cannot tell which capabilities there are");
	if (capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE)
		return 0;
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
		had[i] = capng_have_capability(CAPNG_PERMITTED, i);
	capng_clear(CAPNG_SELECT_CAPS);
	for (unsigned i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (had[wanted[i]])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, wanted[i]);
	if (s->tap && had[CAP_NET_ADMIN])
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	return capng_apply(CAPNG_SELECT_CAPS) ? error_errno(err, "cannot give up capabilities") : 0;
}

int sandbox_begin(const struct sandbox *s, struct error *err)
{
	if (sandbox_calls(s, err) || drop_capabilities(s, err))
		return -1;
	return s->tight ? sandbox_files(s, err) : 0;
}
