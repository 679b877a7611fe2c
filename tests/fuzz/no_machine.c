/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For fuzzers of what reads saved guests: what the devices' own loaders need of a machine. There is
 * none, so they aren't called.
 */
#include "platform/booke/board.h"
#include "platform/console.h"
#include "platform/rtas.h"

void console_save(struct console *con, struct state_out *out)
{
}

int console_load(struct console *con, struct state_in *in)
{
	return 0;
}

void board_save(struct machine *m, struct state_out *out)
{
}

int board_load_state(struct machine *m, struct state_in *in)
{
	return 0;
}

const char *rtas_name(unsigned i, u32 *token)
{
	return NULL;
}

bool rtas_is_told(const struct machine *m, unsigned i)
{
	return false;
}
