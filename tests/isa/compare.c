/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

#include "compare.h"
#include "known_wrong.h"

/* One thing that differs: its kind, its name, and both values. */
struct difference {
	unsigned what;
	char name[24];
	u64 in, ours, peer;
};

#define DIFFERENCES_MAX 256

static struct difference differences[DIFFERENCES_MAX];
static unsigned nr_differences;

static void note(unsigned what, u64 in, u64 ours, u64 peer, const char *format, unsigned n)
{
	struct difference *d = &differences[nr_differences];

	if (ours == peer || nr_differences == DIFFERENCES_MAX)
		return;
	*d = (struct difference){.what = what, .in = in, .ours = ours, .peer = peer};
	snprintf(d->name, sizeof(d->name), format, n);
	nr_differences++;
}

static void note_memory(const struct isa_result *ours, const struct isa_result *peer)
{
	note(W_MEM, 0, ours->changes, peer->changes, "changed doublewords", 0);
	for (u64 i = 0; i < CHANGES_MAX && (i < ours->changes || i < peer->changes); i++) {
		note(W_MEM, 0, ours->change[i].address, peer->change[i].address,
		     "address of change %u", (unsigned)i);
		note(W_MEM, 0, ours->change[i].value, peer->change[i].value, "memory, change %u",
		     (unsigned)i);
	}
}

static void find_differences(const struct isa_state *in, const struct isa_result *ours,
			     const struct isa_result *peer)
{
	const struct isa_state *a = &ours->state, *b = &peer->state;

	nr_differences = 0;
	note(W_END, 0, ours->signal, peer->signal, "signal", 0);
	note(W_END, 0, ours->nip, peer->nip, "nip", 0);
	for (unsigned i = 0; i < 32; i++)
		note(W_GPR, in->gpr[i], a->gpr[i], b->gpr[i], "r%u", i);
	note(W_CR, in->cr, a->cr, b->cr, "CR", 0);
	note(W_XER, in->xer, a->xer, b->xer, "XER", 0);
	note(W_LR, in->lr, a->lr, b->lr, "LR", 0);
	note(W_CTR, in->ctr, a->ctr, b->ctr, "CTR", 0);
	note(W_FPSCR, in->fpscr, a->fpscr, b->fpscr, "FPSCR", 0);
	note(W_VSCR, in->vscr, a->vscr, b->vscr, "VSCR", 0);
	for (unsigned i = 0; i < 64; i++) {
		note(W_VSR, in->vsr[i][0], a->vsr[i][0], b->vsr[i][0], "vs%u.0", i);
		note(W_VSR, in->vsr[i][1], a->vsr[i][1], b->vsr[i][1], "vs%u.1", i);
	}
	note_memory(ours, peer);
}

static bool same(const struct isa_result *a, const struct isa_result *b)
{
	/* TAR is used on the peer's way out. */
	return a->signal == b->signal && a->nip == b->nip && a->changes == b->changes &&
	       !memcmp(a->change, b->change, sizeof(a->change)) &&
	       !memcmp(&a->state, &b->state, offsetof(struct isa_state, tar)) &&
	       a->state.fpscr == b->state.fpscr && a->state.vscr == b->state.vscr &&
	       !memcmp(a->state.vsr, b->state.vsr, sizeof(a->state.vsr));
}

enum verdict compare(const struct insn_row *row, u32 insn, const struct isa_state *in,
		     const struct isa_result *ours, const struct isa_result *peer)
{
	if (same(ours, peer))
		return SAME;
	if (!row)
		return DIFFERENT;
	find_differences(in, ours, peer);
	for (unsigned i = 0; i < nr_differences; i++) {
		const struct difference *d = &differences[i];

		if (!known_wrong(row->mnemonic, insn, d->what, d->ours ^ d->peer, in, ours, peer))
			return DIFFERENT;
		if (d->what == W_END)
			break;
	}
	return EXCUSED;
}

static void print_code(const struct isa_batch *batch)
{
#ifdef HAVE_CAPSTONE
	csh handle;

	if (cs_open(CS_ARCH_PPC, CS_MODE_64 | CS_MODE_BIG_ENDIAN, &handle) == CS_ERR_OK) {
		for (unsigned i = 0; i < batch->code_words; i++) {
			const struct insn_row *row = isa_lookup(batch->code[i], ISA_207);
			u8 bytes[4];
			cs_insn *insn;
			size_t n;

			store_be32(bytes, batch->code[i]);
			n = cs_disasm(handle, bytes, 4, TEST_CODE + 4 * i, 1, &insn);
			printf("    %08x  %-10s %s %s\n", batch->code[i], row ? row->mnemonic : "?",
			       n ? insn->mnemonic : "(not known to capstone)",
			       n ? insn->op_str : "");
			if (n)
				cs_free(insn, n);
		}
		cs_close(&handle);
		return;
	}
#endif
	for (unsigned i = 0; i < batch->code_words; i++) {
		const struct insn_row *row = isa_lookup(batch->code[i], ISA_207);

		printf("    %08x  %s\n", batch->code[i], row ? row->mnemonic : "?");
	}
}

/* The values of the registers that the fields of a single instruction can name. */
static void print_operands(u32 insn, const struct isa_state *in)
{
	static const u8 at[] = {6, 11, 16, 21};
	static const u8 high[] = {31, 29, 30, 28};

	printf("    before: CR %08" PRIx64 " XER %08" PRIx64 " FPSCR %08" PRIx64 " VSCR %" PRIx64
	       " CTR %" PRIx64 " LR %" PRIx64 "\n",
	       in->cr, in->xer, in->fpscr, in->vscr, in->ctr, in->lr);
	for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
		unsigned n = field(insn, at[i], at[i] + 4), x = n | field(insn, high[i], high[i])
									<< 5;

		printf("    field %2u: r%-2u %016" PRIx64 "  f%-2u %016" PRIx64
		       "  v%-2u %016" PRIx64 " %016" PRIx64 "  vs%-2u %016" PRIx64 " %016" PRIx64
		       "\n",
		       at[i], n, in->gpr[n], n, in->vsr[n][0], n, in->vsr[32 + n][0],
		       in->vsr[32 + n][1], x, in->vsr[x][0], in->vsr[x][1]);
	}
}

void print_difference(const struct isa_batch *batch, const struct isa_state *in,
		      const struct isa_result *ours, const struct isa_result *peer,
		      const char *peer_name)
{
	find_differences(in, ours, peer);
	print_code(batch);
	if (batch->code_words == 1)
		print_operands(batch->code[0], in);
	for (unsigned i = 0; i < nr_differences && i < 12; i++)
		printf("    %-20s was %016" PRIx64 "  papyr %016" PRIx64 "  %s %016" PRIx64 "\n",
		       differences[i].name, differences[i].in, differences[i].ours, peer_name,
		       differences[i].peer);
}
