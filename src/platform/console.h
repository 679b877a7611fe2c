/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's console: /vdevice/vty@71000000 towards the guest, a pair of descriptors towards the
 * user.
 *
 * Output goes through a buffer that a thread of its own empties, so that a terminal which stands
 * still holds up the guest's output (H_BUSY) but neither a vcpu nor the control socket. Nothing
 * that was accepted is lost: console_drain() waits for it.
 */
#ifndef PAPYR_PLATFORM_CONSOLE_H
#define PAPYR_PLATFORM_CONSOLE_H

#include "base/bits.h"
#include "platform/error.h"
#include "platform/loop.h"
#include "platform/state.h"

#define VTY_UNIT 0x71000000

struct console;

struct console_ops {
	void (*input)(void *opaque); /* bytes came for the guest */
	void (*quit)(void *opaque);  /* Ctrl-A x */
	/* Output was refused, and there is room again. The writer's thread; may be NULL. */
	void (*room)(void *opaque);
	/* Output can't be written: why, as errno says. The writer's thread; may be NULL. */
	void (*lost)(void *opaque, int error);
};

/* -1 for @in_fd or @out_fd: nothing there. Input is looked at from console_start() on. */
struct console *console_new(struct loop *loop, int in_fd, int out_fd, const struct console_ops *ops,
			    void *opaque);
/*
 * A terminal is put into raw mode and restored on console_free(), on exit and on every signal that
 * ends the process.
 */
void console_start(struct console *con);
void console_free(struct console *con);

/*
 * vcpu threads: up to @max bytes of input; how many there were. It ends between a CR and a NUL:
 * Linux drops the NUL of such a pair that one H_GET_TERM_CHAR returns.
 */
unsigned console_read(struct console *con, u8 *buf, unsigned max);
/* vcpu threads: all of @len bytes or, when there is no room, nothing and false. */
bool console_write(struct console *con, const u8 *buf, unsigned len);

/* Waits until all output is out, or @timeout_ms passed (-1: as long as it takes). */
bool console_drain(struct console *con, int timeout_ms);

/* Input not yet fetched by the guest, and output on its way: bytes that a saved guest keeps. */
void console_save(struct console *con, struct state_out *out);
int console_load(struct console *con, struct state_in *in);
void console_reset(struct console *con);
bool console_has_input(struct console *con);

#endif
