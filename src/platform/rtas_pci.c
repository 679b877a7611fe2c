/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI by RTAS: configuration space (PAPR 7.3.4), and message signalled interrupts (7.3.10.5). The
 * calls without "ibm," name no bridge: they are about the first.
 */
#include "platform/pci.h"
#include "platform/rtas.h"

#define ALL_ONES 0xffffffffu

static struct machine_pci *bridge(struct rtas_call *a)
{
	return a->vcpu->m->pci;
}

/* Two words, from @i on. */
static u64 buid(const struct rtas_call *a, unsigned i)
{
	return (u64)rtas_arg(a, i) << 32 | rtas_arg(a, i + 1);
}

static s32 read_config(struct rtas_call *a, u64 which, u32 address, u32 bytes)
{
	struct machine_pci *p = bridge(a);
	u32 val = ALL_ONES;
	bool found;

	found = p && p->ops->read_config(p, which, address, bytes, &val);
	rtas_result(a, 1, found ? val : ALL_ONES);
	return found ? RTAS_SUCCESS : RTAS_HARDWARE;
}

static s32 write_config(struct rtas_call *a, u64 which, u32 address, u32 bytes, u32 val)
{
	struct machine_pci *p = bridge(a);

	return p && p->ops->write_config(p, which, address, bytes, val) ? RTAS_SUCCESS
									: RTAS_HARDWARE;
}

/* In: address, the bridge's number (2), bytes. Out: status, value. */
s32 rtas_ibm_read_pci_config(struct rtas_call *a)
{
	return read_config(a, buid(a, 1), rtas_arg(a, 0), rtas_arg(a, 3));
}

/* In: address, the bridge's number (2), bytes, value. Out: status. */
s32 rtas_ibm_write_pci_config(struct rtas_call *a)
{
	return write_config(a, buid(a, 1), rtas_arg(a, 0), rtas_arg(a, 3), rtas_arg(a, 4));
}

/* In: address, bytes. Out: status, value. */
s32 rtas_read_pci_config(struct rtas_call *a)
{
	return read_config(a, 0, rtas_arg(a, 0), rtas_arg(a, 1));
}

/* In: address, bytes, value. Out: status. */
s32 rtas_write_pci_config(struct rtas_call *a)
{
	return write_config(a, 0, rtas_arg(a, 0), rtas_arg(a, 1), rtas_arg(a, 2));
}

/*
 * In: address, the bridge's number (2), what is wanted, how many, sequence number. Out: status, how
 * many there are now, sequence number, and if asked for: their kind (1: MSI, 2: MSI-X).
 */
s32 rtas_ibm_change_msi(struct rtas_call *a)
{
	struct machine_pci *p = bridge(a);
	u32 wanted = rtas_arg(a, 3), number = rtas_arg(a, 4), sequence = rtas_arg(a, 5);
	int have = -1;

	if (p && wanted <= PCI_MSI_X_32)
		have = p->ops->change_msi(p, buid(a, 1), rtas_arg(a, 0), wanted, number);
	if (have < 0)
		return RTAS_PARAMETER;
	rtas_result(a, 1, have);
	rtas_result(a, 2, sequence);
	if (a->n_out > 3)
		rtas_result(a, 3, 2);
	return RTAS_SUCCESS;
}

/* In: address, the bridge's number (2), which message. Out: status, source, 1: it is an edge. */
s32 rtas_ibm_query_interrupt_source_number(struct rtas_call *a)
{
	struct machine_pci *p = bridge(a);
	u32 irq;

	if (!p || !p->ops->msi_source(p, buid(a, 1), rtas_arg(a, 0), rtas_arg(a, 3), &irq))
		return RTAS_PARAMETER;
	rtas_result(a, 1, irq);
	rtas_result(a, 2, 1);
	return RTAS_SUCCESS;
}
