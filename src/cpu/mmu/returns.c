/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/mmu/returns.h"
#include <errno.h>
#include <sys/mman.h>
#include "base/prefault.h"
#include "cpu/engine/block.h"

/*
 * A stack has room for a frame of each instruction between two looks at the clock, and what signal
 * handlers of the client take below.
 */
#define STACK_BYTES ((u64)2 << 20)
#define GUARD_BYTES ((u64)4096)
/* More than this at the clock is no program's calls. */
#define DEEP ((u64)64 << 10)

struct return_frame {
	u64 host, ea;
};
_Static_assert(sizeof(struct return_frame) == RETURN_FRAME_BYTES, "translations know it");

/* No address of an instruction. */
#define NOWHERE 1
/* What is looked at of an empty stack. */
#define EMPTY_FRAMES (1 + RETURN_FRAMES_MORE)

static u64 bottom(const struct cpu *cpu, unsigned i)
{
	return (u64)(uintptr_t)cpu->returns.memory + (i + 1) * STACK_BYTES -
	       EMPTY_FRAMES * sizeof(struct return_frame);
}

int returns_init(struct cpu *cpu)
{
	struct returns *r = &cpu->returns;

	r->memory = pages_untouched(RETURNS_STACKS * STACK_BYTES, MAP_NORESERVE);
	if (!r->memory)
		return -ENOMEM;
	madvise(r->memory, RETURNS_STACKS * STACK_BYTES, MADV_NOHUGEPAGE);
	for (unsigned i = 0; i < RETURNS_STACKS; i++) {
		struct return_frame *frames = (struct return_frame *)(uintptr_t)bottom(cpu, i);

		mprotect(r->memory + i * STACK_BYTES, GUARD_BYTES, PROT_NONE);
		for (unsigned n = 0; n < EMPTY_FRAMES; n++)
			frames[n] = (struct return_frame){.ea = NOWHERE};
		r->of[i].top = bottom(cpu, i);
	}
	cpu->return_stack = bottom(cpu, r->now);
	return 0;
}

void returns_fini(struct cpu *cpu)
{
	if (cpu->returns.memory)
		munmap(cpu->returns.memory, RETURNS_STACKS * STACK_BYTES);
	cpu->returns.memory = NULL;
}

void returns_select(struct cpu *cpu)
{
	struct returns *r = &cpu->returns;
	unsigned now = cpu->mode & MODE_PR ? 2 : cpu->mode & MODE_IR ? 1 : 0;

	r->of[r->now].top = cpu->return_stack;
	if (r->of[now].key != cpu->jump_key) {
		r->of[now].top = bottom(cpu, now);
		r->of[now].key = cpu->jump_key;
	}
	r->now = now;
	cpu->return_stack = r->of[now].top;
}

void returns_tick(struct cpu *cpu)
{
	u64 empty = bottom(cpu, cpu->returns.now);

	if (empty - cpu->return_stack > DEEP)
		cpu->return_stack = empty;
}
