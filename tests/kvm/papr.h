/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercall numbers and flags of PAPR, and the fields of a hash table entry, for the conformance
 * programs. */
#ifndef TESTS_KVM_PAPR_H
#define TESTS_KVM_PAPR_H

#define H_REMOVE	     0x04
#define H_ENTER		     0x08
#define H_READ		     0x0c
#define H_CLEAR_MOD	     0x10
#define H_CLEAR_REF	     0x14
#define H_PROTECT	     0x18
#define H_GET_TCE	     0x1c
#define H_PUT_TCE	     0x20
#define H_SET_SPRG0	     0x24
#define H_SET_DABR	     0x28
#define H_PAGE_INIT	     0x2c
#define H_LOGICAL_CI_LOAD    0x3c
#define H_LOGICAL_CI_STORE   0x40
#define H_LOGICAL_ICBI	     0x48
#define H_GET_TERM_CHAR	     0x54
#define H_PUT_TERM_CHAR	     0x58
#define H_EOI		     0x64
#define H_CPPR		     0x68
#define H_IPI		     0x6c
#define H_IPOLL		     0x70
#define H_XIRR		     0x74
#define H_PERFMON	     0x7c
#define H_REGISTER_VPA	     0xdc
#define H_CEDE		     0xe0
#define H_CONFER	     0xe4
#define H_PROD		     0xe8
#define H_GET_PPP	     0xec
#define H_BULK_REMOVE	     0x124
#define H_SET_XDABR	     0x134
#define H_STUFF_TCE	     0x138
#define H_PUT_TCE_INDIRECT   0x13c
#define H_BLOCK_REMOVE	     0x328
#define H_XIRR_X	     0x2fc
#define H_RANDOM	     0x300
#define H_SET_MODE	     0x31c
#define H_RESIZE_HPT_PREPARE 0x36c
#define H_RESIZE_HPT_COMMIT  0x370
#define H_GET_CPU_CHAR	     0x1c8
#define H_RTAS		     0xf000

#define H_SUCCESS  0ull
#define H_FUNCTION (-2ull)

/* H_ENTER, H_REMOVE, H_READ, H_PROTECT, H_PAGE_INIT */
#define H_EXACT		    (1ull << 39)
#define H_READ_4	    (1ull << 37)
#define H_AVPN		    (1ull << 31)
#define H_ANDCOND	    (1ull << 30)
#define H_ICACHE_INVALIDATE (1ull << 23)
#define H_ICACHE_SYNC	    (1ull << 22)
#define H_ZERO_PAGE	    (1ull << 15)
#define H_COPY_PAGE	    (1ull << 14)

/* First doubleword of an entry: B 63:62, AVPN 61:7, then */
#define V_1TB	    (1ull << 62)
#define V_BOLTED    0x10ull
#define V_LARGE	    0x04ull
#define V_SECONDARY 0x02ull
#define V_VALID	    0x01ull

/* Second doubleword */
#define R_PP0	  (1ull << 63)
#define R_TS	  (1ull << 62)
#define R_KEY_HI  0x3000000000000000ull
#define R_REF	  0x100ull
#define R_CHANGED 0x080ull
#define R_W	  0x040ull
#define R_I	  0x020ull
#define R_M	  0x010ull
#define R_G	  0x008ull
#define R_N	  0x004ull
#define R_PP	  0x003ull
#define R_KEY_LO  0xe00ull
#define R_64K	  0x1000ull /* page number's low bits: 64K page in a 64K segment */

/*
 * The real-mode area: virtual segment 0x1ffffff of 1 TB, of pages of 64K where the host allows it.
 * Its entries stand in the last groups of a table, the programs use the first ones.
 */
#define VRMA_VSID 0x1ffffffull

/* First doubleword for page @ea of 256M segment @vsid: AVPN holds the address above 8M. */
#define AVPN_256M(vsid, ea) (((vsid) << 12) | (((ea) >> 16) & 0xf80))

#endif
