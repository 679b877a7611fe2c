/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The KVM interface as a Power client sees it, usable on any Linux host.
 *
 * A client that includes <linux/kvm.h> on a POWER machine includes this instead elsewhere and
 * gets the same names, numbers and layouts. Request numbers are made by the host's own _IO
 * macros: their type (KVMIO) and number are the ABI, the direction and size bits above them are
 * the host's business.
 *
 * How to read this file: first the structures, subject by subject, each with the request that takes
 * it, then the register numbers, the capabilities, and the request numbers. A bad pointer gives
 * EFAULT; a request that isn't known EINVAL from /dev/kvm and a vcpu, ENOTTY from everything else.
 * What makes or keeps something gives ENOMEM where there is no memory, and EMFILE or ENFILE where
 * there is no descriptor for it.
 *
 *   /dev/kvm      papyr_open("/dev/kvm", O_RDWR)
 *   VM            KVM_CREATE_VM on /dev/kvm
 *   vcpu          KVM_CREATE_VCPU on a VM; mmap it for struct kvm_run
 *   hash table    KVM_PPC_GET_HTAB_FD on a VM; read or write it
 *   device        KVM_CREATE_DEVICE on a VM
 *   TCE table     KVM_CREATE_SPAPR_TCE on a VM; mmap it
 *   RMA           KVM_ALLOCATE_RMA on a VM; mmap it, and make it the guest's first memory
 *   statistics    KVM_GET_STATS_FD on a VM or a vcpu; read it
 *
 * What KVM_CHECK_EXTENSION says is what there is. Of Book E processors (PAPYR_CAP_PVR) ask the VM,
 * not /dev/kvm, which answers for a VM as it is made.
 *
 * Everything in these structures is in the host's byte order, save what is said to be otherwise.
 * "GPA" is a guest real (physical) address, "HVA" an address in the client's own memory.
 */
#ifndef PAPYR_KVM_H
#define PAPYR_KVM_H

#ifdef __LINUX_KVM_H
#error "<papyr/kvm.h> stands in for <linux/kvm.h>: include only one of them"
#endif
/* The other way round: what the first structures there are called, on x86 hosts and on all. */
/* clang-format off: the words are one string, or it is no pragma */
#define PAPYR_KVM_H_ONLY                                                                           \
	_Pragma("GCC error \"<papyr/kvm.h> stands in for <linux/kvm.h>: include only one of them\"")
/* clang-format on */
#define kvm_memory_alias     PAPYR_KVM_H_ONLY kvm_memory_alias
#define kvm_user_trace_setup PAPYR_KVM_H_ONLY kvm_user_trace_setup

#include <linux/types.h>
#include <sys/ioctl.h>

#define KVM_API_VERSION 12
#define KVMIO		0xAE

/* What this header can describe; clients test these. */
#define __KVM_HAVE_SPAPR_TCE
#define __KVM_HAVE_PPC_SMT
#define __KVM_HAVE_IRQCHIP
#define __KVM_HAVE_IRQ_LINE
#define __KVM_HAVE_GUEST_DEBUG

/* ---- Registers of a vcpu ------------------------------------------------------------------ */

/*
 * KVM_GET_REGS, KVM_SET_REGS: the fixed-point registers and those of interrupts.
 *
 * Setting has no side effects beyond the values. Of MSR, HV and the transaction state are dropped
 * and ME is always set; pid is ignored (see KVM_REG_PPC_PID); sprg4..7 are kept though Book3S has
 * none.
 *
 * After an exit that the next KVM_RUN completes (hypercall, MMIO), the completion writes its
 * registers over what was set here: call KVM_RUN with immediate_exit first.
 */
struct kvm_regs {
	__u64 pc;
	__u64 cr; /* low 32 bits */
	__u64 ctr;
	__u64 lr;
	__u64 xer;
	__u64 msr;
	__u64 srr0;
	__u64 srr1;
	__u64 pid;
	__u64 sprg0;
	__u64 sprg1;
	__u64 sprg2;
	__u64 sprg3;
	__u64 sprg4;
	__u64 sprg5;
	__u64 sprg6;
	__u64 sprg7;
	__u64 gpr[32];
};

/* kvm_sregs.u.e.impl_id: what u.e.impl holds. */
#define KVM_SREGS_E_IMPL_NONE 0
#define KVM_SREGS_E_IMPL_FSL  1

/* kvm_sregs.u.e.impl.fsl.features: PID1 and PID2 are there. */
#define KVM_SREGS_E_FSL_PIDn (1 << 0)

/*
 * kvm_sregs.u.e.features: which groups of members are there. Reading reports them, writing
 * changes only the groups named, so that a newer client can restore an older image.
 */
#define KVM_SREGS_E_BASE	(1 << 0)  /* csrr0..1 esr dear mcsr tsr tcr dec tb vrsave */
#define KVM_SREGS_E_ARCH206	(1 << 1)  /* pir mcsrr0..1 decar ivpr */
#define KVM_SREGS_E_64		(1 << 2)  /* epcr, upper halves of registers */
#define KVM_SREGS_E_SPRG8	(1 << 3)  /* sprg8 */
#define KVM_SREGS_E_MCIVPR	(1 << 4)  /* mcivpr */
#define KVM_SREGS_E_IVOR	(1 << 5)  /* ivor_low, and of ivor_high what the others name */
#define KVM_SREGS_E_ARCH206_MMU (1 << 6)  /* mas0..7 mmucfg tlbcfg tlbps */
#define KVM_SREGS_E_DEBUG	(1 << 7)  /* dbsr dbcr iac dac dvc */
#define KVM_SREGS_E_ED		(1 << 8)  /* dsrr0..1 sprg9 */
#define KVM_SREGS_E_SPE		(1 << 9)  /* IVOR32..34 */
#define KVM_SREGS_EXP		(1 << 10) /* epr; KVM_REG_PPC_EPR is to be preferred */
#define KVM_SREGS_E_PD		(1 << 11) /* eplc epsc */
#define KVM_SREGS_E_PC		(1 << 12) /* IVOR36..37 */
#define KVM_SREGS_E_PT		(1 << 13) /* eptcfg */
#define KVM_SREGS_E_PM		(1 << 14) /* IVOR35 */

/*
 * kvm_sregs.u.e.update_special: these registers move by themselves while a vcpu stands still,
 * and are only set when asked for here. Zero after reading; all ones restores everything.
 */
#define KVM_SREGS_E_UPDATE_MCSR (1 << 0)
#define KVM_SREGS_E_UPDATE_TSR	(1 << 1)
#define KVM_SREGS_E_UPDATE_DEC	(1 << 2)
#define KVM_SREGS_E_UPDATE_DBSR (1 << 3)

/*
 * KVM_GET_SREGS, KVM_SET_SREGS: the registers of memory management.
 *
 * Book3S HV uses pvr and u.s.ppc64 only. Setting replaces the whole SLB: of the first as many
 * places as the processor has entries, those whose slbe has the valid bit (0x08000000) are taken.
 * slbe's low 12 bits say which entry it is; they are not checked. Reading gives the valid ones
 * packed to the front, zeroes after them.
 * Book E: u.e; what its members' groups say is done. EINVAL: a pir that isn't the vcpu's id. What
 * dbcr asks for begins with the next KVM_RUN: events of iac, dac and, of a 440, dvc, for the guest.
 * EINVAL: pvr is not the vcpu's own; nothing is changed then. A VM's processor is chosen before it
 * has vcpus: PAPYR_CAP_PVR in <papyr/papyr.h>.
 */
struct kvm_sregs {
	__u32 pvr;
	union {
		struct {
			__u64 sdr1; /* of Book3S without HV; 0 here */
			struct {
				struct {
					__u64 slbe; /* ESID, valid, number: RB of slbmte */
					__u64 slbv; /* VSID and flags: RS of slbmte */
				} slb[64];
			} ppc64;
			struct {
				__u32 sr[16];
				__u64 ibat[8];
				__u64 dbat[8];
			} ppc32;
		} s;
		struct {
			union {
				struct {
					__u32 features; /* KVM_SREGS_E_FSL_* */
					__u32 svr;
					__u64 mcar;
					__u32 hid0;
					__u32 pid1, pid2;
				} fsl;
				__u8 pad[256];
			} impl;

			__u32 features;	      /* KVM_SREGS_E_* */
			__u32 impl_id;	      /* KVM_SREGS_E_IMPL_* */
			__u32 update_special; /* KVM_SREGS_E_UPDATE_* */
			__u32 pir;	      /* cannot be set */
			__u64 sprg8;
			__u64 sprg9;
			__u64 csrr0;
			__u64 dsrr0;
			__u64 mcsrr0;
			__u32 csrr1;
			__u32 dsrr1;
			__u32 mcsrr1;
			__u32 esr;
			__u64 dear;
			__u64 ivpr;
			__u64 mcivpr;
			__u64 mcsr;

			__u32 tsr;
			__u32 tcr;
			__u32 decar;
			__u32 dec;
			__u64 tb; /* at the time dec was read; cannot be set */

			__u32 dbsr;
			__u32 dbcr[3];
			__u32 iac[4]; /* low halves; KVM_REG_PPC_IAC* and DAC* have all bits */
			__u32 dac[2];
			__u32 dvc[2];
			__u8 num_iac; /* these three cannot be set */
			__u8 num_dac;
			__u8 num_dvc;
			__u8 pad;

			__u32 epr;
			__u32 vrsave; /* USPRG0 */
			__u32 epcr;

			__u32 mas0;
			__u32 mas1;
			__u64 mas2;
			__u64 mas7_3;
			__u32 mas4;
			__u32 mas6;

			__u32 ivor_low[16];  /* IVOR0..15 */
			__u32 ivor_high[18]; /* from IVOR32 on */

			__u32 mmucfg; /* these four cannot be set */
			__u32 eptcfg;
			__u32 tlbcfg[4];
			__u32 tlbps[4];

			__u32 eplc, epsc;
		} e;
		__u8 pad[1020];
	} u;
};

/* KVM_GET_FPU, KVM_SET_FPU. Book3S HV refuses both with EOPNOTSUPP: see KVM_REG_PPC_FPR(n). */
struct kvm_fpu {
	__u64 fpr[32];
};

/*
 * KVM_GET_ONE_REG, KVM_SET_ONE_REG: @addr is an HVA of as many bytes as @id's size field says.
 *
 * EINVAL: no such register, of another size, or of another kind of processor; a value that it
 * can't have, where that is said beside it. ENXIO: there is the register, but not here:
 * KVM_REG_PPC_VSR of a PPC970, KVM_REG_PPC_ICP_STATE of a vcpu without a XICS,
 * KVM_REG_PPC_VP_STATE.
 */
struct kvm_one_reg {
	__u64 id;
	__u64 addr;
};

/* ---- Debugging ---------------------------------------------------------------------------- */

/*
 * KVM_SET_GUEST_DEBUG: from the vcpu's next KVM_RUN on, these end it with KVM_EXIT_DEBUG, before
 * the instruction at PC:
 *
 *   USE_SW_BP    the instruction of KVM_REG_PPC_DEBUG_INST, which the client wrote to the guest's
 *                memory. address: PC, status: NONE. Without the flag it is an illegal one
 *   USE_HW_BP    bp[]: an instruction at that effective address (address: PC, status: BREAKPOINT),
 *                or an access to the aligned doubleword that holds that effective address
 *                (address: bp[].addr, status: WATCH_READ or WATCH_WRITE), in whatever state
 *   SINGLESTEP   any instruction after the first (address: PC, status: NONE). It may be the first
 *                of an interrupt's handler, but not of one that waited for MSR[EE]: these wait on
 *
 * Where a point of bp[] stopped, the next KVM_RUN carries the instruction out. The guest's own
 * DAWR, DABR, CIABR and MSR[SE] stay its own. A step over a hypercall or an access that the client
 * answers ends with the KVM_RUN after the answer, without entering the guest.
 *
 * ENABLE is wanted for SINGLESTEP and USE_HW_BP. EINVAL: other flags, other types. All of it is
 * dropped by control 0, and is no part of what is saved of a guest. Linux's KVM takes everything
 * and does USE_SW_BP.
 */

/* kvm_debug_exit_arch.status and kvm_guest_debug_arch.bp[].type */
#define KVMPPC_DEBUG_NONE	 0x0 /* of bp[]: not in use */
#define KVMPPC_DEBUG_BREAKPOINT	 (1UL << 1)
#define KVMPPC_DEBUG_WATCH_WRITE (1UL << 2)
#define KVMPPC_DEBUG_WATCH_READ	 (1UL << 3)

struct kvm_debug_exit_arch {
	__u64 address; /* where the guest stands, or of the watchpoint */
	__u32 status;  /* KVMPPC_DEBUG_* */
	__u32 reserved;
};

struct kvm_guest_debug_arch {
	struct {
		__u64 addr;
		__u32 type; /* KVMPPC_DEBUG_* */
		__u32 reserved;
	} bp[16];
};

/* kvm_guest_debug.control */
#define KVM_GUESTDBG_ENABLE	0x00000001
#define KVM_GUESTDBG_SINGLESTEP 0x00000002
#define KVM_GUESTDBG_USE_SW_BP	0x00010000 /* the instruction of KVM_REG_PPC_DEBUG_INST stops */
#define KVM_GUESTDBG_USE_HW_BP	0x00020000 /* bp[] */

/* KVM_SET_GUEST_DEBUG */
struct kvm_guest_debug {
	__u32 control;
	__u32 pad;
	struct kvm_guest_debug_arch arch;
};

/* ---- KVM_RUN ------------------------------------------------------------------------------ */

/* kvm_run.exit_reason. Those of other architectures are left out; their numbers are not reused. */
#define KVM_EXIT_UNKNOWN	 0 /* hw: an interrupt that KVM doesn't know */
#define KVM_EXIT_EXCEPTION	 1
#define KVM_EXIT_IO		 2
#define KVM_EXIT_HYPERCALL	 3
#define KVM_EXIT_DEBUG		 4 /* debug */
#define KVM_EXIT_HLT		 5
#define KVM_EXIT_MMIO		 6 /* mmio: the next KVM_RUN completes the access */
#define KVM_EXIT_IRQ_WINDOW_OPEN 7
#define KVM_EXIT_SHUTDOWN	 8
#define KVM_EXIT_FAIL_ENTRY	 9  /* fail_entry: the processor or the core can't be run */
#define KVM_EXIT_INTR		 10 /* a signal is pending; KVM_RUN fails with EINTR */
#define KVM_EXIT_SET_TPR	 11
#define KVM_EXIT_TPR_ACCESS	 12
#define KVM_EXIT_DCR		 15
#define KVM_EXIT_NMI		 16 /* machine check in the guest (KVM_CAP_PPC_FWNMI) */
#define KVM_EXIT_INTERNAL_ERROR	 17 /* internal */
#define KVM_EXIT_OSI		 18 /* osi: Book3S PR only */
#define KVM_EXIT_PAPR_HCALL	 19 /* papr_hcall: the next KVM_RUN returns papr_hcall.ret in r3 */
#define KVM_EXIT_WATCHDOG	 21
#define KVM_EXIT_EPR		 23
#define KVM_EXIT_SYSTEM_EVENT	 24 /* system_event */
#define KVM_EXIT_DIRTY_RING_FULL 31

/* kvm_run.internal.suberror */
#define KVM_INTERNAL_ERROR_EMULATION		  1 /* an unknown instruction touches MMIO */
#define KVM_INTERNAL_ERROR_SIMUL_EX		  2
#define KVM_INTERNAL_ERROR_DELIVERY_EV		  3
#define KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON 4

/* kvm_run.system_event.type */
#define KVM_SYSTEM_EVENT_SHUTDOWN 1
#define KVM_SYSTEM_EVENT_RESET	  2
#define KVM_SYSTEM_EVENT_CRASH	  3
#define KVM_SYSTEM_EVENT_WAKEUP	  4
#define KVM_SYSTEM_EVENT_SUSPEND  5

/*
 * KVM_EXIT_NMI: with KVM_CAP_PPC_FWNMI enabled on any vcpu, machine checks in the guest are the
 * client's, who hands them to the guest as PAPR's ibm,nmi-register has it. The instruction at PC
 * wasn't carried out. SRR0 and SRR1 are the interrupt's already, DAR and DSISR too for a load or
 * store; MSR and PC are left to the client. Else the guest takes its interrupt 0x200. What breaks
 * memory here: PAPYR_CAP_BROKEN_MEMORY of <papyr/papyr.h>.
 *
 * kvm_run.flags: what became of the machine check. Here always NOT_RECOV.
 */
#define KVM_RUN_PPC_NMI_DISP_MASK	   (3 << 0)
#define KVM_RUN_PPC_NMI_DISP_FULLY_RECOV   (1 << 0)
#define KVM_RUN_PPC_NMI_DISP_LIMITED_RECOV (2 << 0)
#define KVM_RUN_PPC_NMI_DISP_NOT_RECOV	   (3 << 0)

/* Power shares no registers through the page. */
struct kvm_sync_regs {
};

#define SYNC_REGS_SIZE_BYTES 2048

/*
 * The page that a client and a vcpu share: mmap the vcpu's descriptor at offset 0, with
 * KVM_GET_VCPU_MMAP_SIZE bytes. Members of the union are valid for their exit_reason.
 */
struct kvm_run {
	/* To KVM. */
	__u8 request_interrupt_window; /* ignored, as by Linux's KVM on Power; see below */
	__u8 immediate_exit; /* not 0: finish what the last exit left open, then fail with EINTR */
	__u8 padding1[6];

	/* From KVM. */
	__u32 exit_reason; /* KVM_EXIT_* */
	/* 1 after KVM_RUN: KVM_INTERRUPT takes an interrupt at any time, whatever MSR[EE] is. */
	__u8 ready_for_interrupt_injection;
	__u8 if_flag;
	__u16 flags;

	__u64 cr8;	 /* unused on Power */
	__u64 apic_base; /* unused on Power */

	union {
		struct {			    /* KVM_EXIT_UNKNOWN, KVM_EXIT_NMI */
			__u64 hardware_exit_reason; /* KVM_EXIT_NMI: 0x200 */
		} hw;
		struct { /* KVM_EXIT_FAIL_ENTRY */
			__u64 hardware_entry_failure_reason;
			__u32 cpu;
		} fail_entry;
		struct { /* KVM_EXIT_EXCEPTION */
			__u32 exception;
			__u32 error_code;
		} ex;
		struct { /* KVM_EXIT_DEBUG */
			struct kvm_debug_exit_arch arch;
		} debug;
		/*
		 * KVM_EXIT_MMIO. A store's bytes are data[0 .. len - 1] in the order in which the
		 * guest would have put them to memory; for a load the client puts them there. PC is
		 * already past the instruction and an update form's register is updated; a load's
		 * target changes with the next KVM_RUN. Vectors come as several exits.
		 */
		struct {
			__u64 phys_addr; /* GPA */
			__u8 data[8];
			__u32 len; /* 1, 2, 4 or 8; longer accesses come in parts */
			__u8 is_write;
		} mmio;
		struct { /* KVM_EXIT_HYPERCALL */
			__u64 nr;
			__u64 args[6];
			__u64 ret;
			__u32 longmode;
			__u32 pad;
		} hypercall;
		struct { /* KVM_EXIT_DCR */
			__u32 dcrn;
			__u32 data;
			__u8 is_write;
		} dcr;
		struct {		/* KVM_EXIT_INTERNAL_ERROR */
			__u32 suberror; /* KVM_INTERNAL_ERROR_* */
			__u32 ndata;	/* how many of data[] are there */
			__u64 data[16];
		} internal;
		struct { /* KVM_EXIT_OSI */
			__u64 gprs[32];
		} osi;
		/*
		 * KVM_EXIT_PAPR_HCALL. @nr is r3, @args are r4..r12. What the client leaves in @ret
		 * goes to r3 and in @args to r4..r12 with the next KVM_RUN.
		 */
		struct {
			__u64 nr;
			__u64 ret;
			__u64 args[9];
		} papr_hcall;
		struct { /* KVM_EXIT_EPR */
			__u32 epr;
		} epr;
		struct {	    /* KVM_EXIT_SYSTEM_EVENT */
			__u32 type; /* KVM_SYSTEM_EVENT_* */
			__u32 ndata;
			union {
				__u64 flags;
				__u64 data[16];
			};
		} system_event;
		char padding[256];
	};

	__u64 kvm_valid_regs;
	__u64 kvm_dirty_regs;
	union {
		struct kvm_sync_regs regs;
		char padding[SYNC_REGS_SIZE_BYTES];
	} s;
};

/* The page of the vcpu's mapping that would hold the ring of coalesced MMIO writes. */
#define KVM_COALESCED_MMIO_PAGE_OFFSET 1

/*
 * KVM_SET_SIGNAL_MASK: the signals blocked while in KVM_RUN instead of the thread's own set.
 * @len is 8. A NULL argument takes the mask away.
 * EINVAL: another length.
 */
struct kvm_signal_mask {
	__u32 len; /* bytes of sigset */
	__u8 sigset[];
};

/* KVM_INTERRUPT: @irq is KVM_INTERRUPT_*; other values act as KVM_INTERRUPT_SET_LEVEL. */
struct kvm_interrupt {
	__u32 irq;
};

#define KVM_INTERRUPT_SET	-1U /* raise the external interrupt, dropped when delivered */
#define KVM_INTERRUPT_UNSET	-2U /* lower it */
#define KVM_INTERRUPT_SET_LEVEL -3U /* raise it until it is lowered */

/*
 * KVM_TRANSLATE. Book3S' KVM takes it and leaves it as it is. Book E: the TLB is searched for
 * linear_address, of which bits 31:0 are the address, 39:32 the process, 40 the address space.
 */
struct kvm_translation {
	__u64 linear_address;
	__u64 physical_address;
	__u8 valid;
	__u8 writeable;
	__u8 usermode;
	__u8 pad[5];
};

/* KVM_GET_MP_STATE, KVM_SET_MP_STATE: EINVAL on Book3S. */
#define KVM_MP_STATE_RUNNABLE 0

struct kvm_mp_state {
	__u32 mp_state;
};

/* ---- Memory ------------------------------------------------------------------------------- */

/*
 * KVM_SET_USER_MEMORY_REGION: makes, moves, changes the flags of, or (memory_size 0) deletes
 * memory slot @slot. Addresses and size are multiples of the host's page size.
 * A slot that exists keeps its size, its HVA and whether it is read-only.
 * EINVAL: unaligned, unknown flags, wraps around, no addresses of a program's, 2^31 pages of the
 * host's or more, slot number too large, what a slot that exists keeps, deleting one that doesn't
 * exist. EEXIST: overlaps another slot.
 */
struct kvm_userspace_memory_region {
	__u32 slot; /* number; bits 31:16 name the address space, 0 on Power */
	__u32 flags;
	__u64 guest_phys_addr; /* GPA of the first byte */
	__u64 memory_size;     /* bytes */
	__u64 userspace_addr;  /* HVA of the first byte; what is mapped there may change later */
};

#define KVM_MEM_LOG_DIRTY_PAGES (1UL << 0)
#define KVM_MEM_READONLY	(1UL << 1)

/*
 * KVM_GET_DIRTY_LOG: one bit for each host page of the slot, least significant of the first
 * byte first, rounded up to whole 64-bit words: set if the guest wrote the page since the last
 * call. Reading clears. ENOENT: no such slot, or it doesn't log. EINVAL: slot number too large.
 */
struct kvm_dirty_log {
	__u32 slot;
	__u32 padding1;
	union {
		void *dirty_bitmap;
		__u64 padding2;
	};
};

/* ---- Interrupt controllers and devices ---------------------------------------------------- */

/*
 * KVM_IRQ_LINE: drives source @irq of the VM's interrupt controller. Both it and
 * KVM_IRQ_LINE_STATUS succeed whether there is that source or not; the latter says so in @status: 0
 * or -EINVAL.
 * ENXIO: the VM has no XICS.
 */
struct kvm_irq_level {
	union {
		__u32 irq;
		__s32 status;
	};
	__u32 level; /* 0: low, 1: high; an edge source fires when it is set */
};

/*
 * KVM_IOEVENTFD: a store of @len bytes at exactly @addr, where there is no memory, adds 1 to an
 * eventfd and is done with: KVM_RUN goes on. Others at that address exit as KVM_EXIT_MMIO, and so
 * do loads. H_LOGICAL_CI_STORE that KVM handles (KVM_CAP_PPC_ENABLE_HCALL) is such a store too.
 *
 * @len 0: a store of any length. KVM_IOEVENTFD_FLAG_DATAMATCH: only one of the value @datamatch,
 * which is what the host would load from the bytes that are stored: a little-endian host sees what
 * the guest's stwbrx stores as it is, and stw's the other way round. PIO and VIRTIO_CCW_NOTIFY name
 * spaces of addresses that no store of Power's reaches; places can be given there.
 *
 * One whose eventfd is full is lost. The eventfd is held: closing @fd changes nothing. Assigned
 * until it is deassigned by the same @addr, @len, @flags and @datamatch and a descriptor of the
 * same eventfd, or the VM is gone. When deassigning has returned, no store tells it any more.
 *
 * EINVAL: another length; unknown flags; @len 0 and DATAMATCH; address and length wrap around; @fd
 * is no eventfd. EBADF: it isn't open. EEXIST: some store would hit this place and one that is
 * there. ENOENT: no such place to deassign. EMFILE: no descriptor is left for another eventfd.
 */
enum {
	kvm_ioeventfd_flag_nr_datamatch,
	kvm_ioeventfd_flag_nr_pio,
	kvm_ioeventfd_flag_nr_deassign,
	kvm_ioeventfd_flag_nr_virtio_ccw_notify,
	kvm_ioeventfd_flag_nr_fast_mmio, /* without a name of its own, and without effect */
	kvm_ioeventfd_flag_nr_max,
};

#define KVM_IOEVENTFD_FLAG_DATAMATCH	     (1 << kvm_ioeventfd_flag_nr_datamatch)
#define KVM_IOEVENTFD_FLAG_PIO		     (1 << kvm_ioeventfd_flag_nr_pio)
#define KVM_IOEVENTFD_FLAG_DEASSIGN	     (1 << kvm_ioeventfd_flag_nr_deassign)
#define KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY (1 << kvm_ioeventfd_flag_nr_virtio_ccw_notify)
#define KVM_IOEVENTFD_VALID_FLAG_MASK	     ((1 << kvm_ioeventfd_flag_nr_max) - 1)

struct kvm_ioeventfd {
	__u64 datamatch;
	__u64 addr; /* GPA */
	__u32 len;  /* 0, 1, 2, 4 or 8 */
	__s32 fd;
	__u32 flags; /* KVM_IOEVENTFD_FLAG_* */
	__u8 pad[36];
};

/*
 * KVM_IRQFD: each write() to eventfd @fd raises source @gsi of the VM's XICS, as KVM_IRQ_LINE with
 * level 1 does, from whichever process it comes. A count that it has already raises it at once.
 * Sources are named by their numbers: there are no routes. One that isn't made yet may be given;
 * what comes before it is made is lost.
 *
 * KVM_IRQFD_FLAG_RESAMPLE is for level sources that are shared: when the guest ends the interrupt
 * (H_EOI), the line goes down, and then 1 is added to @resamplefd, an eventfd by which who still
 * wants attention learns that he must write again. Eventfds of one source are resampled together.
 * Without the flag a level source stays up until KVM_IRQ_LINE lowers it.
 *
 * While it is assigned the eventfd is Papyr's to watch, and not the client's to read; its count
 * goes on, and is taken away when it is deassigned. That ends with KVM_IRQFD_FLAG_DEASSIGN, the
 * same @gsi and a descriptor of the same eventfd; when all descriptors of the eventfd are closed;
 * or when the VM's is. A line that it holds up is lowered then, if the source is resampled and no
 * other eventfd of it is left (when all were closed: at the next H_EOI). When deassigning has
 * returned, it raises nothing any more. Deassigning what isn't assigned is no error.
 *
 * EINVAL: unknown flags; @fd or @resamplefd is no eventfd. EBADF: it isn't open. EAGAIN: the VM has
 * no interrupt controller. EBUSY: the eventfd raises a source of this VM already.
 */
#define KVM_IRQFD_FLAG_DEASSIGN (1 << 0)
#define KVM_IRQFD_FLAG_RESAMPLE (1 << 1)

struct kvm_irqfd {
	__u32 fd;
	__u32 gsi;	  /* source number */
	__u32 flags;	  /* KVM_IRQFD_FLAG_* */
	__u32 resamplefd; /* with KVM_IRQFD_FLAG_RESAMPLE */
	__u8 pad[16];
};

/*
 * KVM_CREATE_DEVICE: makes a device of the VM. Unknown flags are ignored. ENODEV: unknown type.
 * EEXIST: the VM has an interrupt controller already.
 */
#define KVM_CREATE_DEVICE_TEST 1 /* only say whether the type is known */

struct kvm_create_device {
	__u32 type;  /* KVM_DEV_TYPE_* */
	__u32 fd;    /* out: the device's descriptor */
	__u32 flags; /* KVM_CREATE_DEVICE_* */
};

enum kvm_device_type {
	KVM_DEV_TYPE_FSL_MPIC_20 = 1,
#define KVM_DEV_TYPE_FSL_MPIC_20 KVM_DEV_TYPE_FSL_MPIC_20
	KVM_DEV_TYPE_FSL_MPIC_42 = 2,
#define KVM_DEV_TYPE_FSL_MPIC_42 KVM_DEV_TYPE_FSL_MPIC_42
	KVM_DEV_TYPE_XICS = 3,
#define KVM_DEV_TYPE_XICS KVM_DEV_TYPE_XICS
	KVM_DEV_TYPE_VFIO = 4,
#define KVM_DEV_TYPE_VFIO KVM_DEV_TYPE_VFIO
	KVM_DEV_TYPE_XIVE = 9,
#define KVM_DEV_TYPE_XIVE KVM_DEV_TYPE_XIVE
	KVM_DEV_TYPE_MAX = 11,
};

/*
 * KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR on a device's descriptor.
 * ENXIO: the device has no such attribute. ENOENT: a number that no source of the XICS can have;
 * KVM_GET_DEVICE_ATTR of one not made yet (setting makes it). EINVAL: setting one, not masked by
 * its priority 255, whose destination is no server: of a vcpu, or of all.
 */
struct kvm_device_attr {
	__u32 flags; /* 0 */
	__u32 group;
	__u64 attr; /* number within the group */
	__u64 addr; /* HVA of the value */
};

/* XICS: group SOURCES, attribute = source number, value = 64 bits as below. */
#define KVM_DEV_XICS_GRP_SOURCES 1
#define KVM_DEV_XICS_GRP_CTRL	 2
#define KVM_DEV_XICS_NR_SERVERS	 1 /* of GRP_CTRL: number of vcpu ids, 32 bits */

/*
 *   63        45 44     43        42      41     40    39      32 31          0
 *  +------------+------+---------+-------+------+-----+----------+-------------+
 *  |     0      |queued|presented|pending|masked|level| priority | destination |
 *  +------------+------+---------+-------+------+-----+----------+-------------+
 */
#define KVM_XICS_DESTINATION_SHIFT 0
#define KVM_XICS_DESTINATION_MASK  0xffffffffULL
#define KVM_XICS_PRIORITY_SHIFT	   32
#define KVM_XICS_PRIORITY_MASK	   0xff
#define KVM_XICS_LEVEL_SENSITIVE   (1ULL << 40)
#define KVM_XICS_MASKED		   (1ULL << 41)
#define KVM_XICS_PENDING	   (1ULL << 42)
#define KVM_XICS_PRESENTED	   (1ULL << 43)
#define KVM_XICS_QUEUED		   (1ULL << 44)

/* MPIC of BookE */
#define KVM_DEV_MPIC_GRP_MISC	    1
#define KVM_DEV_MPIC_BASE_ADDR	    0
#define KVM_DEV_MPIC_GRP_REGISTER   2
#define KVM_DEV_MPIC_GRP_IRQ_ACTIVE 3

/* ---- Capabilities enabled by the client --------------------------------------------------- */

/*
 * KVM_ENABLE_CAP on a VM or a vcpu. EINVAL: unknown there, flags not 0, or bad arguments; and of
 * any on a vcpu on which KVM_CAP_PPC_PAPR was not enabled before, though it is enabled then.
 *
 * On a VM:
 *   KVM_CAP_PPC_ENABLE_HCALL   args[0] a hypercall's number, args[1] 1: KVM handles it, 0: the
 *                              client. EINVAL: KVM has no handler of it
 *   KVM_CAP_PPC_SMT            before there are vcpus: args[0] of them, a power of 2, are in a core
 *                              (those with ids n * args[0] and up); args[1] 0. EINVAL: more than
 *                              the processor has threads. EBUSY: there are vcpus
 *   KVM_CAP_PPC_NESTED_HV, KVM_CAP_PPC_DAWR1   ENODEV: of later processors
 *   PAPYR_CAP_*                <papyr/papyr.h>
 * On a vcpu:
 *   KVM_CAP_PPC_PAPR           it is a pSeries guest's: KVM_RUN wants it but of Book E's
 *   KVM_CAP_PPC_FWNMI          KVM_EXIT_NMI, for all of the VM
 *   KVM_CAP_IRQ_XICS           connects it to the XICS whose descriptor is args[0], as server
 *                              args[1]. EBADF: no descriptor. EPERM: no XICS of this VM. EBUSY: it
 *                              is connected. EEXIST: another vcpu is that server, or all are
 *   KVM_CAP_SW_TLB             struct kvm_config_tlb; Book E
 *   KVM_CAP_PPC_BOOKE_WATCHDOG the watchdog's last expiry is KVM_EXIT_WATCHDOG; Book E
 *   KVM_CAP_PPC_OSI, KVM_CAP_PPC_EPR   taken, as by Linux, without effect
 */
struct kvm_enable_cap {
	__u32 cap;
	__u32 flags;
	__u64 args[4];
	__u8 pad[64];
};

/*
 * KVM_PPC_RTAS_DEFINE_TOKEN: RTAS call @name is handled in KVM under @token; 0 ends that and never
 * fails. ENOENT: KVM has no handler of that name. EEXIST: the token is taken.
 */
struct kvm_rtas_token_args {
	char name[120];
	__u64 token;
};

/* KVM_PPC_GET_PVINFO: the instructions that make a hypercall of the paravirtual interface. */
#define KVM_PPC_PVINFO_FLAGS_EV_IDLE (1 << 0)

struct kvm_ppc_pvinfo {
	__u32 flags;
	__u32 hcall[4];
	__u8 pad[108];
};

/* KVM_PPC_GET_CPU_CHAR: what H_GET_CPU_CHARACTERISTICS tells, and which bits of it are known. */
struct kvm_ppc_cpu_char {
	__u64 character;
	__u64 behaviour;
	__u64 character_mask;
	__u64 behaviour_mask;
};

#define KVM_PPC_CPU_CHAR_SPEC_BAR_ORI31	    (1ULL << 63)
#define KVM_PPC_CPU_CHAR_BCCTRL_SERIALISED  (1ULL << 62)
#define KVM_PPC_CPU_CHAR_L1D_FLUSH_ORI30    (1ULL << 61)
#define KVM_PPC_CPU_CHAR_L1D_FLUSH_TRIG2    (1ULL << 60)
#define KVM_PPC_CPU_CHAR_L1D_THREAD_PRIV    (1ULL << 59)
#define KVM_PPC_CPU_CHAR_BR_HINT_HONOURED   (1ULL << 58)
#define KVM_PPC_CPU_CHAR_MTTRIG_THR_RECONF  (1ULL << 57)
#define KVM_PPC_CPU_CHAR_COUNT_CACHE_DIS    (1ULL << 56)
#define KVM_PPC_CPU_CHAR_BCCTR_FLUSH_ASSIST (1ULL << 54)

#define KVM_PPC_CPU_BEHAV_FAVOUR_SECURITY   (1ULL << 63)
#define KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR	    (1ULL << 62)
#define KVM_PPC_CPU_BEHAV_BNDS_CHK_SPEC_BAR (1ULL << 61)
#define KVM_PPC_CPU_BEHAV_FLUSH_COUNT_CACHE (1ULL << 58)

/* ---- The hashed page table ---------------------------------------------------------------- */

/*
 * KVM_PPC_GET_SMMU_INFO: the page and segment sizes that the processor and the hypervisor allow.
 * Arrays end with a page_shift of 0.
 */
#define KVM_PPC_PAGE_SIZES_MAX_SZ 8

struct kvm_ppc_one_page_size {
	__u32 page_shift;
	__u32 pte_enc; /* what the low bits of the entry's page number say, in units of 4K */
};

struct kvm_ppc_one_seg_page_size {
	__u32 page_shift; /* the segment's base page size */
	__u32 slb_enc;	  /* L and LP of the SLB entry: 0x100 and 0x030 */
	struct kvm_ppc_one_page_size enc[KVM_PPC_PAGE_SIZES_MAX_SZ];
};

#define KVM_PPC_PAGE_SIZES_REAL 0x00000001 /* a guest page must lie in as large a host page */
#define KVM_PPC_1T_SEGMENTS	0x00000002
#define KVM_PPC_NO_HASH		0x00000004

struct kvm_ppc_smmu_info {
	__u64 flags;
	__u32 slb_size;
	__u16 data_keys; /* storage keys */
	__u16 instr_keys;
	struct kvm_ppc_one_seg_page_size sps[KVM_PPC_PAGE_SIZES_MAX_SZ];
};

/*
 * KVM_PPC_GET_HTAB_FD: a descriptor to read the VM's hash table from, or to write it to.
 * EINVAL: unknown flags. A start_index beyond the table reads as a pass without entries.
 *
 * What passes through it is a sequence of records: a struct kvm_get_htab_header in the host's byte
 * order, then n_valid entries of 16 bytes (two big-endian doublewords). Entries index ..
 * index + n_valid - 1 are those, the n_invalid entries after them are invalid and not
 * in the stream. docs/htab-descriptor.md is the manual of reading and writing.
 */
struct kvm_get_htab_fd {
	__u64 flags;
	__u64 start_index;
	__u64 reserved[2];
};

#define KVM_GET_HTAB_BOLTED_ONLY ((__u64)0x1)
#define KVM_GET_HTAB_WRITE	 ((__u64)0x2)

struct kvm_get_htab_header {
	__u32 index;
	__u16 n_valid;
	__u16 n_invalid;
};

/*
 * KVM_PPC_RESIZE_HPT_PREPARE, _COMMIT (KVM_CAP_SPAPR_RESIZE_HPT): changes the table's order while
 * the guest lives, in two steps.
 *
 * PREPARE has a table made in the background. It returns 0 when that is ready, else the
 * milliseconds to wait before asking again with the same order; another order gives the one before
 * up, and order 0 only does that. ENOMEM: there is no memory for it. EINVAL: flags, or an order
 * other than 0 and 18 .. 46.
 *
 * COMMIT puts it in the old one's place, at once, vcpus may run. Bolted entries are in it, in the
 * same place of the group that their addresses have there; all others are gone. Readers of
 * KVM_PPC_GET_HTAB_FD begin a new first pass. EINVAL as above; EIO: no vcpu ran yet; ENXIO: no
 * table of that order is being prepared; EBUSY: it isn't ready; ENOSPC: two bolted entries want the
 * same place. After an error the guest has its old table, unchanged, and what was prepared is given
 * up.
 */
struct kvm_ppc_resize_hpt {
	__u64 flags; /* 0 */
	__u32 shift; /* the new order, 0 gives up a preparation */
	__u32 pad;
};

/* KVM_PPC_CONFIGURE_V3_MMU, KVM_PPC_GET_RMMU_INFO: POWER9 and later; ENODEV and EINVAL here. */
#define KVM_PPC_MMUV3_RADIX 1
#define KVM_PPC_MMUV3_GTSE  2

struct kvm_ppc_mmuv3_cfg {
	__u64 flags;
	__u64 process_table;
};

struct kvm_ppc_rmmu_info {
	struct kvm_ppc_radix_geom {
		__u8 page_shift;
		__u8 level_bits[4];
		__u8 pad[3];
	} geometries[8];
	__u32 ap_encodings[8];
};

/*
 * KVM_ALLOCATE_RMA: a piece of real memory for the first memory slot, as a descriptor to mmap;
 * @rma_size tells its bytes. Processors without a VRMA need one (KVM_CAP_PPC_RMA of the VM is 2),
 * others can use one (1), or know nothing of it (0).
 *
 * A shared mapping from the area's beginning, passed to KVM_SET_USER_MEMORY_REGION as the beginning
 * of the slot at guest real address 0, makes it the guest's: the first KVM_RUN, or the first after
 * KVM_PPC_ALLOCATE_HTAB, looks for it (in /proc/self/maps). Real-mode addresses then are compared
 * against the area's or the slot's size, whichever is smaller, which must be one that the processor
 * has a limit for: 32, 64, 128 or 256 MiB, or 1, 16 or 256 GiB. Beyond it the guest has a storage
 * interrupt for protection.
 *
 * The area comes full of zeroes, from a pool (PAPYR_CAP_RMA in <papyr/papyr.h>), to which it goes
 * back when its descriptor is closed, no mapping is left and no VM uses it.
 *
 * ENOTTY: the VM's processor has no use for it. EINVAL: the pool has no areas. ENOMEM: all are in
 * use. EFAULT, EMFILE. KVM_RUN: EINVAL if the processor has no such limit, EPERM if it needs an
 * area and none is mapped in the slot.
 */
struct kvm_allocate_rma {
	__u64 rma_size;
};

/* ---- TCE tables --------------------------------------------------------------------------- */

/*
 * KVM_CREATE_SPAPR_TCE, _64: a table of translations for the devices of bus @liobn, as a descriptor
 * to mmap: 64 bits in the host's byte order for each page of the window, 0 at first. The guest
 * reads and sets them by H_GET_TCE, H_PUT_TCE, H_STUFF_TCE and H_PUT_TCE_INDIRECT (the last two
 * where KVM_CAP_PPC_ENABLE_HCALL has them enabled), which then don't leave KVM_RUN. The client may
 * read and write the mapping at any time; an entry is one access.
 *
 * An entry is a guest real address with 1 (the device may read) and 2 (it may write) added. The
 * client is asked (KVM_EXIT_PAPR_HCALL) for a bus without a table, and when an entry with access
 * leads to something that isn't a whole page of a memory slot; the guest's table is as before then.
 *
 * The table is the bus's until the last number of the descriptor is closed; a mapping that lives
 * longer is the client's own memory.
 *
 * EBUSY: the bus has a table. EINVAL: flags, no pages, pages of less than 4K or more than 16G, a
 * window that reaches beyond 2^64. ENOMEM, EMFILE. PAPR 14.5.4.2.
 */
struct kvm_create_spapr_tce {
	__u64 liobn;
	__u32 window_size; /* bytes; pages are 4K */
};

struct kvm_create_spapr_tce_64 {
	__u64 liobn;
	__u32 page_shift;
	__u32 flags;
	__u64 offset; /* of the window, in its pages */
	__u64 size;   /* in its pages */
};

/* ---- BookE MMUs --------------------------------------------------------------------------- */

#define KVM_CPU_440    1
#define KVM_CPU_E500V2 2
#define KVM_CPU_3S_32  3
#define KVM_CPU_3S_64  4
#define KVM_CPU_E500MC 5

#define KVM_MMU_FSL_BOOKE_NOHV 0
#define KVM_MMU_FSL_BOOKE_HV   1

/*
 * KVM_CAP_SW_TLB (of a VM of e500 vcpus), enabled on a vcpu with the address of this as args[0]:
 * the guest's TLBs are in the client's memory from now on, with as many entries as it says, and
 * hold what is there now.
 *
 * While KVM_RUN is in progress the array is KVM's. When it has returned, all the guest did is
 * there, as after PAPYR_SET_TLB and PAPYR_MAP. Who changes entries says KVM_DIRTY_TLB before the
 * next KVM_RUN: all of the array is looked at then, whatever the bitmap says. Bits that an entry
 * has no place for are dropped, and so is one of TLB0 in another set than its address has.
 *
 * Entries of TLB0 come set by set, then those of TLB1. EINVAL: another MMU; an array that is too
 * short; TLB1 not fully associative, of more than 64 entries or none; ways or sets of TLB0 no
 * powers of two; more than 4096 entries in it (Linux has no limit); a TLB2 or TLB3. EFAULT: the
 * array isn't there; KVM_RUN too says so, when it returns, of one that has gone.
 */
struct kvm_config_tlb {
	__u64 params;	 /* HVA of a struct kvm_book3e_206_tlb_params */
	__u64 array;	 /* HVA of the entries, all TLBs one after another */
	__u32 mmu_type;	 /* KVM_MMU_FSL_BOOKE_NOHV */
	__u32 array_len; /* bytes */
};

/* KVM_DIRTY_TLB. Without an array it does nothing; EINVAL of vcpus that can't have one. */
struct kvm_dirty_tlb {
	__u64 bitmap; /* HVA */
	__u32 num_dirty;
};

struct kvm_book3e_206_tlb_entry {
	__u32 mas8;
	__u32 mas1;
	__u64 mas2;
	__u64 mas7_3;
};

struct kvm_book3e_206_tlb_params {
	__u32 tlb_sizes[4];
	__u32 tlb_ways[4]; /* as many as the size: fully associative */
	__u32 reserved[8];
};

/*
 * Papyr's own: a Book E vcpu's TLBs, by requests to it. They are older than KVM_CAP_SW_TLB, which
 * took their numbers 0x94 and 0x95 of KVMIO's away since; here they have them again, of another
 * type. KVM_CHECK_EXTENSION of a VM says by PAPYR_CAP_TLB of which kind its vcpus' entries are:
 * KVM_CPU_440 or KVM_CPU_E500V2; 0: there is no such TLB, and the requests give EINVAL, as Linux's
 * KVM does for what it doesn't know.
 */
#define PAPYR_CAP_TLB 0x50415007

/* Of a 440: the words as tlbwe and tlbre have them. */
struct papyr_tlb_440 {
	__u32 tid;
	__u32 word[3];
};

/* PAPYR_MAP's flags, and those of a shadow entry. */
#define PAPYR_MAP_READ	    0x001
#define PAPYR_MAP_WRITE	    0x002
#define PAPYR_MAP_EXECUTE   0x004
#define PAPYR_MAP_USER	    0x008 /* problem state may do the same; of a shadow entry: it alone */
#define PAPYR_MAP_AS1	    0x010 /* in address space 1: MSR[IS] or MSR[DS] */
#define PAPYR_MAP_UNCACHED  0x020 /* I */
#define PAPYR_MAP_GUARDED   0x040 /* G */
#define PAPYR_MAP_COHERENT  0x080 /* M */
#define PAPYR_MAP_WRITETHRU 0x100 /* W */
#define PAPYR_MAP_LITTLE    0x200 /* E */
#define PAPYR_MAP_PROTECT   0x400 /* an e500's invalidations leave it alone: IPROT */

/* What the processor translates by, whatever made it so: a page that it has at hand. */
struct papyr_tlb_shadow {
	__u64 ea;  /* of its first byte */
	__u64 gpa; /* the same */
	__u32 bytes;
	__u32 flags; /* PAPYR_MAP_* */
};

#define PAPYR_TLB_GUEST	 0 /* struct papyr_tlb_440, or kvm_book3e_206_tlb_entry, all of them */
#define PAPYR_TLB_SHADOW 1 /* struct papyr_tlb_shadow */

/*
 * PAPYR_GET_TLB: all entries, valid or not, in the TLB's order (TLB0, TLB1); of the shadow TLB
 * those that there are, in none. PAPYR_SET_TLB: the whole of the guest's; bits without a place are
 * dropped.
 *
 * EINVAL: @cpu isn't the vcpu's kind; another @which or @flags; setting the shadow TLB, which is
 * what hypervisor and processor make of the guest's; setting another number of entries than there
 * are. E2BIG: there are more than @n, which says how many now. EFAULT. After an error nothing is
 * set.
 */
struct papyr_tlb {
	__u32 cpu;     /* KVM_CPU_* */
	__u32 which;   /* PAPYR_TLB_* */
	__u32 n;       /* entries: room for, or got */
	__u32 flags;   /* 0 */
	__u64 entries; /* HVA */
};

/*
 * PAPYR_MAP: one page into the guest's TLB, whatever the processor: the initial code's, before
 * there is anybody to take a TLB miss. Takes a free entry (of an e500, of TLB1), and returns its
 * number as PAPYR_GET_TLB counts.
 *
 * EINVAL: unknown flags, none of READ, WRITE and EXECUTE, or PROTECT on a 440; a size that the
 * processor doesn't have (440: 1K, 4K, 16K, 64K, 256K, 1M, 16M, 256M; e500v2: 4K, and 4 times as
 * large up to 4G); addresses that aren't multiples of it, or too large. EEXIST: something is mapped
 * there. ENOSPC: no entry is free.
 */
struct papyr_map {
	__u64 ea;
	__u64 gpa; /* 36 bits */
	__u64 bytes;
	__u32 flags; /* PAPYR_MAP_* */
	__u32 pid;   /* 0: of all processes */
};

#define PAPYR_GET_TLB _IOWR('P', 0x94, struct papyr_tlb)
#define PAPYR_SET_TLB _IOW('P', 0x95, struct papyr_tlb)
#define PAPYR_MAP     _IOW('P', 0x96, struct papyr_map)

/* ---- Register numbers of KVM_GET_ONE_REG and KVM_SET_ONE_REG ------------------------------- */

/*
 *   63       56 55  52 51                    31 30        0
 *  +-----------+------+----------------------+--+----------+
 *  |   0x10    | size |          0           |TM|  number  |    size: log2 of the bytes
 *  +-----------+------+----------------------+--+----------+
 */
#define KVM_REG_ARCH_MASK  0xff00000000000000ULL
#define KVM_REG_GENERIC	   0x0000000000000000ULL
#define KVM_REG_PPC	   0x1000000000000000ULL
#define KVM_REG_SIZE_SHIFT 52
#define KVM_REG_SIZE_MASK  0x00f0000000000000ULL
#define KVM_REG_SIZE_U8	   0x0000000000000000ULL
#define KVM_REG_SIZE_U16   0x0010000000000000ULL
#define KVM_REG_SIZE_U32   0x0020000000000000ULL
#define KVM_REG_SIZE_U64   0x0030000000000000ULL
#define KVM_REG_SIZE_U128  0x0040000000000000ULL
#define KVM_REG_SIZE_U256  0x0050000000000000ULL
#define KVM_REG_SIZE_U512  0x0060000000000000ULL
#define KVM_REG_SIZE_U1024 0x0070000000000000ULL
#define KVM_REG_SIZE_U2048 0x0080000000000000ULL

/* Special purpose registers. */
#define KVM_REG_PPC_HIOR                                                                           \
	(KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x1) /* not of HV: reads as 0, refuses other values */
#define KVM_REG_PPC_DABR   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x8)
#define KVM_REG_PPC_DABRX  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xb8)
#define KVM_REG_PPC_DSCR   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x9)
#define KVM_REG_PPC_PURR   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa)
#define KVM_REG_PPC_SPURR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xb)
#define KVM_REG_PPC_DAR	   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc)
#define KVM_REG_PPC_DSISR  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xd)
#define KVM_REG_PPC_AMR	   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xe)
#define KVM_REG_PPC_UAMOR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xf)
#define KVM_REG_PPC_IAMR   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x9f)
#define KVM_REG_PPC_PID	   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xb2)
#define KVM_REG_PPC_ACOP   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xb3)
#define KVM_REG_PPC_VRSAVE (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xb4)
#define KVM_REG_PPC_PPR	   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xb6)
#define KVM_REG_PPC_CIABR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xac)
#define KVM_REG_PPC_DAWR   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xaa)
#define KVM_REG_PPC_DAWRX  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xab)
#define KVM_REG_PPC_IC	   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xad) /* instructions counted so far */
#define KVM_REG_PPC_VTB	   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xae)
#define KVM_REG_PPC_WORT   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xb9)
#define KVM_REG_PPC_SPRG9  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xba)
/* POWER8 facilities: transactions, event-based branches, doorbells. */
#define KVM_REG_PPC_TFHAR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa0)
#define KVM_REG_PPC_TFIAR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa1)
#define KVM_REG_PPC_TEXASR (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa2)
#define KVM_REG_PPC_FSCR   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa3)
#define KVM_REG_PPC_PSPB   (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xa4)
#define KVM_REG_PPC_EBBHR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa5)
#define KVM_REG_PPC_EBBRR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa6)
#define KVM_REG_PPC_BESCR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa7)
#define KVM_REG_PPC_TAR	   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa8)
#define KVM_REG_PPC_DPDES  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xa9) /* of the core: 1 << thread */
#define KVM_REG_PPC_CSIGR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xaf)
#define KVM_REG_PPC_TACR   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xb0)
#define KVM_REG_PPC_TCSCR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xb1)
/* Performance monitor. */
#define KVM_REG_PPC_MMCR0 (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x10)
#define KVM_REG_PPC_MMCR1 (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x11)
#define KVM_REG_PPC_MMCRA (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x12)
#define KVM_REG_PPC_MMCR2 (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x13)
#define KVM_REG_PPC_MMCRS (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x14)
#define KVM_REG_PPC_SIAR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x15)
#define KVM_REG_PPC_SDAR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x16)
#define KVM_REG_PPC_SIER  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x17)
#define KVM_REG_PPC_PMC1  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x18)
#define KVM_REG_PPC_PMC2  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x19)
#define KVM_REG_PPC_PMC3  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x1a)
#define KVM_REG_PPC_PMC4  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x1b)
#define KVM_REG_PPC_PMC5  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x1c)
#define KVM_REG_PPC_PMC6  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x1d)
#define KVM_REG_PPC_PMC7  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x1e)
#define KVM_REG_PPC_PMC8  (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x1f)
#define KVM_REG_PPC_SPMC1 (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x9d)
#define KVM_REG_PPC_SPMC2 (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x9e)
/*
 * The partition's control. LPCR: only ILE, TC, DPFD (and on POWER8 AIL) can be changed, for the
 * whole VM. ARCH_COMPAT: 0 or the logical PVR that the guest is to be confined to; EINVAL: one that
 * the processor can't be. TB_OFFSET: what is added to the host's timebase (papyr_timebase() in
 * <papyr/papyr.h>), rounded up to a multiple of 2^24. DEC_EXPIRY: the guest timebase at which the
 * decrementer passes zero. ONLINE: not 0 if the guest uses the vcpu.
 *
 * Of Papyr only: the guest's time stands still when no vcpu comes to run for more than a second,
 * because the client doesn't let any or because its process was stopped. TB_OFFSET is the smaller
 * by that from then on, for all vcpus. Setting it says what time it is now.
 */
#define KVM_REG_PPC_LPCR	(KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xb5)
#define KVM_REG_PPC_LPCR_64	(KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xb5)
#define KVM_REG_PPC_ARCH_COMPAT (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xb7)
#define KVM_REG_PPC_TB_OFFSET	(KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x9c)
/*
 * Papyr's own: TB_OFFSET to the tick. A processor's timebase can be moved by multiples of 2^24
 * ticks (33 ms) only; a software one has no such limit, and a guest that moves here shall not see
 * time jump. Linux's KVM answers EINVAL; clients then take TB_OFFSET.
 */
#define KVM_REG_PPC_PAPYR_TB_OFFSET (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xf000)
#define KVM_REG_PPC_DEC_EXPIRY	    (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xbe)
#define KVM_REG_PPC_ONLINE	    (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xbf)
#define KVM_REG_PPC_PTCR	    (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc0)
#define KVM_REG_PPC_TIDR	    (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xbc)
#define KVM_REG_PPC_PSSCR	    (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xbd)
/* Floating point, VMX and VSX. VSR(n) is the whole of VSX register n < 32; its first half is
 * FPR(n). */
#define KVM_REG_PPC_FPR0   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x20)
#define KVM_REG_PPC_FPR31  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x3f)
#define KVM_REG_PPC_VR0	   (KVM_REG_PPC | KVM_REG_SIZE_U128 | 0x40)
#define KVM_REG_PPC_VR31   (KVM_REG_PPC | KVM_REG_SIZE_U128 | 0x5f)
#define KVM_REG_PPC_VSR0   (KVM_REG_PPC | KVM_REG_SIZE_U128 | 0x60)
#define KVM_REG_PPC_VSR31  (KVM_REG_PPC | KVM_REG_SIZE_U128 | 0x7f)
#define KVM_REG_PPC_FPSCR  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x80)
#define KVM_REG_PPC_VSCR   (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x81)
#define KVM_REG_PPC_FPR(n) (KVM_REG_PPC_FPR0 + (n))
#define KVM_REG_PPC_VR(n)  (KVM_REG_PPC_VR0 + (n))
#define KVM_REG_PPC_VSR(n) (KVM_REG_PPC_VSR0 + (n))
/*
 * The areas that H_REGISTER_VPA registers. SLB and DTL: the GPA in the first 64 bits, the length in
 * bytes in the second. EINVAL: SLB or DTL while no VPA is registered, taking the VPA away while one
 * of them is, too short a DTL.
 */
#define KVM_REG_PPC_VPA_ADDR (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x82)
#define KVM_REG_PPC_VPA_SLB  (KVM_REG_PPC | KVM_REG_SIZE_U128 | 0x83)
#define KVM_REG_PPC_VPA_DTL  (KVM_REG_PPC | KVM_REG_SIZE_U128 | 0x84)
/*
 * The vcpu's part of the XICS.
 *   63    56 55          32 31    24 23    16 15     0
 *  +--------+--------------+--------+--------+--------+
 *  |  CPPR  |     XISR     |  MFRR  |  PPRI  |   0    |
 *  +--------+--------------+--------+--------+--------+
 */
#define KVM_REG_PPC_ICP_STATE	   (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x8c)
#define KVM_REG_PPC_ICP_CPPR_SHIFT 56
#define KVM_REG_PPC_ICP_CPPR_MASK  0xff
#define KVM_REG_PPC_ICP_XISR_SHIFT 32
#define KVM_REG_PPC_ICP_XISR_MASK  0xffffff
#define KVM_REG_PPC_ICP_MFRR_SHIFT 24
#define KVM_REG_PPC_ICP_MFRR_MASK  0xff
#define KVM_REG_PPC_ICP_PPRI_SHIFT 16
#define KVM_REG_PPC_ICP_PPRI_MASK  0xff
#define KVM_REG_PPC_VP_STATE	   (KVM_REG_PPC | KVM_REG_SIZE_U128 | 0x8d) /* XIVE */
/* The instruction that stops with KVM_GUESTDBG_USE_SW_BP. Cannot be set. */
#define KVM_REG_PPC_DEBUG_INST (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x8b)
#define KVM_REG_PPC_DBSR       (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xbb)
/* POWER10. */
#define KVM_REG_PPC_MMCR3  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc1)
#define KVM_REG_PPC_SIER2  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc2)
#define KVM_REG_PPC_SIER3  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc3)
#define KVM_REG_PPC_DAWR1  (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc4)
#define KVM_REG_PPC_DAWRX1 (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xc5)
/* Checkpointed by tbegin. VSR 0..31 are the VSX registers' 32 first, 32..63 the VMX ones. */
#define KVM_REG_PPC_TM	      (KVM_REG_PPC | 0x80000000)
#define KVM_REG_PPC_TM_GPR0   (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0)
#define KVM_REG_PPC_TM_GPR31  (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x1f)
#define KVM_REG_PPC_TM_VSR0   (KVM_REG_PPC_TM | KVM_REG_SIZE_U128 | 0x20)
#define KVM_REG_PPC_TM_VSR63  (KVM_REG_PPC_TM | KVM_REG_SIZE_U128 | 0x5f)
#define KVM_REG_PPC_TM_GPR(n) (KVM_REG_PPC_TM_GPR0 + (n))
#define KVM_REG_PPC_TM_VSR(n) (KVM_REG_PPC_TM_VSR0 + (n))
#define KVM_REG_PPC_TM_CR     (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x60)
#define KVM_REG_PPC_TM_LR     (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x61)
#define KVM_REG_PPC_TM_CTR    (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x62)
#define KVM_REG_PPC_TM_FPSCR  (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x63)
#define KVM_REG_PPC_TM_AMR    (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x64)
#define KVM_REG_PPC_TM_PPR    (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x65)
#define KVM_REG_PPC_TM_VRSAVE (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x66)
#define KVM_REG_PPC_TM_VSCR   (KVM_REG_PPC_TM | KVM_REG_SIZE_U32 | 0x67)
#define KVM_REG_PPC_TM_DSCR   (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x68)
#define KVM_REG_PPC_TM_TAR    (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x69)
#define KVM_REG_PPC_TM_XER    (KVM_REG_PPC_TM | KVM_REG_SIZE_U64 | 0x6a)
/*
 * Papyr's own: special purpose register @n of a Book E vcpu, as it is: reading changes nothing, and
 * what is written stands there afterwards, with none of an instruction's effects. EINVAL: the
 * processor has none of that number. TSR, TCR, DECAR, DEC, MCSR and DBSR, which instructions don't
 * just write, are KVM_SET_SREGS' to set.
 */
#define KVM_REG_PPC_PAPYR_SPR(n) (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x10000 | (n))
/*
 * Papyr's own: the way of TLB0 that an e500v2 proposes for the next page that isn't there, which no
 * register of its shows without changing others. A larger number than there are ways wraps.
 */
#define KVM_REG_PPC_PAPYR_TLB0_NEXT (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xf001)
/*
 * Papyr's own: by how much an e500v2's alternate timebase is ahead of its timebase. The guest can't
 * write the former, so that this is what its own writes took from the latter; TB_OFFSET moves both.
 */
#define KVM_REG_PPC_PAPYR_ATB_AHEAD (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xf002)
/* BookE. */
#define KVM_REG_PPC_IAC1      (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x2)
#define KVM_REG_PPC_IAC2      (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x3)
#define KVM_REG_PPC_IAC3      (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x4)
#define KVM_REG_PPC_IAC4      (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x5)
#define KVM_REG_PPC_DAC1      (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x6)
#define KVM_REG_PPC_DAC2      (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x7)
#define KVM_REG_PPC_EPCR      (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x85)
#define KVM_REG_PPC_EPR	      (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x86)
#define KVM_REG_PPC_OR_TSR    (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x87)
#define KVM_REG_PPC_CLEAR_TSR (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x88)
#define KVM_REG_PPC_TCR	      (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x89)
#define KVM_REG_PPC_TSR	      (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x8a)
#define KVM_REG_PPC_MAS0      (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x8c)
#define KVM_REG_PPC_MAS1      (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x8d)
#define KVM_REG_PPC_MAS2      (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x8e)
#define KVM_REG_PPC_MAS7_3    (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x8f)
#define KVM_REG_PPC_MAS4      (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x90)
#define KVM_REG_PPC_MAS6      (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x91)
#define KVM_REG_PPC_MMUCFG    (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x92)
#define KVM_REG_PPC_TLB0CFG   (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x93)
#define KVM_REG_PPC_TLB1CFG   (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x94)
#define KVM_REG_PPC_TLB2CFG   (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x95)
#define KVM_REG_PPC_TLB3CFG   (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x96)
#define KVM_REG_PPC_TLB0PS    (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x97)
#define KVM_REG_PPC_TLB1PS    (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x98)
#define KVM_REG_PPC_TLB2PS    (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x99)
#define KVM_REG_PPC_TLB3PS    (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x9a)
#define KVM_REG_PPC_EPTCFG    (KVM_REG_PPC | KVM_REG_SIZE_U32 | 0x9b)

/* ---- Capabilities: arguments of KVM_CHECK_EXTENSION and KVM_ENABLE_CAP ---------------------- */

#define KVM_CAP_IRQCHIP			    0
#define KVM_CAP_USER_MEMORY		    3
#define KVM_CAP_NR_VCPUS		    9  /* how many vcpus a VM should have at most */
#define KVM_CAP_NR_MEMSLOTS		    10 /* how many memory slots a VM can have */
#define KVM_CAP_MP_STATE		    14
#define KVM_CAP_COALESCED_MMIO		    15
#define KVM_CAP_SYNC_MMU		    16 /* remapping a slot's memory shows in the guest */
#define KVM_CAP_DESTROY_MEMORY_REGION_WORKS 21
#define KVM_CAP_SET_GUEST_DEBUG		    23
#define KVM_CAP_IRQ_ROUTING		    25 /* 0 here, as of Linux's XICS */
#define KVM_CAP_IRQ_INJECT_STATUS	    26
#define KVM_CAP_JOIN_MEMORY_REGIONS_WORKS   30
#define KVM_CAP_IRQFD			    32 /* KVM_IRQFD */
#define KVM_CAP_IOEVENTFD		    36 /* KVM_IOEVENTFD */
#define KVM_CAP_INTERNAL_ERROR_DATA	    40
#define KVM_CAP_PPC_SEGSTATE		    43 /* SREGS has the SLB */
#define KVM_CAP_PPC_PAIRED_SINGLES	    48
#define KVM_CAP_PPC_OSI			    52
#define KVM_CAP_PPC_UNSET_IRQ		    53
#define KVM_CAP_ENABLE_CAP		    54
#define KVM_CAP_PPC_GET_PVINFO		    57
#define KVM_CAP_PPC_IRQ_LEVEL		    58
#define KVM_CAP_PPC_BOOKE_SREGS		    62
#define KVM_CAP_SPAPR_TCE		    63
#define KVM_CAP_PPC_SMT			    64 /* vcpus in a virtual core */
#define KVM_CAP_PPC_RMA			    65 /* 1: KVM_ALLOCATE_RMA can be used, 2: must */
#define KVM_CAP_MAX_VCPUS		    66 /* how many vcpus a VM can have */
#define KVM_CAP_PPC_HIOR		    67
#define KVM_CAP_PPC_PAPR		    68 /* enable on a vcpu: it is a pSeries guest */
#define KVM_CAP_SW_TLB			    69
#define KVM_CAP_ONE_REG			    70
#define KVM_CAP_SYNC_REGS		    74
#define KVM_CAP_SIGNAL_MSI		    77
#define KVM_CAP_PPC_GET_SMMU_INFO	    78
#define KVM_CAP_PPC_ALLOC_HTAB		    80
#define KVM_CAP_READONLY_MEM		    81
#define KVM_CAP_IRQFD_RESAMPLE		    82
#define KVM_CAP_PPC_BOOKE_WATCHDOG	    83
#define KVM_CAP_PPC_HTAB_FD		    84
#define KVM_CAP_PPC_EPR			    86
#define KVM_CAP_DEVICE_CTRL		    89
#define KVM_CAP_IRQ_MPIC		    90
#define KVM_CAP_PPC_RTAS		    91
#define KVM_CAP_IRQ_XICS		    92 /* of a vcpu: args[0] device, [1] server number */
#define KVM_CAP_SPAPR_MULTITCE		    94
#define KVM_CAP_ENABLE_CAP_VM		    98
#define KVM_CAP_IOEVENTFD_NO_LENGTH	    100 /* as KVM_CAP_IOEVENTFD_ANY_LENGTH */
#define KVM_CAP_VM_ATTRIBUTES		    101
#define KVM_CAP_PPC_FIXUP_HCALL		    103
#define KVM_CAP_PPC_ENABLE_HCALL                                                                   \
	104 /* enable on a VM: args[0] hypercall, args[1] 1: KVM handles it, 0: the client */
#define KVM_CAP_CHECK_EXTENSION_VM	  105
#define KVM_CAP_PPC_HWRNG		  115 /* H_RANDOM in KVM */
#define KVM_CAP_DISABLE_QUIRKS		  116
#define KVM_CAP_MULTI_ADDRESS_SPACE	  118
#define KVM_CAP_GUEST_DEBUG_HW_BPS	  119 /* breakpoints in kvm_guest_debug_arch.bp[] */
#define KVM_CAP_GUEST_DEBUG_HW_WPS	  120 /* watchpoints there; all together 16 */
#define KVM_CAP_IOEVENTFD_ANY_LENGTH	  122 /* KVM_IOEVENTFD takes length 0 */
#define KVM_CAP_SPAPR_TCE_64		  125
#define KVM_CAP_VCPU_ATTRIBUTES		  127
#define KVM_CAP_MAX_VCPU_ID		  128 /* vcpu ids are smaller than this */
#define KVM_CAP_PPC_HTM			  132 /* the guest may use transactions */
#define KVM_CAP_SPAPR_RESIZE_HPT	  133
#define KVM_CAP_PPC_MMU_RADIX		  134
#define KVM_CAP_PPC_MMU_HASH_V3		  135
#define KVM_CAP_IMMEDIATE_EXIT		  136
#define KVM_CAP_SPAPR_TCE_VFIO		  142
#define KVM_CAP_PPC_FWNMI		  146 /* enable: machine checks exit with KVM_EXIT_NMI */
#define KVM_CAP_PPC_SMT_POSSIBLE	  147 /* bit n: 2^n vcpus in a core can be asked for */
#define KVM_CAP_PPC_GET_CPU_CHAR	  151
#define KVM_CAP_PPC_NESTED_HV		  160
#define KVM_CAP_MANUAL_DIRTY_LOG_PROTECT  166
#define KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 168
#define KVM_CAP_PPC_IRQ_XIVE		  169
#define KVM_CAP_PPC_GUEST_DEBUG_SSTEP	  176 /* KVM_GUESTDBG_SINGLESTEP works */
#define KVM_CAP_HALT_POLL		  182
#define KVM_CAP_DIRTY_LOG_RING		  192
#define KVM_CAP_PPC_DAWR1		  194
#define KVM_CAP_SET_GUEST_DEBUG2	  195
#define KVM_CAP_PPC_RPT_INVALIDATE	  202
#define KVM_CAP_BINARY_STATS_FD		  203
#define KVM_CAP_SYS_ATTRIBUTES		  209
#define KVM_CAP_PPC_AIL_MODE_3		  210
#define KVM_CAP_DISABLE_QUIRKS2		  213
#define KVM_CAP_SYSTEM_EVENT_DATA	  215
#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL	  223

/* ---- Requests ----------------------------------------------------------------------------- */

/* KVM_CREATE_VM's argument: which hypervisor; 0 takes what there is. */
#define KVM_VM_PPC_HV 1
#define KVM_VM_PPC_PR 2 /* EINVAL here */

/* To /dev/kvm. The argument is 0 where none is named. */
#define KVM_GET_API_VERSION    _IO(KVMIO, 0x00) /* returns KVM_API_VERSION; EINVAL: argument */
#define KVM_CREATE_VM	       _IO(KVMIO, 0x01) /* KVM_VM_PPC_*; returns a VM; EINVAL: argument */
#define KVM_CHECK_EXTENSION    _IO(KVMIO, 0x03) /* KVM_CAP_*; also to a VM; 0 is no */
#define KVM_GET_VCPU_MMAP_SIZE _IO(KVMIO, 0x04) /* returns bytes; EINVAL: argument */

/* To a VM. */
/*
 * KVM_CREATE_VCPU: the argument is the vcpu's id, below KVM_CAP_MAX_VCPU_ID; returns its
 * descriptor. Ids are free to choose, but that those of a core's threads follow each other
 * (KVM_CAP_PPC_SMT).
 * EINVAL: too large an id, of a core too many, or more vcpus than KVM_CAP_MAX_VCPUS. EEXIST: there
 * is one of that id, even if its descriptor was closed.
 */
#define KVM_CREATE_VCPU		   _IO(KVMIO, 0x41)
#define KVM_GET_DIRTY_LOG	   _IOW(KVMIO, 0x42, struct kvm_dirty_log)
#define KVM_SET_USER_MEMORY_REGION _IOW(KVMIO, 0x46, struct kvm_userspace_memory_region)
#define KVM_CREATE_IRQCHIP	   _IO(KVMIO, 0x60) /* ENOTTY here: see KVM_CREATE_DEVICE */
#define KVM_IRQ_LINE		   _IOW(KVMIO, 0x61, struct kvm_irq_level)
#define KVM_IRQ_LINE_STATUS	   _IOWR(KVMIO, 0x67, struct kvm_irq_level)
#define KVM_IRQFD		   _IOW(KVMIO, 0x76, struct kvm_irqfd)
#define KVM_IOEVENTFD		   _IOW(KVMIO, 0x79, struct kvm_ioeventfd)
#define KVM_PPC_GET_PVINFO	   _IOW(KVMIO, 0xa1, struct kvm_ppc_pvinfo)
#define KVM_PPC_GET_SMMU_INFO	   _IOR(KVMIO, 0xa6, struct kvm_ppc_smmu_info)
/*
 * KVM_PPC_ALLOCATE_HTAB: in: the order (log2 of bytes) wanted, 18 .. 46. Called again with the same
 * order it clears the table, with another it makes an empty one of that. A VM that runs without
 * having asked gets one of 2^24 bytes. EINVAL: another order. ENOMEM: the VM has the table that it
 * had. EBUSY: a vcpu is in KVM_RUN.
 */
#define KVM_PPC_ALLOCATE_HTAB	   _IOWR(KVMIO, 0xa7, __u32)
#define KVM_CREATE_SPAPR_TCE	   _IOW(KVMIO, 0xa8, struct kvm_create_spapr_tce)
#define KVM_CREATE_SPAPR_TCE_64	   _IOW(KVMIO, 0xa8, struct kvm_create_spapr_tce_64)
#define KVM_ALLOCATE_RMA	   _IOR(KVMIO, 0xa9, struct kvm_allocate_rma)
#define KVM_PPC_GET_HTAB_FD	   _IOW(KVMIO, 0xaa, struct kvm_get_htab_fd)
#define KVM_PPC_RTAS_DEFINE_TOKEN  _IOW(KVMIO, 0xac, struct kvm_rtas_token_args)
#define KVM_PPC_RESIZE_HPT_PREPARE _IOR(KVMIO, 0xad, struct kvm_ppc_resize_hpt)
#define KVM_PPC_RESIZE_HPT_COMMIT  _IOR(KVMIO, 0xae, struct kvm_ppc_resize_hpt)
#define KVM_PPC_CONFIGURE_V3_MMU   _IOW(KVMIO, 0xaf, struct kvm_ppc_mmuv3_cfg)
#define KVM_PPC_GET_RMMU_INFO	   _IOW(KVMIO, 0xb0, struct kvm_ppc_rmmu_info)
#define KVM_PPC_GET_CPU_CHAR	   _IOR(KVMIO, 0xb1, struct kvm_ppc_cpu_char)
#define KVM_PPC_SVM_OFF		   _IO(KVMIO, 0xb3) /* 0: it is never on */
#define KVM_GET_STATS_FD	   _IO(KVMIO, 0xce) /* also to a vcpu */
#define KVM_CREATE_DEVICE	   _IOWR(KVMIO, 0xe0, struct kvm_create_device)

/*
 * What KVM_GET_STATS_FD's descriptor reads as (read and pread): this header, the VM's or vcpu's
 * name, the descriptions, the values. Values are of 64 bits and can be read again and again.
 */
struct kvm_stats_header {
	__u32 flags;
	__u32 name_size; /* of each name, its end included */
	__u32 num_desc;
	__u32 id_offset;   /* the VM's or vcpu's name */
	__u32 desc_offset; /* num_desc of struct kvm_stats_desc */
	__u32 data_offset;
};

#define KVM_STATS_TYPE_MASK	   0x00f
#define KVM_STATS_TYPE_CUMULATIVE  0x000
#define KVM_STATS_TYPE_INSTANT	   0x001
#define KVM_STATS_TYPE_PEAK	   0x002
#define KVM_STATS_TYPE_LINEAR_HIST 0x003
#define KVM_STATS_TYPE_LOG_HIST	   0x004
#define KVM_STATS_UNIT_MASK	   0x0f0
#define KVM_STATS_UNIT_NONE	   0x000
#define KVM_STATS_UNIT_BYTES	   0x010
#define KVM_STATS_UNIT_SECONDS	   0x020 /* with base and exponent: -9 is nanoseconds */
#define KVM_STATS_UNIT_CYCLES	   0x030
#define KVM_STATS_UNIT_BOOLEAN	   0x040
#define KVM_STATS_BASE_MASK	   0xf00
#define KVM_STATS_BASE_POW10	   0x000
#define KVM_STATS_BASE_POW2	   0x100

struct kvm_stats_desc {
	__u32 flags;
	__s16 exponent;
	__u16 size;	   /* values, more than one of a histogram */
	__u32 offset;	   /* bytes behind data_offset */
	__u32 bucket_size; /* of a linear histogram */
	char name[];	   /* name_size bytes */
};

/* To a device. */
#define KVM_SET_DEVICE_ATTR _IOW(KVMIO, 0xe1, struct kvm_device_attr)
#define KVM_GET_DEVICE_ATTR _IOW(KVMIO, 0xe2, struct kvm_device_attr)
#define KVM_HAS_DEVICE_ATTR _IOW(KVMIO, 0xe3, struct kvm_device_attr)

/*
 * To a vcpu, always from the thread that runs it.
 *
 * KVM_RUN: 0, and kvm_run.exit_reason says why. EINTR: a signal, or immediate_exit. EINVAL: the
 * argument isn't 0; KVM_CAP_PPC_PAPR isn't enabled (not of Book E); the real-mode area, which may
 * give EPERM too: KVM_ALLOCATE_RMA. EFAULT: KVM_CAP_SW_TLB's array has gone. ENOMEM: before the
 * guest was entered.
 */
#define KVM_RUN		    _IO(KVMIO, 0x80)
#define KVM_GET_REGS	    _IOR(KVMIO, 0x81, struct kvm_regs)
#define KVM_SET_REGS	    _IOW(KVMIO, 0x82, struct kvm_regs)
#define KVM_GET_SREGS	    _IOR(KVMIO, 0x83, struct kvm_sregs)
#define KVM_SET_SREGS	    _IOW(KVMIO, 0x84, struct kvm_sregs)
#define KVM_TRANSLATE	    _IOWR(KVMIO, 0x85, struct kvm_translation)
#define KVM_INTERRUPT	    _IOW(KVMIO, 0x86, struct kvm_interrupt) /* from any thread */
#define KVM_SET_SIGNAL_MASK _IOW(KVMIO, 0x8b, struct kvm_signal_mask)
#define KVM_GET_FPU	    _IOR(KVMIO, 0x8c, struct kvm_fpu)
#define KVM_SET_FPU	    _IOW(KVMIO, 0x8d, struct kvm_fpu)
#define KVM_GET_MP_STATE    _IOR(KVMIO, 0x98, struct kvm_mp_state)
#define KVM_SET_MP_STATE    _IOW(KVMIO, 0x99, struct kvm_mp_state)
#define KVM_SET_GUEST_DEBUG _IOW(KVMIO, 0x9b, struct kvm_guest_debug)
#define KVM_ENABLE_CAP	    _IOW(KVMIO, 0xa3, struct kvm_enable_cap) /* also to a VM */
#define KVM_DIRTY_TLB	    _IOW(KVMIO, 0xaa, struct kvm_dirty_tlb)  /* EINVAL: not an e500 */
#define KVM_GET_ONE_REG	    _IOW(KVMIO, 0xab, struct kvm_one_reg)
#define KVM_SET_ONE_REG	    _IOW(KVMIO, 0xac, struct kvm_one_reg)

#endif
