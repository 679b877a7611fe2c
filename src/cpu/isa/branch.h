/* SPDX-License-Identifier: Apache-2.0 */
/* The BO field of conditional branches, in op->t; BI is in op->a (Power ISA 2.07, Book I, 2.4). */
#ifndef PAPYR_CPU_BRANCH_H
#define PAPYR_CPU_BRANCH_H

#define BO_ANY_CR   0x10 /* whatever CR[BI] is */
#define BO_CR_SET   0x08 /* branch if CR[BI] is 1, else if it is 0 */
#define BO_NO_CTR   0x04 /* CTR is left alone */
#define BO_CTR_ZERO 0x02 /* branch if CTR is 0 after its decrement, else if it is not */

#endif
