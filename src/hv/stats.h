/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What vcpus count. The names are those of Linux's KVM for Power, in its order, so that its clients
 * find them; most of what it counts doesn't happen here and stays 0. The last ones, from hypercalls
 * on, are ours.
 *
 * A vcpu's own thread writes, anybody may read. Once a client has asked for the descriptor
 * (kvm/stats_fd.c), the values stand in its file, and counting is all that it takes to publish
 * them.
 */
#ifndef PAPYR_HV_STATS_H
#define PAPYR_HV_STATS_H

#include "base/bits.h"
#include "cpu/counts.h"

#define HV_STATS_BUCKETS 32

/*
 * COUNT(name); NS(name): nanoseconds; HIST(name): of nanoseconds, by powers of two; FLAG(name): 0
 * or 1 now.
 */
/* clang-format off */
#define HV_VCPU_STATS(COUNT, NS, HIST, FLAG)                            \
	COUNT(halt_successful_poll)                                     \
	COUNT(halt_attempted_poll)                                      \
	COUNT(halt_poll_invalid)                                        \
	COUNT(halt_wakeup)                                              \
	NS(halt_poll_success_ns)                                        \
	NS(halt_poll_fail_ns)                                           \
	NS(halt_wait_ns)                                                \
	HIST(halt_poll_success_hist)                                    \
	HIST(halt_poll_fail_hist)                                       \
	HIST(halt_wait_hist)                                            \
	FLAG(blocking) /* sleeps in H_CEDE */                           \
	COUNT(sum_exits) /* times that it left guest mode */            \
	COUNT(mmio_exits)                                               \
	COUNT(signal_exits)                                             \
	COUNT(light_exits)                                              \
	COUNT(itlb_real_miss_exits)                                     \
	COUNT(itlb_virt_miss_exits)                                     \
	COUNT(dtlb_real_miss_exits)                                     \
	COUNT(dtlb_virt_miss_exits)                                     \
	COUNT(syscall_exits)                                            \
	COUNT(isi_exits)                                                \
	COUNT(dsi_exits)                                                \
	COUNT(emulated_inst_exits)                                      \
	COUNT(dec_exits)                                                \
	COUNT(ext_intr_exits)                                           \
	COUNT(halt_successful_wait)                                     \
	COUNT(dbell_exits)                                              \
	COUNT(gdbell_exits)                                             \
	COUNT(ld)                                                       \
	COUNT(st)                                                       \
	COUNT(pf_storage)                                               \
	COUNT(pf_instruc)                                               \
	COUNT(sp_storage)                                               \
	COUNT(sp_instruc)                                               \
	COUNT(queue_intr)                                               \
	COUNT(ld_slow)                                                  \
	COUNT(st_slow)                                                  \
	COUNT(pthru_all)                                                \
	COUNT(pthru_host)                                               \
	COUNT(pthru_bad_aff)                                            \
	COUNT(core_entries) /* entered the guest as the first of its core */ \
	COUNT(core_joins)   /* ... while another of its core was in it */ \
	COUNT(core_naps)    /* slept in H_CEDE while another of its core ran */ \
	COUNT(core_blocks)  /* ... and left the core to nobody */      \
	COUNT(wakes_dec)    /* what ended that sleep: the decrementer */ \
	COUNT(wakes_ext)    /* an external interrupt */                \
	COUNT(wakes_dbell)  /* a doorbell of the core */               \
	COUNT(wakes_prod)   /* H_PROD */                               \
	COUNT(wakes_pmu)    /* a counter's interrupt */                \
	COUNT(wakes_client) /* the client or a signal: KVM_RUN returned */ \
	COUNT(alarms_put_off) /* decrementers that had to wait: alarm.h */ \
	COUNT(yields)	  /* gave its turn on the host up: it waited in a loop, or H_CONFER */ \
	NS(yield_ns)	  /* ... until it had the next one */           \
	COUNT(hypercalls) /* all, wherever they are answered */         \
	COUNT(instructions)                                             \
	CPU_COUNTS(COUNT, NS)
/* clang-format on */

#define HV_STATS_ONE(name)  u64 name;
#define HV_STATS_HIST(name) u64 name[HV_STATS_BUCKETS];

struct hv_vcpu_stats {
	HV_VCPU_STATS(HV_STATS_ONE, HV_STATS_ONE, HV_STATS_HIST, HV_STATS_ONE)
};

/* The file behind the descriptors; with the vcpu locked. */
struct hv_stats_file {
	void *map; /* NULL: nobody has asked */
	size_t bytes;
	int fd;
	u64 inode; /* whether fd is still ours */
};

void hv_stats_file_free(struct hv_stats_file *file);

#endif
