/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls: which there are, what they are called and what they answer.
 *
 * A guest makes a hypercall by "sc 1" in supervisor state: the number in r3, arguments in r4 and
 * up, 64 bits each. It comes back with a return code in r3 and results in r4 and up. Linux on Power
 * Architecture Platform Reference (PAPR) says what each of them does; section numbers below are
 * its. Which of them KVM answers itself, and which leave KVM_RUN as KVM_EXIT_PAPR_HCALL, is
 * <papyr/kvm.h>'s subject (KVM_CAP_PPC_ENABLE_HCALL).
 *
 * Everything stands in tables of one row each, to be walked by a macro of your own:
 *
 *	#define ROW(number, name, group, args, results) { number, #name },
 *	static const struct { int number; const char *name; } rows[] = { PAPR_HCALLS(ROW) };
 *
 * The names are enumerators besides: H_ENTER is 8, H_PARAMETER is -4. Nothing else is needed or
 * included, so a guest's own program may use this file as well.
 */
#ifndef PAPYR_PAPR_H
#define PAPYR_PAPR_H

/*
 * Groups, and where they are described.
 *
 * GROUP(name, text, PAPR section)
 */
/* clang-format off */
#define PAPR_GROUPS(GROUP)                                                            \
	GROUP(MMU,     "hash table",           "14.5.4.1")                            \
	GROUP(TCE,     "DMA windows",          "14.5.4.2")                            \
	GROUP(MODE,    "processor's modes",    "14.5.4.3")                            \
	GROUP(LOGICAL, "real-mode accesses",   "14.5.4.4")                            \
	GROUP(TERM,    "virtual terminals",    "16.6")                                \
	GROUP(XICS,    "interrupt controller", "14.10.4")                             \
	GROUP(SCHED,   "scheduling",           "14.11.3")                             \
	GROUP(VPA,     "areas of a processor", "14.11.3.2")                           \
	GROUP(VIO,     "virtual devices",      "17")                                  \
	GROUP(OTHER,   "others",               "14")                                  \
	GROUP(KVM,     "KVM's own",            "")

/*
 * HCALL(number, name, group, args, results)
 *
 * @args, @results: registers from r4 on that are read and, after H_SUCCESS, written. H_READ with
 * H_READ_4 writes eight.
 */
#define PAPR_HCALLS(HCALL)                                                            \
	HCALL(0x0004, H_REMOVE,                  MMU,     3, 2)                       \
	HCALL(0x0008, H_ENTER,                   MMU,     4, 1)                       \
	HCALL(0x000c, H_READ,                    MMU,     2, 2)                       \
	HCALL(0x0010, H_CLEAR_MOD,               MMU,     2, 1)                       \
	HCALL(0x0014, H_CLEAR_REF,               MMU,     2, 1)                       \
	HCALL(0x0018, H_PROTECT,                 MMU,     3, 0)                       \
	HCALL(0x001c, H_GET_TCE,                 TCE,     2, 1)                       \
	HCALL(0x0020, H_PUT_TCE,                 TCE,     3, 0)                       \
	HCALL(0x0024, H_SET_SPRG0,               MODE,    1, 0)                       \
	HCALL(0x0028, H_SET_DABR,                MODE,    1, 0)                       \
	HCALL(0x002c, H_PAGE_INIT,               MMU,     3, 0)                       \
	HCALL(0x0030, H_SET_ASR,                 MODE,    1, 0)                       \
	HCALL(0x0034, H_ASR_ON,                  MODE,    0, 0)                       \
	HCALL(0x0038, H_ASR_OFF,                 MODE,    0, 0)                       \
	HCALL(0x003c, H_LOGICAL_CI_LOAD,         LOGICAL, 2, 1)                       \
	HCALL(0x0040, H_LOGICAL_CI_STORE,        LOGICAL, 3, 0)                       \
	HCALL(0x0044, H_LOGICAL_CACHE_LOAD,      LOGICAL, 2, 1)                       \
	HCALL(0x0048, H_LOGICAL_CACHE_STORE,     LOGICAL, 3, 0)                       \
	HCALL(0x004c, H_LOGICAL_ICBI,            LOGICAL, 2, 0)                       \
	HCALL(0x0050, H_LOGICAL_DCBF,            LOGICAL, 2, 0)                       \
	HCALL(0x0054, H_GET_TERM_CHAR,           TERM,    1, 3)                       \
	HCALL(0x0058, H_PUT_TERM_CHAR,           TERM,    4, 0)                       \
	HCALL(0x005c, H_REAL_TO_LOGICAL,         OTHER,   1, 1)                       \
	HCALL(0x0060, H_HYPERVISOR_DATA,         OTHER,   1, 8)                       \
	HCALL(0x0064, H_EOI,                     XICS,    1, 0)                       \
	HCALL(0x0068, H_CPPR,                    XICS,    1, 0)                       \
	HCALL(0x006c, H_IPI,                     XICS,    2, 0)                       \
	HCALL(0x0070, H_IPOLL,                   XICS,    1, 2)                       \
	HCALL(0x0074, H_XIRR,                    XICS,    0, 1)                       \
	HCALL(0x0078, H_MIGRATE_DMA,             TCE,     4, 0)                       \
	HCALL(0x007c, H_PERFMON,                 OTHER,   2, 1)                       \
	HCALL(0x00dc, H_REGISTER_VPA,            VPA,     3, 0)                       \
	HCALL(0x00e0, H_CEDE,                    SCHED,   0, 0)                       \
	HCALL(0x00e4, H_CONFER,                  SCHED,   2, 0)                       \
	HCALL(0x00e8, H_PROD,                    SCHED,   1, 0)                       \
	HCALL(0x00ec, H_GET_PPP,                 SCHED,   0, 4)                       \
	HCALL(0x00f0, H_SET_PPP,                 SCHED,   2, 0)                       \
	HCALL(0x00f4, H_PURR,                    SCHED,   0, 1)                       \
	HCALL(0x00f8, H_PIC,                     SCHED,   0, 2)                       \
	HCALL(0x00fc, H_REG_CRQ,                 VIO,     3, 0)                       \
	HCALL(0x0100, H_FREE_CRQ,                VIO,     1, 0)                       \
	HCALL(0x0104, H_VIO_SIGNAL,              VIO,     2, 0)                       \
	HCALL(0x0108, H_SEND_CRQ,                VIO,     3, 0)                       \
	HCALL(0x0110, H_COPY_RDMA,               VIO,     5, 0)                       \
	HCALL(0x0114, H_REGISTER_LOGICAL_LAN,    VIO,     5, 0)                       \
	HCALL(0x0118, H_FREE_LOGICAL_LAN,        VIO,     1, 0)                       \
	HCALL(0x011c, H_ADD_LOGICAL_LAN_BUFFER,  VIO,     2, 0)                       \
	HCALL(0x0120, H_SEND_LOGICAL_LAN,        VIO,     9, 1)                       \
	HCALL(0x0124, H_BULK_REMOVE,             MMU,     8, 8)                       \
	HCALL(0x0130, H_MULTICAST_CTRL,          VIO,     3, 0)                       \
	HCALL(0x0134, H_SET_XDABR,               MODE,    2, 0)                       \
	HCALL(0x0138, H_STUFF_TCE,               TCE,     4, 0)                       \
	HCALL(0x013c, H_PUT_TCE_INDIRECT,        TCE,     4, 0)                       \
	HCALL(0x014c, H_CHANGE_LOGICAL_LAN_MAC,  VIO,     2, 0)                       \
	HCALL(0x0150, H_VTERM_PARTNER_INFO,      TERM,    4, 0)                       \
	HCALL(0x0154, H_REGISTER_VTERM,          TERM,    3, 0)                       \
	HCALL(0x0158, H_FREE_VTERM,              TERM,    1, 0)                       \
	HCALL(0x01c8, H_GET_CPU_CHARACTERISTICS, OTHER,   0, 2)                       \
	HCALL(0x01d4, H_FREE_LOGICAL_LAN_BUFFER, VIO,     2, 0)                       \
	HCALL(0x01d8, H_POLL_PENDING,            SCHED,   0, 0)                       \
	HCALL(0x0244, H_ILLAN_ATTRIBUTES,        VIO,     3, 1)                       \
	HCALL(0x0298, H_JOIN,                    SCHED,   0, 0)                       \
	HCALL(0x02a4, H_VASI_STATE,              OTHER,   1, 1)                       \
	HCALL(0x02a8, H_VIOCTL,                  VIO,     5, 0)                       \
	HCALL(0x02b0, H_ENABLE_CRQ,              VIO,     1, 0)                       \
	HCALL(0x02b8, H_GET_EM_PARMS,            OTHER,   0, 8)                       \
	HCALL(0x02d0, H_SET_MPP,                 OTHER,   2, 0)                       \
	HCALL(0x02d4, H_GET_MPP,                 OTHER,   0, 9)                       \
	HCALL(0x02dc, H_REG_SUB_CRQ,             VIO,     3, 2)                       \
	HCALL(0x02e0, H_FREE_SUB_CRQ,            VIO,     2, 0)                       \
	HCALL(0x02e4, H_SEND_SUB_CRQ,            VIO,     6, 0)                       \
	HCALL(0x02e8, H_SEND_SUB_CRQ_INDIRECT,   VIO,     4, 0)                       \
	HCALL(0x02ec, H_HOME_NODE_ASSOCIATIVITY, OTHER,   2, 6)                       \
	HCALL(0x02f4, H_BEST_ENERGY,             OTHER,   2, 1)                       \
	HCALL(0x02fc, H_XIRR_X,                  XICS,    1, 2)                       \
	HCALL(0x0300, H_RANDOM,                  OTHER,   0, 1)                       \
	HCALL(0x0304, H_COP,                     OTHER,   6, 1)                       \
	HCALL(0x0314, H_GET_MPP_X,               OTHER,   0, 7)                       \
	HCALL(0x031c, H_SET_MODE,                MODE,    4, 0)                       \
	HCALL(0x0328, H_BLOCK_REMOVE,            MMU,     9, 8)                       \
	HCALL(0x0358, H_CLEAR_HPT,               MMU,     0, 0)                       \
	HCALL(0x036c, H_RESIZE_HPT_PREPARE,      MMU,     2, 0)                       \
	HCALL(0x0370, H_RESIZE_HPT_COMMIT,       MMU,     2, 0)                       \
	HCALL(0x037c, H_REGISTER_PROC_TBL,       MMU,     4, 0)                       \
	HCALL(0x0380, H_SIGNAL_SYS_RESET,        OTHER,   1, 0)                       \
	HCALL(0x0448, H_RPT_INVALIDATE,          MMU,     6, 0)                       \
	HCALL(0xf000, H_RTAS,                    KVM,     1, 0) /* r4: the block */  \
	/* Of IBM's own hypervisor; guests ask whether it is that. */                 \
	HCALL(0xf078, H_GET_24X7_CATALOG_PAGE,   OTHER,   3, 0)                       \
	HCALL(0xf07c, H_GET_24X7_DATA,           OTHER,   4, 0)                       \
	HCALL(0xf080, H_GET_PERF_COUNTER_INFO,   OTHER,   2, 0)

/*
 * Return codes (PAPR 14.5.3).
 *
 * CODE(value, name)
 *
 * H_P2 .. H_P9 name the argument that is wrong, H_PARAMETER is the first one or says nothing of it.
 * H_UNSUPPORTED_FLAG is a range, down to -511: -256 less the number of the lowest flag that isn't
 * known, PAPR's counting. H_TOO_HARD is KVM's and never reaches a guest: the client shall do it.
 */
#define PAPR_CODES(CODE)                                                              \
	CODE(0,     H_SUCCESS)                                                        \
	CODE(1,     H_BUSY)                                                           \
	CODE(2,     H_CLOSED)                                                         \
	CODE(3,     H_NOT_AVAILABLE)                                                  \
	CODE(4,     H_CONSTRAINED)                                                    \
	CODE(5,     H_PARTIAL)                                                        \
	CODE(14,    H_IN_PROGRESS)                                                    \
	CODE(15,    H_PAGE_REGISTERED)                                                \
	CODE(16,    H_PARTIAL_STORE)                                                  \
	CODE(17,    H_PENDING)                                                        \
	CODE(18,    H_CONTINUE)                                                       \
	CODE(9900,  H_LONG_BUSY_ORDER_1_MSEC)                                         \
	CODE(9901,  H_LONG_BUSY_ORDER_10_MSEC)                                        \
	CODE(9902,  H_LONG_BUSY_ORDER_100_MSEC)                                       \
	CODE(9903,  H_LONG_BUSY_ORDER_1_SEC)                                          \
	CODE(9904,  H_LONG_BUSY_ORDER_10_SEC)                                         \
	CODE(9905,  H_LONG_BUSY_ORDER_100_SEC)                                        \
	CODE(9999,  H_TOO_HARD)                                                       \
	CODE(-1,    H_HARDWARE)                                                       \
	CODE(-2,    H_FUNCTION)                                                       \
	CODE(-3,    H_PRIVILEGE)                                                      \
	CODE(-4,    H_PARAMETER)                                                      \
	CODE(-5,    H_BAD_MODE)                                                       \
	CODE(-6,    H_PTEG_FULL)                                                      \
	CODE(-7,    H_NOT_FOUND)                                                      \
	CODE(-8,    H_RESERVED_DABR)                                                  \
	CODE(-9,    H_NO_MEM)                                                         \
	CODE(-10,   H_AUTHORITY)                                                      \
	CODE(-11,   H_PERMISSION)                                                     \
	CODE(-12,   H_DROPPED)                                                        \
	CODE(-13,   H_SOURCE_PARM)                                                    \
	CODE(-14,   H_DEST_PARM)                                                      \
	CODE(-15,   H_REMOTE_PARM)                                                    \
	CODE(-16,   H_RESOURCE)                                                       \
	CODE(-17,   H_ADAPTER_PARM)                                                   \
	CODE(-55,   H_P2)                                                             \
	CODE(-56,   H_P3)                                                             \
	CODE(-57,   H_P4)                                                             \
	CODE(-58,   H_P5)                                                             \
	CODE(-59,   H_P6)                                                             \
	CODE(-60,   H_P7)                                                             \
	CODE(-61,   H_P8)                                                             \
	CODE(-62,   H_P9)                                                             \
	CODE(-64,   H_TOO_BIG)                                                        \
	CODE(-67,   H_UNSUPPORTED)                                                    \
	CODE(-68,   H_OVERLAP)                                                        \
	CODE(-69,   H_INTERRUPT)                                                      \
	CODE(-70,   H_BAD_DATA)                                                       \
	CODE(-71,   H_NOT_ACTIVE)                                                     \
	CODE(-72,   H_SG_LIST)                                                        \
	CODE(-73,   H_OP_MODE)                                                        \
	CODE(-74,   H_COP_HW)                                                         \
	CODE(-75,   H_STATE)                                                          \
	CODE(-256,  H_UNSUPPORTED_FLAG)                                               \
	CODE(-9005, H_MULTI_THREADS_ACTIVE)
/* clang-format on */

#define PAPR_ENUM_GROUP(name, text, section)		    PAPR_GROUP_##name,
#define PAPR_ENUM_HCALL(number, name, group, args, results) name = number,
#define PAPR_ENUM_CODE(value, name)			    name = value,
enum papr_group { PAPR_GROUPS(PAPR_ENUM_GROUP) };
enum papr_hcall { PAPR_HCALLS(PAPR_ENUM_HCALL) };
enum papr_code { PAPR_CODES(PAPR_ENUM_CODE) };
#undef PAPR_ENUM_GROUP
#undef PAPR_ENUM_HCALL
#undef PAPR_ENUM_CODE

struct papr_hcall_row {
	unsigned number;
	const char *name;
	enum papr_group group;
	unsigned args, results;
};

/* The row of the hypercall with that number; 0: none in the table. */
static inline const struct papr_hcall_row *papr_hcall_find(unsigned long long number)
{
#define PAPR_ROW(number, name, group, args, results)                                               \
	{number, #name, PAPR_GROUP_##group, args, results},
	static const struct papr_hcall_row rows[] = {PAPR_HCALLS(PAPR_ROW)};
#undef PAPR_ROW

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].number == number)
			return &rows[i];
	return 0;
}

/* "H_PARAMETER"; 0: no such return code. Of H_UNSUPPORTED_FLAG's range, that. */
static inline const char *papr_code_name(long long code)
{
#define PAPR_CASE(value, name)                                                                     \
	case value:                                                                                \
		return #name;
	switch (code) {
		PAPR_CODES(PAPR_CASE)
	default:
		return code < H_UNSUPPORTED_FLAG && code >= H_UNSUPPORTED_FLAG - 255
			   ? "H_UNSUPPORTED_FLAG"
			   : 0;
	}
#undef PAPR_CASE
}

/* ---- Arguments ---- */

/* Flags of the hash table's hypercalls, in r4. */
#define H_EXACT		    (1ull << 39) /* H_ENTER: this entry, not any of its group */
#define H_READ_4	    (1ull << 37) /* H_READ: four entries */
#define H_AVPN		    (1ull << 31) /* only if the entry's AVPN is the argument's */
#define H_ANDCOND	    (1ull << 30) /* only if first word and argument have no bit in common */
#define H_ICACHE_INVALIDATE (1ull << 23)
#define H_ICACHE_SYNC	    (1ull << 22)
#define H_ZERO_PAGE	    (1ull << 15)
#define H_COPY_PAGE	    (1ull << 14)

/* An entry of a TCE table, beside the guest real address of the page. PAPR 14.5.4.2. */
#define TCE_READ  (1ull << 0) /* the device may read it */
#define TCE_WRITE (1ull << 1)

/* H_SET_MODE's resources, in r5. */
#define H_SET_MODE_CIABR 1
#define H_SET_MODE_DAWR	 2
#define H_SET_MODE_AIL	 3 /* where interrupts are taken that find translation on */
#define H_SET_MODE_ILE	 4 /* the byte order in which interrupts are taken */
#define H_SET_MODE_DAWR1 5

#endif
