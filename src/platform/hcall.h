/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls' return codes (PAPR 14.5.3), and the number that our RTAS uses.
 */
#ifndef PAPYR_PLATFORM_HCALL_H
#define PAPYR_PLATFORM_HCALL_H

#define H_SUCCESS	   0
#define H_BUSY		   1
#define H_HARDWARE	   (-1)
#define H_FUNCTION	   (-2)
#define H_PARAMETER	   (-4)
#define H_P2		   (-55)
#define H_P3		   (-56)
#define H_P4		   (-57)
#define H_UNSUPPORTED_FLAG (-256)

#define H_RTAS 0xf000

#endif
