/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of SCSI over the virtual I/O bus: SRP's information units (T10, SRP 6), and the
 * management datagrams that PAPR 17.2.4 has beside them. Numbers and places of fields; all of them
 * are big-endian.
 */
#ifndef PAPYR_DEVICES_SRP_H
#define PAPYR_DEVICES_SRP_H

/* The second byte of a queue's message: what is at its address. */
#define CRQ_FORMAT_SRP 1
#define CRQ_FORMAT_MAD 2
/* A queue's message: format 1, status 3, length 6 (2 bytes), address or tag 8. */
#define CRQ_FORMAT	   1
#define CRQ_STATUS	   3
#define CRQ_LENGTH	   6
#define CRQ_ADDRESS	   8
#define CRQ_ADAPTER_FAILED 0x10

#define IU_BYTES 256 /* at most */
#define IU_TAG	 8   /* of each, management's too */

/* Requests: their first byte. */
#define SRP_LOGIN_REQ 0x00
#define SRP_TSK_MGMT  0x01
#define SRP_CMD	      0x02
/* Answers. */
#define SRP_LOGIN_RSP 0xc0
#define SRP_RSP	      0xc1

#define LOGIN_RSP_BYTES	      52
#define LOGIN_RSP_CREDIT      4 /* requests that may be under way */
#define LOGIN_RSP_REQUEST_MAX 16
#define LOGIN_RSP_ANSWER_MAX  20
#define LOGIN_RSP_FORMATS     24
#define FORMAT_DIRECT	      1 /* a buffer's descriptors: one; in bits here, and by number below */
#define FORMAT_INDIRECT	      2 /* a table */

#define CMD_FORMATS	 5 /* high half: data out, low half: data in */
#define CMD_OUT_COUNT	 6
#define CMD_IN_COUNT	 7
#define CMD_LUN		 20
#define CMD_MORE_CDB	 31 /* words of it, times 4 */
#define CMD_CDB		 32
#define CMD_BUFFERS	 48
#define DESCRIPTOR_BYTES 16 /* address 8, key 4, length 4 */
#define TABLE_BYTES	 20 /* a descriptor of the table, and the buffer's length */

#define RSP_BYTES	 36
#define RSP_CREDIT	 4
#define RSP_FLAGS	 18
#define RSP_STATUS	 19
#define RSP_OUT_RESIDUAL 20
#define RSP_IN_RESIDUAL	 24
#define RSP_SENSE_LENGTH 28
#define RSP_DATA_LENGTH	 32
#define RSP_DATA_VALID	 0x01
#define RSP_SENSE_VALID	 0x02
#define RSP_OUT_UNDER	 0x08
#define RSP_IN_UNDER	 0x20
/* The last of four bytes of response data. */
#define TSK_COMPLETE	  0
#define TSK_NOT_SUPPORTED 4
#define TSK_FAILED	  5

/* Management datagrams: type 0 (4 bytes), status 4 (2), tag 8, buffer's address 16. */
#define MAD_TYPE	  0
#define MAD_STATUS	  4
#define MAD_BUFFER	  16
#define MAD_BYTES	  24
#define MAD_EMPTY	  1
#define MAD_ADAPTER_INFO  3
#define MAD_SUCCESS	  0
#define MAD_NOT_SUPPORTED 0xf1
#define MAD_FAILED	  0xf7

#define INFO_BYTES	  148
#define INFO_VERSION	  0
#define INFO_PARTITION	  8
#define INFO_NUMBER	  104
#define INFO_MAD_VERSION  108
#define INFO_OS		  112
#define INFO_TRANSFER_MAX 116 /* bytes, of the first port */
#define INFO_OS_LINUX	  2

#endif
