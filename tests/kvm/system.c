/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/kvm, and what a VM or a vcpu descriptor answers to requests that take no guest:
 * capabilities, creation, memory slots, the table's size, devices, capabilities to enable, wrong
 * requests.
 */
#include "machine.h"
#include "papr.h"

static int kvm;

static int new_vm(void)
{
	int vm = client_ioctl(kvm, KVM_CREATE_VM, 0ul);

	if (vm < 0)
		die("KVM_CREATE_VM");
	return vm;
}

static void system_requests(void)
{
	static const unsigned long types[] = {0, 1, 2, 3, 0x100, -1ul};
	int fd;

	topic("/dev/kvm");
	TRY(kvm, KVM_GET_API_VERSION, 0);
	TRY_AS("KVM_GET_API_VERSION of 1", kvm, KVM_GET_API_VERSION, 1);
	TRY_AS("KVM_GET_VCPU_MMAP_SIZE of 1", kvm, KVM_GET_VCPU_MMAP_SIZE, 1);
	say("mmap size holds struct kvm_run and is whole pages: %d",
	    client_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0ul) >= (int)sizeof(struct kvm_run) &&
		client_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0ul) % sysconf(_SC_PAGESIZE) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		say("VM of type %ld", (long)types[i]);
		fd = try_fd("    KVM_CREATE_VM", kvm, KVM_CREATE_VM, types[i]);
		if (fd >= 0)
			client_close(fd);
	}
	TRY_AS("KVM_CREATE_VCPU on /dev/kvm", kvm, KVM_CREATE_VCPU, 0);
	TRY_AS("KVM_RUN on /dev/kvm", kvm, KVM_RUN, 0);
	TRY_AS("request 0xff on /dev/kvm", kvm, _IO(KVMIO, 0xff), 0);
	TRY_AS("request of another type", kvm, _IO('x', 0), 0);
	TRY_AS("KVM_GET_STATS_FD on /dev/kvm", kvm, KVM_GET_STATS_FD, 0);
	say_result("read", client_read(kvm, &fd, sizeof(fd)));
	say_result("write", client_write(kvm, &fd, sizeof(fd)));
	say("mmap = %s", client_mmap(NULL, 4096, PROT_READ, MAP_SHARED, kvm, 0) == MAP_FAILED
			     ? errno_name(errno)
			     : "ok");
}

static void capabilities(void)
{
	int vm = new_vm();

	topic("KVM_CHECK_EXTENSION of /dev/kvm, of a VM where another");
	for (int cap = 0; cap < 256; cap++) {
		int here = client_ioctl(kvm, KVM_CHECK_EXTENSION, (unsigned long)cap);
		int there = client_ioctl(vm, KVM_CHECK_EXTENSION, (unsigned long)cap);

		/* How many vcpus are recommended depends on the machine. */
		if (here && cap == KVM_CAP_NR_VCPUS)
			say("%d: some", cap);
		else if (here)
			say("%d: %d", cap, here);
		if (here != there)
			say("%d: %d, VM %d", cap, here, there);
	}
	TRY_AS("capability -1", kvm, KVM_CHECK_EXTENSION, -1);
	TRY_AS("capability 2^32 + 3", kvm, KVM_CHECK_EXTENSION, (1ul << 32) + 3);
	client_close(vm);
}

static void vcpus(void)
{
	static const unsigned long ids[] = {0,	  0,	 1,	8,    5,	2047,
					    2048, 16383, 16384, -1ul, 1ul << 32};
	int vm = new_vm(), fds[ARRAY_SIZE(ids)], kept = 0;

	topic("KVM_CREATE_VCPU");
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		int fd = client_ioctl(vm, KVM_CREATE_VCPU, ids[i]);

		say("id %ld = %s", (long)ids[i], fd >= 0 ? "fd" : errno_name(errno));
		if (fd >= 0)
			fds[kept++] = fd;
	}
	while (kept)
		client_close(fds[--kept]);
	say("the id after its descriptor is closed = %s",
	    client_ioctl(vm, KVM_CREATE_VCPU, 8ul) >= 0 ? "fd" : errno_name(errno));
	client_close(vm);
}

static void smt_mode(void)
{
	static const u64 modes[] = {0, 1, 2, 3, 4, 8, 16};

	topic("KVM_CAP_PPC_SMT enabled on a VM");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int vm = new_vm();
		struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_SMT, .args = {modes[i], 0}};

		say("%llu threads", modes[i]);
		TRY_AS("    KVM_ENABLE_CAP", vm, KVM_ENABLE_CAP, &cap);
		TRY_AS("    KVM_CAP_PPC_SMT now", vm, KVM_CHECK_EXTENSION, KVM_CAP_PPC_SMT);
		client_close(vm);
	}
}

static void slots(void)
{
	int vm = new_vm();
	u8 *memory = slot_memory(4 * MIB);
	const struct {
		const char *text;
		u32 slot, flags;
		u64 gpa, bytes;
		u8 *memory;
	} steps[] = {
	    {"add", 0, 0, 0, MIB, memory},
	    {"the same again", 0, 0, 0, MIB, memory},
	    {"other size", 0, 0, 0, 2 * MIB, memory},
	    {"other memory", 0, 0, 0, MIB, memory + MIB},
	    {"move", 0, 0, 2 * MIB, MIB, memory},
	    {"move back", 0, 0, 0, MIB, memory},
	    {"dirty log on", 0, KVM_MEM_LOG_DIRTY_PAGES, 0, MIB, memory},
	    {"dirty log off", 0, 0, 0, MIB, memory},
	    {"read-only", 20, KVM_MEM_READONLY, 512 * MIB, MIB, memory},
	    {"unknown flag 4", 1, 4, 16 * MIB, MIB, memory},
	    {"unknown flag 2^31", 1, 1u << 31, 16 * MIB, MIB, memory},
	    {"overlap", 1, 0, MIB - HOST_PAGE, MIB, memory},
	    {"overlap, within", 1, 0, HOST_PAGE, HOST_PAGE, memory},
	    {"beside", 1, 0, MIB, MIB, memory},
	    {"address not aligned", 2, 0, 16 * MIB + 512, MIB, memory},
	    {"size not aligned", 2, 0, 16 * MIB, MIB + 512, memory},
	    {"memory not aligned", 2, 0, 16 * MIB, MIB, memory + 512},
	    {"memory at a wild address", 2, 0, 16 * MIB, MIB, (u8 *)0xf000000000000000ull},
	    {"memory not mapped", 2, 0, 16 * MIB, MIB, (u8 *)0x10000},
	    {"wraps", 3, 0, 0xfffffffffff00000ull, 2 * MIB, memory},
	    {"ends at 2^64", 3, 0, 0xfffffffffff00000ull, MIB, memory},
	    {"above 2^50", 3, 0, 1ull << 50, MIB, memory},
	    {"size too large", 4, 0, 1ull << 40, 1ull << 48, memory},
	    {"last slot", 32766, 0, 64 * MIB, MIB, memory},
	    {"slot 32767", 32767, 0, 80 * MIB, MIB, memory},
	    {"slot 2^16", 1 << 16, 0, 80 * MIB, MIB, memory},
	    {"slot 2^31", 1u << 31, 0, 80 * MIB, MIB, memory},
	    {"delete one that isn't", 9, 0, 0, 0, memory},
	    {"delete", 1, 0, 0, 0, NULL},
	    {"delete again", 1, 0, 0, 0, NULL},
	    {"delete with flags", 0, KVM_MEM_LOG_DIRTY_PAGES, 0, 0, memory},
	    {"add again", 1, 0, MIB, 2 * MIB, memory},
	};

	topic("KVM_SET_USER_MEMORY_REGION");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		say_result(steps[i].text, set_slot(vm, steps[i].slot, steps[i].flags, steps[i].gpa,
						   steps[i].bytes, steps[i].memory));
	TRY_AS("at NULL", vm, KVM_SET_USER_MEMORY_REGION, 0);
	client_close(vm);
	slot_memory_free(memory, 4 * MIB);
}

static void dirty_log_errors(void)
{
	int vm = new_vm();
	u8 *memory = slot_memory(MIB);
	u64 bits[8] = {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull};
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = bits};

	topic("KVM_GET_DIRTY_LOG without a guest");
	TRY_AS("no slot", vm, KVM_GET_DIRTY_LOG, &log);
	set_slot(vm, 0, 0, 0, MIB, memory);
	TRY_AS("slot that doesn't log", vm, KVM_GET_DIRTY_LOG, &log);
	set_slot(vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, MIB, memory);
	TRY_AS("slot that does", vm, KVM_GET_DIRTY_LOG, &log);
	say("first word %llx", bits[0]);
	log.slot = 32766;
	TRY_AS("slot 32766", vm, KVM_GET_DIRTY_LOG, &log);
	log.slot = 32767;
	TRY_AS("slot 32767", vm, KVM_GET_DIRTY_LOG, &log);
	log.slot = 1 << 16;
	TRY_AS("slot 2^16", vm, KVM_GET_DIRTY_LOG, &log);
	log.slot = 0;
	log.dirty_bitmap = (void *)16;
	TRY_AS("bitmap at 16", vm, KVM_GET_DIRTY_LOG, &log);
	TRY_AS("at 16", vm, KVM_GET_DIRTY_LOG, 16);
	client_close(vm);
	slot_memory_free(memory, MIB);
}

static void tables(void)
{
	static const u32 orders[] = {17, 18, 18, 24, 20, 47, 64, 255, 1u << 31, 18};
	int vm = new_vm();
	struct kvm_ppc_resize_hpt resize = {.shift = 19};

	/* Order 0 is left out: with no table yet, Linux follows a null pointer. */
	topic("KVM_PPC_ALLOCATE_HTAB");
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		u32 order = orders[i];
		int result = client_ioctl(vm, KVM_PPC_ALLOCATE_HTAB, &order);

		say("order %u = %s -> %u", orders[i], result ? errno_name(errno) : "0", order);
	}
	TRY_AS("at NULL", vm, KVM_PPC_ALLOCATE_HTAB, 0);
	client_close(vm);

	topic("KVM_PPC_RESIZE_HPT_*: arguments");
	vm = new_vm();
	resize.flags = 1;
	TRY_AS("PREPARE, flags", vm, KVM_PPC_RESIZE_HPT_PREPARE, &resize);
	TRY_AS("COMMIT, flags", vm, KVM_PPC_RESIZE_HPT_COMMIT, &resize);
	resize.flags = 0;
	resize.shift = 17;
	TRY_AS("PREPARE, order 17", vm, KVM_PPC_RESIZE_HPT_PREPARE, &resize);
	TRY_AS("COMMIT, order 17", vm, KVM_PPC_RESIZE_HPT_COMMIT, &resize);
	resize.shift = 47;
	TRY_AS("PREPARE, order 47", vm, KVM_PPC_RESIZE_HPT_PREPARE, &resize);
	TRY_AS("COMMIT, order 47", vm, KVM_PPC_RESIZE_HPT_COMMIT, &resize);
	resize.shift = 0;
	TRY_AS("PREPARE, order 0", vm, KVM_PPC_RESIZE_HPT_PREPARE, &resize);
	resize.shift = 20;
	TRY_AS("COMMIT, nothing prepared", vm, KVM_PPC_RESIZE_HPT_COMMIT, &resize);
	client_close(vm);
}

static void smmu_info(void)
{
	struct kvm_ppc_smmu_info info;
	int vm = new_vm();

	topic("KVM_PPC_GET_SMMU_INFO");
	memset(&info, 0x5a, sizeof(info));
	TRY(vm, KVM_PPC_GET_SMMU_INFO, &info);
	say("flags %llx slb_size %u keys %u %u", info.flags, info.slb_size, info.data_keys,
	    info.instr_keys);
	for (int i = 0; i < KVM_PPC_PAGE_SIZES_MAX_SZ; i++) {
		say("segments of 2^%u, slb_enc %x", info.sps[i].page_shift, info.sps[i].slb_enc);
		for (int j = 0; j < KVM_PPC_PAGE_SIZES_MAX_SZ && info.sps[i].enc[j].page_shift; j++)
			say("    pages of 2^%u, pte_enc %x", info.sps[i].enc[j].page_shift,
			    info.sps[i].enc[j].pte_enc);
	}
	TRY_AS("at NULL", vm, KVM_PPC_GET_SMMU_INFO, 0);
	client_close(vm);
}

static void htab_fd_errors(void)
{
	int vm = new_vm(), fd;
	struct kvm_get_htab_fd get = {0};
	u32 order = 18;

	topic("KVM_PPC_GET_HTAB_FD");
	fd = try_fd("before there is a table", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	if (fd >= 0) {
		u8 buffer[1024];

		say_result("    read", client_read(fd, buffer, sizeof(buffer)));
		client_close(fd);
	}
	if (client_ioctl(vm, KVM_PPC_ALLOCATE_HTAB, &order))
		die("KVM_PPC_ALLOCATE_HTAB");
	try_fd("read", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.flags = KVM_GET_HTAB_BOLTED_ONLY;
	try_fd("bolted only", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.flags = KVM_GET_HTAB_WRITE;
	try_fd("write", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.flags = KVM_GET_HTAB_WRITE | KVM_GET_HTAB_BOLTED_ONLY;
	try_fd("write, bolted only", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.flags = 4;
	try_fd("unknown flag", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.flags = 0;
	get.reserved[0] = 1;
	try_fd("reserved[0]", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.reserved[0] = 0;
	get.reserved[1] = 1;
	try_fd("reserved[1]", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.reserved[1] = 0;
	get.start_index = 16383;
	try_fd("start at the last entry", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.start_index = 16384;
	try_fd("start beyond the table", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	get.start_index = ~0ull;
	try_fd("start far beyond", vm, KVM_PPC_GET_HTAB_FD, (uintptr_t)&get);
	try_fd("at NULL", vm, KVM_PPC_GET_HTAB_FD, 0);
	client_close(vm);
}

static void enable_cap(const char *text, int fd, u32 cap, u32 flags, u64 a0, u64 a1)
{
	struct kvm_enable_cap enable = {.cap = cap, .flags = flags, .args = {a0, a1}};

	TRY_AS(text, fd, KVM_ENABLE_CAP, &enable);
}

static void enabling(void)
{
	int vm = new_vm(), vcpu = client_ioctl(vm, KVM_CREATE_VCPU, 0ul);

	topic("KVM_ENABLE_CAP");
	enable_cap("vcpu: PAPR", vcpu, KVM_CAP_PPC_PAPR, 0, 0, 0);
	enable_cap("vcpu: PAPR again", vcpu, KVM_CAP_PPC_PAPR, 0, 0, 0);
	enable_cap("vcpu: PAPR with arguments", vcpu, KVM_CAP_PPC_PAPR, 0, 5, 6);
	enable_cap("vcpu: PAPR with flags", vcpu, KVM_CAP_PPC_PAPR, 1, 0, 0);
	enable_cap("vcpu: OSI", vcpu, KVM_CAP_PPC_OSI, 0, 0, 0);
	enable_cap("vcpu: HIOR", vcpu, KVM_CAP_PPC_HIOR, 0, 0, 0);
	enable_cap("vcpu: FWNMI", vcpu, KVM_CAP_PPC_FWNMI, 0, 0, 0);
	enable_cap("vcpu: SW_TLB", vcpu, KVM_CAP_SW_TLB, 0, 0, 0);
	enable_cap("vcpu: IRQ_XICS of no device", vcpu, KVM_CAP_IRQ_XICS, 0, -1ull, 0);
	enable_cap("vcpu: IRQ_XICS of another file", vcpu, KVM_CAP_IRQ_XICS, 0, 0, 0);
	enable_cap("vcpu: ENABLE_HCALL", vcpu, KVM_CAP_PPC_ENABLE_HCALL, 0, H_CLEAR_REF, 1);
	enable_cap("vcpu: capability 9999", vcpu, 9999, 0, 0, 0);
	enable_cap("VM: PAPR", vm, KVM_CAP_PPC_PAPR, 0, 0, 0);
	enable_cap("VM: capability 9999", vm, 9999, 0, 0, 0);
	enable_cap("VM: ENABLE_HCALL, not a multiple of 4", vm, KVM_CAP_PPC_ENABLE_HCALL, 0, 5, 1);
	enable_cap("VM: ENABLE_HCALL, unknown", vm, KVM_CAP_PPC_ENABLE_HCALL, 0, 0x7000, 1);
	enable_cap("VM: ENABLE_HCALL, one of the client's", vm, KVM_CAP_PPC_ENABLE_HCALL, 0,
		   H_PUT_TERM_CHAR, 1);
	enable_cap("VM: ENABLE_HCALL, 2", vm, KVM_CAP_PPC_ENABLE_HCALL, 0, H_CLEAR_REF, 2);
	enable_cap("VM: ENABLE_HCALL with flags", vm, KVM_CAP_PPC_ENABLE_HCALL, 1, H_CLEAR_REF, 1);
	for (u64 nr = 0; nr <= 0x450; nr += 4) {
		struct kvm_enable_cap enable = {.cap = KVM_CAP_PPC_ENABLE_HCALL, .args = {nr, 1}};

		if (!client_ioctl(vm, KVM_ENABLE_CAP, &enable))
			say("hypercall 0x%llx can be enabled", nr);
	}
	TRY_AS("VM: at NULL", vm, KVM_ENABLE_CAP, 0);
	TRY_AS("vcpu: at NULL", vcpu, KVM_ENABLE_CAP, 0);
	client_close(vcpu);
	client_close(vm);
}

static void rtas_token(int vm, const char *text, const char *name, u64 token)
{
	struct kvm_rtas_token_args args = {.token = token};

	snprintf(args.name, sizeof(args.name), "%s", name);
	TRY_AS(text, vm, KVM_PPC_RTAS_DEFINE_TOKEN, &args);
}

static void rtas(void)
{
	int vm = new_vm();
	struct kvm_rtas_token_args full;

	topic("KVM_PPC_RTAS_DEFINE_TOKEN");
	rtas_token(vm, "ibm,set-xive", "ibm,set-xive", 1);
	rtas_token(vm, "ibm,get-xive, same token", "ibm,get-xive", 1);
	rtas_token(vm, "ibm,get-xive", "ibm,get-xive", 2);
	rtas_token(vm, "ibm,int-on", "ibm,int-on", 3);
	rtas_token(vm, "ibm,int-off", "ibm,int-off", 4);
	rtas_token(vm, "ibm,int-off under two tokens", "ibm,int-off", 5);
	rtas_token(vm, "unknown name", "power-off", 6);
	rtas_token(vm, "undefine", "ibm,int-off", 0);
	rtas_token(vm, "undefine again", "ibm,int-off", 0);
	rtas_token(vm, "undefine a second time", "ibm,int-off", 0);
	rtas_token(vm, "undefine an unknown name", "power-off", 0);
	memset(&full, 'x', sizeof(full));
	TRY_AS("name without an end", vm, KVM_PPC_RTAS_DEFINE_TOKEN, &full);
	TRY_AS("at NULL", vm, KVM_PPC_RTAS_DEFINE_TOKEN, 0);
	client_close(vm);
}

static void attr(const char *text, int fd, unsigned long request, u32 group, u64 number,
		 void *value)
{
	struct kvm_device_attr a = {.group = group, .attr = number, .addr = (uintptr_t)value};

	TRY_AS(text, fd, request, &a);
}

static void devices(void)
{
	int vm = new_vm(), vcpu = client_ioctl(vm, KVM_CREATE_VCPU, 7ul), xics;
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_XICS};
	struct kvm_irq_level line = {.irq = 0x1000, .level = 1};
	static const u64 sources[] = {
	    0,
	    5ull << 32 | 7,
	    5ull << 32 | 7 | KVM_XICS_LEVEL_SENSITIVE,
	    5ull << 32 | 7 | KVM_XICS_MASKED,
	    5ull << 32 | 7 | KVM_XICS_PENDING,
	    5ull << 32 | 7 | KVM_XICS_PENDING | KVM_XICS_LEVEL_SENSITIVE,
	    5ull << 32 | 7 | KVM_XICS_PRESENTED,
	    5ull << 32 | 7 | KVM_XICS_QUEUED,
	    255ull << 32,
	    ~0ull,
	};
	u64 value;
	u32 servers = 64;

	topic("KVM_CREATE_DEVICE, XICS");
	TRY_AS("KVM_IRQ_LINE without a controller", vm, KVM_IRQ_LINE, &line);
	for (u32 type = 0; type < 14; type++) {
		struct kvm_create_device test = {.type = type, .flags = KVM_CREATE_DEVICE_TEST};

		say("type %u: %s", type,
		    client_ioctl(vm, KVM_CREATE_DEVICE, &test) ? errno_name(errno) : "known");
	}
	device.flags = 2;
	TRY_AS("at NULL", vm, KVM_CREATE_DEVICE, 0);
	TRY_AS("with unknown flags", vm, KVM_CREATE_DEVICE, &device);
	xics = device.fd;
	device.flags = 0;
	TRY_AS("a second one", vm, KVM_CREATE_DEVICE, &device);
	TRY_AS("KVM_IRQ_LINE of a source not made", vm, KVM_IRQ_LINE, &line);
	attr("HAS source 0", xics, KVM_HAS_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0, NULL);
	attr("HAS source 15", xics, KVM_HAS_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 15, NULL);
	attr("HAS source 16", xics, KVM_HAS_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 16, NULL);
	attr("HAS source 0xfffff", xics, KVM_HAS_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0xfffff,
	     NULL);
	attr("HAS source 0x100000", xics, KVM_HAS_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0x100000,
	     NULL);
	attr("HAS source 0x1000000", xics, KVM_HAS_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0x1000000,
	     NULL);
	attr("HAS NR_SERVERS", xics, KVM_HAS_DEVICE_ATTR, KVM_DEV_XICS_GRP_CTRL,
	     KVM_DEV_XICS_NR_SERVERS, NULL);
	attr("HAS CTRL 2", xics, KVM_HAS_DEVICE_ATTR, KVM_DEV_XICS_GRP_CTRL, 2, NULL);
	attr("HAS group 3", xics, KVM_HAS_DEVICE_ATTR, 3, 0, NULL);
	attr("GET source 0x1000, not made", xics, KVM_GET_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES,
	     0x1000, &value);
	attr("GET source 15", xics, KVM_GET_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 15, &value);
	attr("GET group 3", xics, KVM_GET_DEVICE_ATTR, 3, 0, &value);
	attr("SET group 3", xics, KVM_SET_DEVICE_ATTR, 3, 0, &value);
	attr("SET source 15", xics, KVM_SET_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 15, &value);
	attr("SET source at NULL", xics, KVM_SET_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0x1000,
	     NULL);
	attr("SET NR_SERVERS", xics, KVM_SET_DEVICE_ATTR, KVM_DEV_XICS_GRP_CTRL,
	     KVM_DEV_XICS_NR_SERVERS, &servers);
	servers = 0;
	attr("SET NR_SERVERS 0", xics, KVM_SET_DEVICE_ATTR, KVM_DEV_XICS_GRP_CTRL,
	     KVM_DEV_XICS_NR_SERVERS, &servers);
	value = 5ull << 32 | 7;
	attr("SET source, server without a vcpu", xics, KVM_SET_DEVICE_ATTR,
	     KVM_DEV_XICS_GRP_SOURCES, 0x1000, &value);
	enable_cap("a vcpu as server 7", vcpu, KVM_CAP_PPC_PAPR, 0, 0, 0);
	enable_cap("connected", vcpu, KVM_CAP_IRQ_XICS, 0, xics, 7);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		value = sources[i];
		say("source set to %llx", value);
		attr("    SET", xics, KVM_SET_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0x1000,
		     &value);
		value = ~0ull;
		attr("    GET", xics, KVM_GET_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0x1000,
		     &value);
		say("    now %llx", value);
	}
	value = 5ull << 32 | 7 | KVM_XICS_MASKED;
	attr("SET masked", xics, KVM_SET_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0x1000, &value);
	for (u32 level = 0; level < 3; level++) {
		line.level = level;
		say("line to %u", level);
		TRY_AS("    KVM_IRQ_LINE", vm, KVM_IRQ_LINE, &line);
		attr("    GET", xics, KVM_GET_DEVICE_ATTR, KVM_DEV_XICS_GRP_SOURCES, 0x1000,
		     &value);
		say("    now %llx", value);
	}
	TRY_AS("KVM_IRQ_LINE_STATUS", vm, KVM_IRQ_LINE_STATUS, &line);
	line.irq = 0x1001;
	TRY_AS("KVM_IRQ_LINE of a source of the same block", vm, KVM_IRQ_LINE, &line);
	line.irq = 2;
	TRY_AS("KVM_IRQ_LINE of 2", vm, KVM_IRQ_LINE, &line);
	TRY_AS("KVM_RUN of a device", xics, KVM_RUN, 0);
	TRY_AS("KVM_CREATE_IRQCHIP", vm, KVM_CREATE_IRQCHIP, 0);
	say_result("read", client_read(xics, &value, 8));
	client_close(xics);
	client_close(vcpu);
	client_close(vm);
}

static void connect_xics(void)
{
	int vm = new_vm(), vcpu = client_ioctl(vm, KVM_CREATE_VCPU, 0ul),
	    vcpu8 = client_ioctl(vm, KVM_CREATE_VCPU, 8ul);
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_XICS};
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_ICP_STATE};
	u64 value = 0;
	u32 servers = 32;

	topic("KVM_CAP_IRQ_XICS");
	reg.addr = (uintptr_t)&value;
	TRY_AS("ICP_STATE before", vcpu, KVM_GET_ONE_REG, &reg);
	TRY(vm, KVM_CREATE_DEVICE, &device);
	TRY_AS("ICP_STATE with a device, not connected", vcpu, KVM_GET_ONE_REG, &reg);
	enable_cap("connect, without PAPR", vcpu, KVM_CAP_IRQ_XICS, 0, device.fd, 0);
	enable_cap("again", vcpu, KVM_CAP_IRQ_XICS, 0, device.fd, 0);
	enable_cap("another vcpu with the same server", vcpu8, KVM_CAP_IRQ_XICS, 0, device.fd, 0);
	enable_cap("PAPR late", vcpu, KVM_CAP_PPC_PAPR, 0, 0, 0);
	enable_cap("PAPR on the other", vcpu8, KVM_CAP_PPC_PAPR, 0, 0, 0);
	enable_cap("another vcpu", vcpu8, KVM_CAP_IRQ_XICS, 0, device.fd, 8);
	TRY_AS("ICP_STATE", vcpu, KVM_GET_ONE_REG, &reg);
	say("ICP_STATE %016llx", value);
	static const u64 states[] = {0x0500000207ff0000ull,
				     0xff00000000000000ull,
				     0xff000002ffff0000ull,
				     0xff000000ffff0000ull,
				     0xff00000004ff0000ull,
				     0x0000123404040000ull,
				     ~0ull,
				     0x00000000ffff0000ull};
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		value = states[i];
		say("ICP_STATE to %016llx", value);
		TRY_AS("    set", vcpu, KVM_SET_ONE_REG, &reg);
		value = 0;
		TRY_AS("    get", vcpu, KVM_GET_ONE_REG, &reg);
		say("    now %016llx", value);
	}
	attr("NR_SERVERS after a connection", device.fd, KVM_SET_DEVICE_ATTR, KVM_DEV_XICS_GRP_CTRL,
	     KVM_DEV_XICS_NR_SERVERS, &servers);
	client_close(device.fd);
	client_close(vcpu);
	client_close(vcpu8);
	client_close(vm);
}

static void tce_tables(void)
{
	int vm = new_vm(), fd;
	struct kvm_create_spapr_tce tce = {.liobn = 0x80000000, .window_size = 0x100000};
	struct kvm_create_spapr_tce_64 tce64 = {
	    .liobn = 0x80000001, .page_shift = 16, .offset = 0, .size = 0x1000};
	struct kvm_allocate_rma rma = {0};

	topic("KVM_CREATE_SPAPR_TCE, KVM_ALLOCATE_RMA");
	fd = try_fd("a table", vm, KVM_CREATE_SPAPR_TCE, (uintptr_t)&tce);
	if (fd >= 0) {
		say_result("    read", client_read(fd, &tce64, 8));
		TRY_AS("    KVM_RUN", fd, KVM_RUN, 0);
	}
	try_fd("the same bus number", vm, KVM_CREATE_SPAPR_TCE, (uintptr_t)&tce);
	tce.liobn++;
	tce.window_size = 0;
	try_fd("no size", vm, KVM_CREATE_SPAPR_TCE, (uintptr_t)&tce);
	try_fd("64K pages", vm, KVM_CREATE_SPAPR_TCE_64, (uintptr_t)&tce64);
	tce64.liobn++;
	tce64.page_shift = 11;
	try_fd("pages of 2K", vm, KVM_CREATE_SPAPR_TCE_64, (uintptr_t)&tce64);
	tce64.page_shift = 35;
	try_fd("pages of 32G", vm, KVM_CREATE_SPAPR_TCE_64, (uintptr_t)&tce64);
	tce64.page_shift = 12;
	tce64.flags = 1;
	try_fd("flags", vm, KVM_CREATE_SPAPR_TCE_64, (uintptr_t)&tce64);
	try_fd("at NULL", vm, KVM_CREATE_SPAPR_TCE, 0);
	if (fd >= 0)
		client_close(fd);
	tce.liobn = 0x80000000;
	tce.window_size = 0x100000;
	try_fd("the bus number of a closed table", vm, KVM_CREATE_SPAPR_TCE, (uintptr_t)&tce);
	TRY(vm, KVM_ALLOCATE_RMA, &rma);
	client_close(vm);
}

static void wrong_requests(void)
{
	int vm = new_vm(), vcpu = client_ioctl(vm, KVM_CREATE_VCPU, 0ul);
	u8 buffer[4096] = {0};
	struct kvm_ppc_cpu_char chars = {0};
	struct kvm_ppc_pvinfo pv = {0};

	topic("Requests that a VM answers otherwise, or doesn't know");
	TRY(vm, KVM_PPC_GET_PVINFO, &pv);
	say("hcall %08x %08x %08x %08x flags %x", pv.hcall[0], pv.hcall[1], pv.hcall[2],
	    pv.hcall[3], pv.flags);
	TRY(vm, KVM_PPC_GET_CPU_CHAR, &chars);
	TRY(vm, KVM_PPC_GET_RMMU_INFO, buffer);
	TRY(vm, KVM_PPC_CONFIGURE_V3_MMU, buffer);
	TRY(vm, KVM_PPC_SVM_OFF, 0);
	TRY_AS("KVM_RUN on a VM", vm, KVM_RUN, 0);
	TRY_AS("KVM_GET_API_VERSION on a VM", vm, KVM_GET_API_VERSION, 0);
	TRY_AS("request 0xff on a VM", vm, _IO(KVMIO, 0xff), 0);
	TRY_AS("request of another type on a VM", vm, _IO('x', 1), 0);
	TRY_AS("KVM_CREATE_PIT on a VM", vm, _IO(KVMIO, 0x64), 0);
	TRY_AS("KVM_SET_TSS_ADDR on a VM", vm, _IO(KVMIO, 0x47), 0);
	say_result("read of a VM", client_read(vm, buffer, 8));
	say_result("write of a VM", client_write(vm, buffer, 8));
	say("mmap of a VM = %s", client_mmap(NULL, 4096, PROT_READ, MAP_SHARED, vm, 0) == MAP_FAILED
				     ? errno_name(errno)
				     : "ok");
	topic("Requests that a vcpu doesn't know");
	TRY_AS("KVM_CREATE_VCPU on a vcpu", vcpu, KVM_CREATE_VCPU, 1);
	TRY_AS("KVM_GET_API_VERSION on a vcpu", vcpu, KVM_GET_API_VERSION, 0);
	TRY_AS("request 0xff on a vcpu", vcpu, _IO(KVMIO, 0xff), 0);
	TRY_AS("request of another type on a vcpu", vcpu, _IO('x', 1), 0);
	TRY_AS("KVM_NMI", vcpu, _IO(KVMIO, 0x9a), 0);
	TRY_AS("KVM_TRANSLATE", vcpu, _IOWR(KVMIO, 0x85, u64[3]), buffer);
	TRY_AS("KVM_GET_REG_LIST", vcpu, _IOWR(KVMIO, 0xb0, u64), buffer);
	TRY_AS("KVM_DIRTY_TLB", vcpu, KVM_DIRTY_TLB, buffer);
	TRY_AS("KVM_RUN with an argument", vcpu, KVM_RUN, 1);
	say_result("read of a vcpu", client_read(vcpu, buffer, 8));
	say_result("write of a vcpu", client_write(vcpu, buffer, 8));
	client_close(vcpu);
	client_close(vm);
	topic("Descriptors that are none");
	TRY_AS("closed VM", vm, KVM_CHECK_EXTENSION, 3);
	TRY_AS("-1", -1, KVM_GET_API_VERSION, 0);
	say_result("close again", client_close(vm));
}

int main(void)
{
	kvm = client_open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm");
	system_requests();
	capabilities();
	vcpus();
	smt_mode();
	slots();
	dirty_log_errors();
	tables();
	smmu_info();
	htab_fd_errors();
	enabling();
	rtas();
	devices();
	connect_xics();
	tce_tables();
	wrong_requests();
	client_close(kvm);
	return 0;
}
