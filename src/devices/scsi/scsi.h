/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCSI disks and CD-ROMs (SPC-4, SBC-3, MMC-5): what a command does, whatever bus brought it.
 *
 * A host adapter fills in a command's request, calls scsi_execute(), and is told of the outcome by
 * done(). Commands run side by side; who needs an order waits. Whoever resets or aborts waits too:
 * what has been submitted comes to its end.
 */
#ifndef PAPYR_DEVICES_SCSI_H
#define PAPYR_DEVICES_SCSI_H

#include "devices/block/block.h"

/* Status bytes. SAM-5 5.3. */
#define SCSI_GOOD	     0x00
#define SCSI_CHECK_CONDITION 0x02
#define SCSI_TASK_SET_FULL   0x28

#define SCSI_CDB_BYTES	 16
#define SCSI_SENSE_BYTES 18
#define SCSI_SERIAL_MAX	 20

/* Sense keys, and additional sense codes with their qualifiers. SPC-4 4.5. */
#define SENSE_MEDIUM_ERROR    0x3
#define SENSE_ILLEGAL_REQUEST 0x5
#define SENSE_UNIT_ATTENTION  0x6
#define SENSE_DATA_PROTECT    0x7

#define ASC_WRITE_ERROR		 0x0c00
#define ASC_READ_ERROR		 0x1100
#define ASC_PARAMETER_LENGTH	 0x1a00
#define ASC_INVALID_OPCODE	 0x2000
#define ASC_LBA_OUT_OF_RANGE	 0x2100
#define ASC_INVALID_FIELD_IN_CDB 0x2400
#define ASC_NO_SUCH_LUN		 0x2500
#define ASC_INVALID_PARAMETER	 0x2600
#define ASC_WRITE_PROTECTED	 0x2700
#define ASC_SPACE_ALLOCATION	 0x2707
#define ASC_POWER_ON		 0x2901
#define ASC_SAVING_NOT_SUPPORTED 0x3900

struct scsi_disk {
	struct block_dev *block;
	bool cd;
	u32 block_bytes; /* of a logical block */
	u64 blocks;
	char serial[SCSI_SERIAL_MAX + 1];
	/* What the next command but INQUIRY and the like is told instead; 0: nothing. Atomic. */
	u32 attention;
};

struct scsi_command {
	u8 cdb[SCSI_CDB_BYTES];
	/* The initiator's buffer, for data in or data out; 0 bytes: none. @iov may be changed. */
	struct iovec *iov;
	unsigned n_iov;
	u64 bytes;
	bool to_initiator;

	/* The outcome. */
	u8 status;
	u8 sense[SCSI_SENSE_BYTES];
	u8 sense_bytes;
	u64 moved; /* of the buffer's bytes: the first of them */

	/* On any thread, perhaps before scsi_execute() returns. */
	void (*done)(struct scsi_command *c);

	/* Ours. */
	struct scsi_disk *disk;
	struct block_request io;
};

/* @block is @d's from here on. */
void scsi_disk_init(struct scsi_disk *d, struct block_dev *block, bool cd, const char *serial);
void scsi_disk_fini(struct scsi_disk *d);
/* As if it had just been powered on, which the next command is told. */
void scsi_disk_reset(struct scsi_disk *d);

/* @d NULL: there is no such disk, and the command is answered so. */
void scsi_execute(struct scsi_disk *d, struct scsi_command *c);

/* ---- Between the files here ---- */

/* Each ends a command. */
void scsi_good(struct scsi_command *c);
void scsi_fail(struct scsi_command *c, u8 key, u32 asc);
/* Data for the initiator, who wants @want bytes at most. */
void scsi_reply(struct scsi_command *c, const u8 *data, size_t bytes, u64 want);

/* Takes @bytes of the initiator's data; false, and the command has failed: there are less. */
bool scsi_take(struct scsi_command *c, u8 *data, size_t bytes);

/* inquiry.c */
void scsi_inquiry(struct scsi_disk *d, struct scsi_command *c);
/* mode.c */
void scsi_mode_sense(struct scsi_disk *d, struct scsi_command *c);
/* blocks.c */
void scsi_read(struct scsi_disk *d, struct scsi_command *c);
void scsi_write(struct scsi_disk *d, struct scsi_command *c);
void scsi_verify(struct scsi_disk *d, struct scsi_command *c);
void scsi_synchronize_cache(struct scsi_disk *d, struct scsi_command *c);
void scsi_unmap(struct scsi_disk *d, struct scsi_command *c);
void scsi_write_same(struct scsi_disk *d, struct scsi_command *c);
void scsi_read_capacity_10(struct scsi_disk *d, struct scsi_command *c);
void scsi_service_action_in(struct scsi_disk *d, struct scsi_command *c);
/* cdrom.c */
void scsi_read_toc(struct scsi_disk *d, struct scsi_command *c);
void scsi_get_configuration(struct scsi_disk *d, struct scsi_command *c);
void scsi_get_event_status(struct scsi_disk *d, struct scsi_command *c);

#endif
