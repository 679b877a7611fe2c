/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a device's addresses to memory, through the window's TCEs. The guest may change them at any
 * time: each is looked at once.
 */
#include <papyr/papr.h>

#include "base/racy.h"
#include "devices/vio/vio.h"
#include "platform/dirtylog.h"
#include "platform/machine.h"

/* Memory at @address up to the end of its page; *@bytes are cut to that. */
static void *translate(struct vio_device *v, u64 address, u64 *bytes, bool write)
{
	u64 page = address / TCE_PAGE, offset = address % TCE_PAGE, tce;

	if (page >= v->window.bytes / sizeof(u64))
		return NULL;
	tce = __atomic_load_n(&v->window.tces[page], __ATOMIC_RELAXED);
	if (!(tce & (write ? TCE_WRITE : TCE_READ)))
		return NULL;
	if (*bytes > TCE_PAGE - offset)
		*bytes = TCE_PAGE - offset;
	return machine_ptr(v->dev.m, (tce & ~(u64)(TCE_PAGE - 1)) + offset, *bytes);
}

int dma_map(struct vio_device *v, u64 address, u64 bytes, bool write, struct iovec *iov,
	    unsigned room)
{
	unsigned n = 0;

	while (bytes) {
		u64 piece = bytes;
		u8 *p = translate(v, address, &piece, write);

		if (!p)
			return -1;
		if (n && (u8 *)iov[n - 1].iov_base + iov[n - 1].iov_len == p) {
			iov[n - 1].iov_len += piece;
		} else {
			if (n == room)
				return -1;
			iov[n++] = (struct iovec){p, piece};
		}
		address += piece;
		bytes -= piece;
	}
	return n;
}

bool dma_open(struct vio_device *v, u64 address, u64 bytes, bool write)
{
	while (bytes) {
		u64 piece = bytes;

		if (!translate(v, address, &piece, write))
			return false;
		address += piece;
		bytes -= piece;
	}
	return true;
}

void dma_wrote(struct vio_device *v, const struct iovec *iov, unsigned n)
{
	struct machine *m = v->dev.m;

	for (unsigned i = 0; i < n; i++)
		machine_wrote(m, (u8 *)iov[i].iov_base - m->mem.host, iov[i].iov_len);
}

static bool copy(struct vio_device *v, u64 address, u8 *data, size_t bytes, bool write)
{
	while (bytes) {
		u64 piece = bytes;
		u8 *p = translate(v, address, &piece, write);

		if (!p)
			return false;
		if (write) {
			racy_copy_bytes(p, data, piece);
			machine_wrote(v->dev.m, p - v->dev.m->mem.host, piece);
		} else {
			racy_copy_bytes(data, p, piece);
		}
		address += piece;
		data += piece;
		bytes -= piece;
	}
	return true;
}

bool dma_read(struct vio_device *v, u64 address, void *to, size_t bytes)
{
	return copy(v, address, to, bytes, false);
}

bool dma_write(struct vio_device *v, u64 address, const void *from, size_t bytes)
{
	return copy(v, address, (u8 *)from, bytes, true);
}
