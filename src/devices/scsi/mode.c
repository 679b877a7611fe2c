/* SPDX-License-Identifier: Apache-2.0 */
/* MODE SENSE (6) and (10). Nothing can be changed. SPC-4 6.11, 7.5; SBC-3 6.5; MMC-5 7. */
#include <string.h>

#include "devices/scsi/scsi.h"

#define ALL_PAGES	   0x3f
#define CONTROL_CHANGEABLE 1
#define CONTROL_SAVED	   3

#define MODE_MAX 256

/* Read-write error recovery: as the host has it. */
static const u8 recovery[12] = {0x01, 10};
/* There is a cache for writes: SYNCHRONIZE CACHE is what makes them last. */
static const u8 caching[20] = {0x08, 18, 0x04};
static const u8 control[12] = {0x0a, 10};
/* Reads CD-ROMs, and no more. */
static const u8 cd_capabilities[22] = {0x2a, 20, [6] = 0x20};

static const struct {
	const u8 *page;
	u8 bytes;
	bool disk, cd;
} pages[] = {
    {recovery, sizeof(recovery), true, true},
    {caching, sizeof(caching), true, false},
    {control, sizeof(control), true, true},
    {cd_capabilities, sizeof(cd_capabilities), false, true},
};

/* The wanted pages, one after another; 0: there is none. */
static size_t put_pages(const struct scsi_disk *d, u8 wanted, u8 which, u8 *p)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!(d->cd ? pages[i].cd : pages[i].disk))
			continue;
		if (wanted != ALL_PAGES && wanted != pages[i].page[0])
			continue;
		memcpy(p + n, pages[i].page, pages[i].bytes);
		if (which == CONTROL_CHANGEABLE)
			memset(p + n + 2, 0, pages[i].bytes - 2);
		n += pages[i].bytes;
	}
	return n;
}

/* Size and number of the blocks. */
static size_t put_descriptor(const struct scsi_disk *d, u8 *p)
{
	store_be32(p, d->blocks > ~0u ? ~0u : d->blocks);
	store_be32(p + 4, d->block_bytes);
	return 8;
}

void scsi_mode_sense(struct scsi_disk *d, struct scsi_command *c)
{
	bool ten = c->cdb[0] == 0x5a;
	u8 data[MODE_MAX] = {0}, wanted = c->cdb[2] & 0x3f, which = c->cdb[2] >> 6;
	size_t head = ten ? 8 : 4, n = head, descriptor = 0, found;

	if (which == CONTROL_SAVED) {
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
		return;
	}
	if (!(c->cdb[1] & 8) && !d->cd)
		n += descriptor = put_descriptor(d, data + n);
	found = put_pages(d, wanted, which, data + n);
	if (!found || (c->cdb[3] && c->cdb[3] != 0xff)) {
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
		return;
	}
	n += found;
	if (ten) {
		data[1] = n - 2;
		data[3] = block_read_only(d->block) ? 0x80 : 0;
		data[7] = descriptor;
	} else {
		data[0] = n - 1;
		data[2] = block_read_only(d->block) ? 0x80 : 0;
		data[3] = descriptor;
	}
	scsi_reply(c, data, n, ten ? c->cdb[7] << 8 | c->cdb[8] : c->cdb[4]);
}
