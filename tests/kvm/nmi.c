/* SPDX-License-Identifier: Apache-2.0 */
/* Machine checks that a client hands to its guest itself (KVM_CAP_PPC_FWNMI). */
#include "machine.h"
#include "papr.h"

/* PAPYR_CAP_BROKEN_MEMORY, which Linux doesn't know: there memory breaks by itself. */
#define CAP_BROKEN_MEMORY 0x50415003
#define DATA		  0x20000ull
#define CODE		  0x30000ull
#define LWZ		  0x80a40000 /* lwz r5,0(r4) */
#define STW		  0x90a40000
#define FLAGS_BEFORE	  0x8001

static struct machine m;
static struct vcpu v;

static long enable_fwnmi(int fd, u32 flags)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_FWNMI, .flags = flags};

	return client_ioctl(fd, KVM_ENABLE_CAP, &cap);
}

static long set_broken(u64 gpa, u64 broken)
{
	struct kvm_enable_cap cap = {.cap = CAP_BROKEN_MEMORY, .args = {gpa, broken}};

	return client_ioctl(m.vm, KVM_ENABLE_CAP, &cap);
}

static void capability(void)
{
	topic("KVM_CAP_PPC_FWNMI");
	TRY_AS("of /dev/kvm", m.kvm, KVM_CHECK_EXTENSION, KVM_CAP_PPC_FWNMI);
	TRY_AS("of the VM", m.vm, KVM_CHECK_EXTENSION, KVM_CAP_PPC_FWNMI);
	say_result("enabled on the VM", enable_fwnmi(m.vm, 0));
	say_result("enabled on a vcpu, with a flag", enable_fwnmi(v.fd, 1));
	say_result("enabled on a vcpu", enable_fwnmi(v.fd, 0));
}

static void run_at(u64 pc, u64 r4)
{
	struct kvm_regs r;

	get_regs(&v, &r);
	memset(r.gpr, 0, sizeof(r.gpr));
	r.gpr[4] = r4;
	r.pc = pc;
	r.msr = GUEST_MSR;
	r.srr0 = 0x1110;
	r.srr1 = 0x2220;
	set_regs(&v, &r);
	set_one(&v, KVM_REG_PPC_DAR, 0);
	set_one(&v, KVM_REG_PPC_DSISR, 0);
	v.run->flags = FLAGS_BEFORE;
	if (client_ioctl(v.fd, KVM_RUN, 0ul) < 0) {
		say("    KVM_RUN = %s", errno_name(errno));
		return;
	}
	get_regs(&v, &r);
	if (v.run->exit_reason == KVM_EXIT_NMI)
		say("    machine check: flags %x, hardware's reason %llx, pc %llx msr %llx srr0 "
		    "%llx srr1 %llx dar %llx dsisr %llx",
		    v.run->flags, (u64)v.run->hw.hardware_exit_reason, r.pc, r.msr, r.srr0, r.srr1,
		    get_one(&v, KVM_REG_PPC_DAR), get_one(&v, KVM_REG_PPC_DSISR));
	else if (v.run->exit_reason == KVM_EXIT_PAPR_HCALL && r.gpr[21])
		say("    vector 0x%llx srr0 %llx srr1 %llx dar %llx dsisr %llx", r.gpr[21],
		    r.gpr[16], r.gpr[17], get_one(&v, KVM_REG_PPC_DAR),
		    get_one(&v, KVM_REG_PPC_DSISR));
	else
		say("    exit %u, flags %x, r5 %llx", v.run->exit_reason, v.run->flags, r.gpr[5]);
	if (v.run->exit_reason == KVM_EXIT_PAPR_HCALL)
		finish_exit(&v);
}

static void accesses(void)
{
	say("a load");
	store32(m.memory + GUEST_INSN_AT, LWZ);
	run_at(GUEST_INSN, DATA + 0x20);
	say("a store");
	store32(m.memory + GUEST_INSN_AT, STW);
	run_at(GUEST_INSN, DATA + 0x24);
	say("a load of which the second half is broken");
	store32(m.memory + GUEST_INSN_AT, LWZ);
	run_at(GUEST_INSN, DATA - 2);
	say("beside it");
	run_at(GUEST_INSN, DATA + 0x1000);
	say("instructions");
	run_at(CODE, 0);
}

static void broken_memory(void)
{
	topic("Broken memory, of Papyr only");
	say_result("where none is", set_broken(MIB, 1));
	if (set_broken(DATA + 8, 1)) {
		say("not here");
		return;
	}
	store32(m.memory + CODE, 0x38a00007);			      /* li r5,7 */
	store32(m.memory + CODE + 4, 0x48000002 | (GUEST_LEAVE + 8)); /* ba leave */
	say_result("neither broken nor whole", set_broken(DATA, 2));
	say("before it is broken: instructions");
	run_at(CODE, 0);
	say_result("broken", set_broken(CODE, 1));
	accesses();
	say_result("KVM_CAP_PPC_FWNMI enabled on a vcpu", enable_fwnmi(v.fd, 0));
	accesses();
	say_result("made whole", set_broken(DATA, 0));
	say_result("made whole", set_broken(CODE, 0));
	accesses();
	for (u64 page = 0; page < 64; page++)
		if (set_broken(0x80000 + page * 0x1000, 1))
			die("page %llu", page);
	say_result("one too many", set_broken(DATA, 1));
	set_slot(m.vm, 0, 0, 0, 0, m.memory);
	set_slot(m.vm, 0, 0, 0, m.bytes, m.memory);
	say_result("after the slot was taken away and given back", set_broken(DATA, 1));
	say("what was broken before");
	store32(m.memory + GUEST_INSN_AT, LWZ);
	run_at(GUEST_INSN, 0x80000);
}

int main(void)
{
	void (*const parts[])(void) = {capability, broken_memory};

	/* What was enabled stays so: a VM for each. */
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		machine_new(&m, MIB, 18);
		vcpu_new(&v, &m, 0);
		parts[i]();
		vcpu_free(&v);
		machine_free(&m);
	}
	return 0;
}
