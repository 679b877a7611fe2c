/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpapyr: the system calls of a KVM client, answered in user space.
 *
 *	#include <papyr/kvm.h>
 *	#include <papyr/papyr.h>
 *
 *	int kvm = papyr_open("/dev/kvm", O_RDWR | O_CLOEXEC);
 *	int vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);
 *	int vcpu = papyr_ioctl(vm, KVM_CREATE_VCPU, 0);
 *	struct kvm_run *run = papyr_mmap(NULL, papyr_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
 *					 PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
 *
 * Each function has the meaning of the system call it is named for, on the descriptors that
 * <papyr/kvm.h> lists: what is asked for and what is answered is that file's subject. On failure
 * they return -1 (papyr_mmap: MAP_FAILED) with errno set, and nothing has changed.
 *
 * Descriptors are real: numbers of the process's descriptor table, the lowest free one, that
 * count against RLIMIT_NOFILE and can be told apart from others by papyr_is_fd() only. Close them
 * with papyr_close() only. After close(), or dup2() onto it, the object behind the number lives on,
 * and until papyr_is_fd() or papyr_close() was asked about the number, which do look, requests with
 * it still reach that object, even if it is another file's by now. dup() and fcntl(F_DUPFD) give
 * another number of the same object, as always. References are counted as in Linux: a VM lives
 * until its own descriptor and all that were made from it are closed; a vcpu, and its id, as long
 * as its VM.
 *
 * Threads: every function may be called from any thread at any time. KVM_RUN of one vcpu at a time
 * per thread; two threads in the same vcpu's KVM_RUN wait for each other. The library has threads
 * too: for each vcpu that runs, one which translates the guest's code meanwhile, until the vcpu
 * goes (none with PAPYR_ENGINE=inline in the environment, nor where the process may run on one
 * processor only); for a VM that is given a KVM_IRQFD one until the VM's descriptor is closed; and
 * while a hash table is made for KVM_PPC_RESIZE_HPT_PREPARE. They call none of the program's signal
 * handlers but those of faults and SIGPROF.
 *
 * Memory: a request that finds none gives ENOMEM; KVM_RUN at its beginning only, not in the midst
 * of the guest. A vcpu that never runs costs little: what it wants for the guest's code is mapped
 * when it is made, and filled with pages by its first KVM_RUN, which takes some milliseconds and
 * may be one with immediate_exit.
 *
 * fork: the child has none of these objects. Requests, reads and writes there with a descriptor
 * that the parent made fail with EIO; papyr_close() closes the child's number.
 *
 * Programs written for /dev/kvm need none of this: run them with LD_PRELOAD=libpapyr-preload.so.
 */
#ifndef PAPYR_PAPYR_H
#define PAPYR_PAPYR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * This header's version, for #if as 10000 * major + 100 * minor + patch. papyr_version() has the
 * library's, which a program that was linked against a shared one may find newer.
 */
#define PAPYR_VERSION	     "0.1.0"
#define PAPYR_VERSION_NUMBER 100

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Opens the system descriptor.
 *
 * @path:  "/dev/kvm". Any other path: ENOENT; nothing else is opened.
 * @flags: as for open(). The access mode is not checked by any request; O_CLOEXEC is kept.
 *
 * EMFILE, ENFILE, ENOMEM.
 */
int papyr_open(const char *path, int flags);

/*
 * Makes request @request (KVM_*) of @fd. The one argument after it is what the request names: an
 * integer or a pointer. Returns what the request returns, never negative but for -1.
 *
 * EBADF: not one of ours. ENOTTY (EINVAL of /dev/kvm and vcpus): not a request of this kind of
 * descriptor. EFAULT: bad pointer.
 */
int papyr_ioctl(int fd, unsigned long request, ...);

/*
 * Reads from, writes to, a hash table's descriptor (struct kvm_get_htab_fd), and reads statistics
 * (struct kvm_stats_header, from where the last read ended; pread() does as well); @count bytes at
 * most. Returns the bytes taken or given.
 *
 * EBADF: not one of ours, or not made for that: a hash table's is for reading or for writing,
 * statistics can't be written. EINVAL: other kinds of descriptor. EFAULT: bad pointer. Writing a
 * table besides: EBUSY, a vcpu is in KVM_RUN; EINVAL, a record that can't be.
 */
ssize_t papyr_read(int fd, void *buf, size_t count);
ssize_t papyr_write(int fd, const void *buf, size_t count);

/*
 * Maps a vcpu's struct kvm_run, a TCE table or a real-mode area. Unmap with munmap(): the mapping
 * outlives the descriptor.
 *
 * @offset: where in it the mapping begins, in bytes, a multiple of the host's page size; 0 of
 *          struct kvm_run.
 *
 * EBADF: not one of ours. ENODEV: a descriptor that can't be mapped. Else as mmap().
 */
void *papyr_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);

/* Closes @fd; the object goes when nothing refers to it any more. EBADF: not one of ours. */
int papyr_close(int fd);

/* Says whether @fd is one of ours; false after papyr_close(). Sets no errno. */
bool papyr_is_fd(int fd);

/*
 * A capability that Linux's KVM doesn't have, for KVM_ENABLE_CAP of a vcpu. args[0] = 1 is a
 * promise: whoever calls KVM_RUN of it has blocked all signals in its thread but those that tell of
 * the program's own faults. KVM_RUN then leaves the thread's signal mask alone, which else costs
 * two system calls each time, more than a short exit's other work. Signals that KVM_SET_SIGNAL_MASK
 * lets through still end KVM_RUN, if not before its first instruction then soon after, and stay
 * pending: set immediate_exit before you send one. args[0] = 0 takes the promise back.
 *
 * If the promise is broken, handlers run in the midst of KVM_RUN, don't end it, and must not make
 * requests.
 */
#define PAPYR_CAP_SIGNALS_BLOCKED 0x50415001

/*
 * Another one, for KVM_ENABLE_CAP of a VM: args[1] = 1 breaks the 4 KiB of memory around the guest
 * real address args[0]. From now on each access of the guest to them is a machine check, as of
 * hardware's memory that lost its contents: KVM_EXIT_NMI with KVM_CAP_PPC_FWNMI enabled, else the
 * guest's interrupt 0x200. Hypercalls and the client are not concerned. args[1] = 0 makes the page
 * whole; so does taking its memory slot away. It is no part of a guest's state. EINVAL: no memory
 * there, or another args[1]. ENOSPC: as many pages as KVM_CHECK_EXTENSION says are broken already.
 */
#define PAPYR_CAP_BROKEN_MEMORY 0x50415003

/*
 * Another, for KVM_ENABLE_CAP of a VM that has no vcpus yet: args[0] is the processor version (PVR)
 * of those it will have, by which the processor is chosen: POWER8 (which a VM has that never
 * asks), POWER7, PPC970, or one of Book E, 440 or e500v2, as its upper half says. The guest reads
 * all of it. KVM_SET_SREGS changes no processor. KVM_CAP_PPC_SMT becomes the number of threads that
 * its cores have: 8, 4 or 1. A PPC970 runs with a real-mode area only (KVM_ALLOCATE_RMA). Those of
 * Book E have no hash table, no hypercalls and no XICS; what is theirs <papyr/kvm.h> says.
 *
 * EINVAL: there is no such processor, or args[0] has more than 32 bits. EBUSY: there are vcpus.
 */
#define PAPYR_CAP_PVR 0x50415002

/*
 * Another, for KVM_ENABLE_CAP of a vcpu: breakpoints besides those of KVM_SET_GUEST_DEBUG, whose 16
 * are few for a debugger. args[0] is where args[1] effective addresses are, 64 bits each. They take
 * the place of those given before, and count with the next KVM_SET_GUEST_DEBUG, for which they are
 * as if they stood in its bp[]: they need KVM_GUESTDBG_USE_HW_BP, and stop with BREAKPOINT.
 *
 * EINVAL: more than KVM_CHECK_EXTENSION says. EFAULT: no memory of the caller's is there.
 */
#define PAPYR_CAP_BREAKPOINTS 0x50415004

/*
 * Another, for KVM_ENABLE_CAP of a VM: the process's real-mode areas, which KVM_ALLOCATE_RMA hands
 * out to all of its VMs, are args[1] of args[0] bytes each, 0 to 1024 of 32, 64, 128 or 256 MiB, or
 * of 1, 16 or 256 GiB. Before anybody says so they are 4 of 256 MiB. An unused area costs nothing.
 * KVM_CHECK_EXTENSION says how many are free. EINVAL: another size or number. EBUSY: an area is in
 * use.
 */
#define PAPYR_CAP_RMA 0x50415005

/*
 * Another, for KVM_ENABLE_CAP of a VM: args[0] = 1 is a promise. Who writes to the guest's memory
 * and isn't one of its vcpus, the program itself or the host's kernel on its behalf, tells of it by
 * papyr_wrote(), after it has written and before the guest can know that it has. KVM_RUN and
 * interrupts then don't look whether instructions have changed, which each of them costs some
 * microseconds for without this. What was written before is found without having been told of.
 * args[0] = 0 takes the promise back. EINVAL: another args[0].
 *
 * If the promise is broken, the guest may execute what was there before.
 */
#define PAPYR_CAP_TELLS_WRITES 0x50415006

/*
 * Another, for KVM_ENABLE_CAP of a VM: args[0], 1 to 0xffffffff, is the number of the XICS' global
 * server, which stands for all processors (LoPAPR, "ibm,ppc-interrupt-gserver#s": the guest has the
 * number from there). A source that the guest sends to it interrupts the vcpu that the thread which
 * raises it ran last, so that who asked a device is told of the answer; else the one that took the
 * source's last interrupt; and never one that works at priority 0 (H_CPPR) while another doesn't.
 * Without it, and in Linux's KVM, a source has one vcpu. EINVAL: another args[0]. EEXIST: a vcpu's
 * server has that number (afterwards KVM_CAP_IRQ_XICS gives it to none: EEXIST).
 */
#define PAPYR_CAP_XICS_GLOBAL 0x50415008

/*
 * Says that @bytes of memory at the guest real address @gpa were written. Costs little where the
 * guest executed nothing: some nanoseconds a page. What of it is no memory doesn't matter, so that
 * 0 and UINT64_MAX are all of it. Any thread; vcpus aren't waited for.
 *
 * @vm: the VM's descriptor
 *
 * EBADF: @vm is no VM.
 */
int papyr_wrote(int vm, uint64_t gpa, uint64_t bytes);

/*
 * What papyr_trace() tells of.
 *
 * EVENT(bit, name, word)
 *
 *	hcall	hypercalls, when they are answered, by the library or its client
 *		H_ENTER(0x0, 0x3f8, 0x4000000000000001, 0x1000196) = H_SUCCESS 0x3f8
 *	irq	interrupts taken that no instruction caused: external, decrementer, doorbell
 *		EXTERNAL at 0x1b08c, srr1 0x8000000002009033, to 0xc000000000004500
 *	trap	the others: storage and segment interrupts, system calls, program interrupts, ...
 *		DSI at 0x40014c, srr1 0x8000000000001010, to 0x300, dar 0x8, dsisr 0x40000000
 *	exit	why KVM_RUN returned
 *		MMIO store of 4 bytes at 0x80000000: 12345678
 *	rtas	RTAS calls that the library answers: those of KVM_PPC_RTAS_DEFINE_TOKEN
 *		ibm,set-xive(0x1001, 0x0, 0x5) = 0
 *	mmu	translations that the processor had not cached, and those that failed
 *		load 0xc000000000e10008: entry 0x2b1, 0x8e10008
 *	sample	where a vcpu computes, at most a thousand times a second each: the next instruction,
 *		MSR, LR, and who called, by the chain of stack frames as far as the processor
 *		has it at hand (24 at most)
 *		0xc0000000000a3f10, msr 0x8000000000009033, lr 0xc00000000001b2c4, stack
 *		0xc00000000001b2c4 0xc00000000001b4a0 0xc00000000000d894
 */
#define PAPYR_TRACE_EVENTS(EVENT)                                                                  \
	EVENT(0, HCALL, "hcall")                                                                   \
	EVENT(1, IRQ, "irq")                                                                       \
	EVENT(2, TRAP, "trap")                                                                     \
	EVENT(3, EXIT, "exit")                                                                     \
	EVENT(4, RTAS, "rtas")                                                                     \
	EVENT(5, MMU, "mmu")                                                                       \
	EVENT(6, SAMPLE, "sample")

#define PAPYR_TRACE_ENUM(bit, name, word) PAPYR_TRACE_##name = 1 << (bit),
#define PAPYR_TRACE_OR(bit, name, word)	  PAPYR_TRACE_##name |
enum papyr_trace_event {
	PAPYR_TRACE_EVENTS(PAPYR_TRACE_ENUM) PAPYR_TRACE_ALL =
	    PAPYR_TRACE_EVENTS(PAPYR_TRACE_OR) 0
};
#undef PAPYR_TRACE_ENUM
#undef PAPYR_TRACE_OR
/* Samples a second of a vcpu that computes, at most. */
#define PAPYR_TRACE_SAMPLES_HZ 1000

/*
 * Has a VM tell what its guest does, a line of text for each event, from now on until this is
 * called again. May be called at any time, while vcpus run too.
 *
 * @vm:     the VM's descriptor
 * @events: PAPYR_TRACE_*, added up. 0: no more lines, and @fd doesn't matter.
 * @fd:     where lines go: a file, or a descriptor with O_NONBLOCK. The library keeps a duplicate.
 *
 * A line is
 *
 *	SECONDS vcpu ID EVENT what happened
 *
 * SECONDS: CLOCK_MONOTONIC, nine digits behind the point; ID: the vcpu's. It is written at once, by
 * a single write() in the vcpu's thread, so that lines of several vcpus and programs don't mix if
 * the file is in O_APPEND mode, and the last ones are there if the program ends by a fault. No
 * guest waits for who reads: where there is no room, lines are lost, and the next one says how many
 * ("SECONDS trace N lines lost"). When a pipe has no reader any more there are no more lines.
 *
 * EBADF: @vm is no VM, @fd no descriptor. EINVAL: no such event; a descriptor that could have the
 * guest wait. EMFILE.
 *
 * Programs that know nothing of it: libpapyr-preload.so looks for PAPYR_TRACE=LIST[:FILE] in the
 * environment, LIST being words from above, with commas between them, or "all". Without FILE lines
 * go to standard error, if that is no terminal.
 */
int papyr_trace(int vm, unsigned events, int fd);

/*
 * The timebase that KVM_REG_PPC_TB_OFFSET is added to, which on a POWER host is the processor's own
 * register. Here it is CLOCK_MONOTONIC in ticks of PAPYR_TIMEBASE_HZ, rounded down: seconds *
 * 512000000 + nanoseconds * 512 / 1000. Never fails.
 *
 * Who moves a guest takes the sum of this and TB_OFFSET, the guest's timebase, when it stands
 * still, and sets KVM_REG_PPC_PAPYR_TB_OFFSET of the new vcpus to that sum less this of the new
 * host. KVM_REG_PPC_DEC_EXPIRY is in the guest's time, and stays as it is.
 */
uint64_t papyr_timebase(void);
#define PAPYR_TIMEBASE_HZ 512000000 /* for ever: guests know it */

/* The library's version, "major.minor.patch"; lives for ever. */
const char *papyr_version(void);

#ifdef __cplusplus
}
#endif

#endif
