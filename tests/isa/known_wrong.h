/* SPDX-License-Identifier: Apache-2.0 */
/* Differences that are the peer's fault, or that the architecture leaves open: known_wrong.def. */
#ifndef TESTS_ISA_KNOWN_WRONG_H
#define TESTS_ISA_KNOWN_WRONG_H

#include "base/bits.h"
#include "vector.h"

/* What of the outcome may differ. */
#define W_GPR	0x001u
#define W_CR	0x002u
#define W_XER	0x004u
#define W_LR	0x008u
#define W_CTR	0x010u
#define W_FPSCR 0x020u
#define W_VSR	0x040u
#define W_VSCR	0x080u
#define W_MEM	0x100u
#define W_END	0x200u /* how it ended; nothing else is looked at then */

/* Do entries together excuse the bits @differing of @what? */
bool known_wrong(const char *mnemonic, u32 insn, unsigned what, u64 differing,
		 const struct isa_state *in, const struct isa_result *ours,
		 const struct isa_result *peer);
/* Is any of the row's results excused under any condition? Such rows stay out of programs. */
bool known_wrong_row(const char *mnemonic);
/* The same of results other than @what (W_...). */
bool known_wrong_besides(const char *mnemonic, unsigned what);
/* Prints each entry's reason and how often it was used. */
void known_wrong_report(void);

#endif
