/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board: a machine whose guest runs on a BookE processor as on bare hardware, with devices that
 * are reached by addresses and by device control registers (DCRs). What the boards have in common
 * is here: two UARTs, the first of which is the console, and how a kernel is started, by ePAPR.
 *
 * The devices have no locks of their own: @lock is held while one of them is used.
 */
#ifndef PAPYR_PLATFORM_BOOKE_BOARD_H
#define PAPYR_PLATFORM_BOOKE_BOARD_H

#include <papyr/kvm.h>
#include <stdbool.h>

#include "base/bits.h"
#include "base/lock.h"
#include "platform/booke/gpio.h"
#include "platform/booke/mpic.h"
#include "platform/booke/uart.h"
#include "platform/booke/uic.h"
#include "platform/error.h"
#include "platform/state.h"
#include "platform/vcpu.h"

struct board;
struct dt_tree;
struct machine;
struct vcpu;

struct board_ops {
	u64 mem_max;
	u32 tlb_kind;  /* KVM_CPU_* */
	u64 first_map; /* of low memory, when the processor starts */
	u64 uart_base[2];
	unsigned clock_hz; /* of the UARTs */
	/* A UART's interrupt line changed. */
	void (*uart_line)(struct board *b, unsigned i, bool high);
	/* The interrupt controller as at power-on. */
	void (*reset)(struct board *b);
	/*
	 * A register of 32 bits that isn't a UART's; false: there is none. NULL, here and of the
	 * DCRs: there are none at all.
	 */
	bool (*read)(struct board *b, u64 gpa, u32 *val);
	bool (*write)(struct board *b, u64 gpa, u32 val);
	bool (*read_dcr)(struct board *b, u32 number, u32 *val);
	bool (*write_dcr)(struct board *b, u32 number, u32 val);
	/* The device tree but for what board_describe() says. */
	void (*describe)(struct board *b, struct dt_tree *t);
	bool has_gpio;
	/* The interrupt controller's state. */
	void (*save)(struct board *b, struct state_out *out);
	void (*load)(struct board *b, struct state_in *in);
};

#define BOARD_UARTS    2
#define BOARD_REGS_MAX 96

struct board {
	struct machine *m;
	const struct board_ops *ops;
	struct lock lock;
	struct board_uart {
		struct board *board;
		struct uart uart;
	} uarts[BOARD_UARTS];
	struct uic uic;		  /* of bamboo */
	struct mpic mpic;	  /* of ppce500 */
	struct gpio gpio;	  /* the same's */
	bool reset_asked;	  /* the guest wants to start again */
	bool poweroff_asked;
	u64 initrd, initrd_bytes; /* 0: none */
	/* The vcpu's as KVM made it. */
	struct kvm_sregs power_on;
	unsigned n_power_on_regs;
	struct {
		u64 id, val;
	} power_on_regs[BOARD_REGS_MAX];
};

/* ---- For machine kinds ---- */

int board_make(struct machine *m, const struct board_ops *ops, struct error *err);
int board_reset(struct machine *m, struct error *err);
bool board_exit(struct vcpu *vcpu);
void board_input(struct machine *m);
void board_output_room(struct machine *m);
void board_free(struct machine *m);

/* Of a board's struct machine_kind, all but its name, its processor and how it is made. */
#define BOARD_KIND                                                                                 \
	.make_vcpu = board_make_vcpu, .regs = board_regs, .n_regs = &n_board_regs,                 \
	.reset_vcpu = board_reset_vcpu, .reset = board_reset, .load = board_load,                  \
	.start = board_start, .exit = board_exit, .input = board_input,                            \
	.output_room = board_output_room, .free = board_free

/* ---- For boards ---- */

/* The external interrupt line of a vcpu. */
void board_interrupt(struct board *b, unsigned cpu, bool high);

/* ---- For the guest's saved state ---- */

void board_save(struct machine *m, struct state_out *out);
int board_load_state(struct machine *m, struct state_in *in);

/* ---- board_vcpu.c ---- */

int board_make_vcpu(struct vcpu *vcpu, struct error *err);
int board_reset_vcpu(struct vcpu *vcpu, struct error *err);
/* PAPYR_GET_TLB, of whichever processor: room for @max entries, and how many there are in @tlb. */
int board_get_tlb(struct vcpu *vcpu, u32 which, struct papyr_tlb *tlb, void *entries, u32 max);
/* What of a vcpu is read and set by its number: those of vcpu.h. */
extern const struct vcpu_reg board_regs[];
extern const unsigned n_board_regs;

/* ---- board_boot.c ---- */

struct boot_entry;
int board_load(struct machine *m, struct boot_entry *entry, struct error *err);
int board_start(struct vcpu *vcpu, const struct boot_entry *entry, struct error *err);
/* A UART's node, in a bus of one address cell: @irq is as the interrupt controller counts. */
void board_describe_uart(struct board *b, struct dt_tree *t, unsigned i, u32 offset, u32 irq,
			 u32 sense, u32 controller);

#endif
