/* SPDX-License-Identifier: Apache-2.0 */
/* INQUIRY: what a unit is, and its pages of vital product data. SPC-4 6.6, 7.8; SBC-3 6.6. */
#include <papyr/papyr.h>
#include <stdio.h>
#include <string.h>

#include "devices/scsi/scsi.h"

#define TYPE_DISK     0x00
#define TYPE_CD	      0x05
#define VERSION_SPC_4 6

#define PAGE_MAX	0x100
#define MAX_BLOCKS	(1u << 20) /* of UNMAP and WRITE SAME: half a GiB at once */
#define MAX_DESCRIPTORS 255	   /* of UNMAP */
#define GRANULE_BLOCKS	8	   /* what the host's files are made of: 4 KiB */

static u8 type_of(const struct scsi_disk *d)
{
	return d->cd ? TYPE_CD : TYPE_DISK;
}

/* Text in a field of its own: padded with blanks. */
static void put_text(u8 *to, size_t bytes, const char *text)
{
	size_t n = strlen(text);

	memset(to, ' ', bytes);
	memcpy(to, text, n < bytes ? n : bytes);
}

static void standard(struct scsi_disk *d, struct scsi_command *c, u64 want)
{
	u8 data[36] = {
	    [0] = type_of(d),	    [1] = d->cd ? 0x80 : 0, /* the medium can be removed */
	    [2] = VERSION_SPC_4,    [3] = 0x12, /* numbers of units as in SAM; format 2 */
	    [4] = sizeof(data) - 5, [7] = 0x02, /* takes several commands at once */
	};

	put_text(data + 8, 8, "PAPYR");
	put_text(data + 16, 16, d->cd ? "CD-ROM" : "DISK");
	put_text(data + 32, 4, PAPYR_VERSION);
	scsi_reply(c, data, sizeof(data), want);
}

/* The bytes of each page behind its head of four; its length is returned. */

static size_t unit_serial(struct scsi_disk *d, u8 *p)
{
	memcpy(p, d->serial, strlen(d->serial));
	return strlen(d->serial);
}

/* One designator, of the unit: T10's, "PAPYR   " and the serial number. */
static size_t identification(struct scsi_disk *d, u8 *p)
{
	size_t n = strlen(d->serial);

	p[0] = 0x02; /* ASCII */
	p[1] = 0x01; /* by T10's vendor identification */
	p[3] = 8 + n;
	put_text(p + 4, 8, "PAPYR");
	memcpy(p + 12, d->serial, n);
	return 12 + n;
}

static size_t block_limits(struct scsi_disk *d, u8 *p)
{
	p[2] = 0;
	p[3] = GRANULE_BLOCKS;
	store_be32(p + 16, MAX_BLOCKS); /* of UNMAP */
	store_be32(p + 20, MAX_DESCRIPTORS);
	store_be32(p + 24, GRANULE_BLOCKS);
	store_be64(p + 32, MAX_BLOCKS); /* of WRITE SAME */
	return 60;
}

static size_t characteristics(struct scsi_disk *d, u8 *p)
{
	p[1] = 1; /* doesn't rotate */
	return 60;
}

static size_t provisioning(struct scsi_disk *d, u8 *p)
{
	if (!block_discards(d->block))
		return 4;
	p[1] = 0xe4; /* UNMAP, and WRITE SAME (16) and (10) with UNMAP; reads as zero then */
	p[2] = 2;    /* thin */
	return 4;
}

static size_t supported(struct scsi_disk *d, u8 *p);

static const struct {
	u8 page;
	bool disk_only;
	size_t (*fill)(struct scsi_disk *d, u8 *p);
} pages[] = {
    {0x00, false, supported},	{0x80, false, unit_serial},    {0x83, false, identification},
    {0xb0, true, block_limits}, {0xb1, true, characteristics}, {0xb2, true, provisioning},
};

static size_t supported(struct scsi_disk *d, u8 *p)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (!pages[i].disk_only || !d->cd)
			p[n++] = pages[i].page;
	return n;
}

static void product_data(struct scsi_disk *d, struct scsi_command *c, u64 want)
{
	u8 data[4 + PAGE_MAX] = {type_of(d), c->cdb[2]};

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		size_t n;

		if (pages[i].page != c->cdb[2] || (pages[i].disk_only && d->cd))
			continue;
		n = pages[i].fill(d, data + 4);
		data[2] = n >> 8;
		data[3] = n;
		scsi_reply(c, data, 4 + n, want);
		return;
	}
	scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

void scsi_inquiry(struct scsi_disk *d, struct scsi_command *c)
{
	u64 want = c->cdb[3] << 8 | c->cdb[4];

	if (c->cdb[1] & 1)
		product_data(d, c, want);
	else if (c->cdb[2] || c->cdb[1])
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
	else
		standard(d, c, want);
}
