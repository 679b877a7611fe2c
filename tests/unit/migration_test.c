/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine of libpapyr saved, restored into another one, and saved again without running: the
 * second file says the same as the first. And files that lie are refused, with a machine there to
 * be lied to.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka wants the above before it. */
#include <cmocka.h>

#include "image_build.h"
#include "migration/file/file.h"
#include "migration/state/booke.h"
#include "migration/state/devices.h"
#include "migration/state/htab.h"
#include "platform/console.h"
#include "platform/models.h"
#include "platform/vcpu.h"
#include "platform/xics.h"

#define MEM_BYTES (64ull << 20)
#define ORDER	  18
#define ENTRIES	  (1u << (ORDER - 4))

static char dir[] = "/tmp/papyr-migration-XXXXXX";
static char first[64], second[64];

static int make_dir(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(first, sizeof(first), "%s/first", dir);
	snprintf(second, sizeof(second), "%s/second", dir);
	return 0;
}

static int remove_dir(void **state)
{
	unlink(first);
	unlink(second);
	return rmdir(dir);
}

static u64 next_random(u64 *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return *seed ^ *seed >> 29;
}

static struct machine_config config(const char *model)
{
	struct error err;

	return (struct machine_config){
	    .accel = accel_find("papyr", &err),
	    .model = machine_model_find(model),
	    .name = "migration-test",
	    .cmdline = "quiet",
	    .mem_bytes = MEM_BYTES,
	    .n_vcpus = 3,
	    .threads = 1,
	    .htab_order = ORDER,
	    .in_fd = -1,
	    .out_fd = -1,
	};
}

static void must(int r, const char *what)
{
	if (r < 0)
		fail_msg("%s: %s", what, strerror(errno));
}

/* Each register gets a value of its own, as far as it takes it. */
static void scribble_on_vcpu(struct machine *m, struct vcpu *vcpu, u64 *seed)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	u64 *word = (u64 *)&regs;
	struct error err;

	must(vcpu_reset(vcpu, &err), err.text);
	for (unsigned i = 0; i < sizeof(regs) / 8; i++)
		word[i] = next_random(seed);
	regs.msr &= 0x0000000002007133;
	must(m->accel->ioctl(vcpu->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	for (unsigned i = 0; i < n_vcpu_regs; i++) {
		u64 val[2] = {next_random(seed), next_random(seed)};

		if (vcpu_regs[i].flags & VCPU_REG_NO_RESET)
			continue;
		vcpu_set_reg(vcpu, vcpu_regs[i].id, val);
	}
	vcpu_set_reg(vcpu, KVM_REG_PPC_VPA_ADDR, &(u64){0x10000 + 0x1000 * vcpu->index});
	vcpu_set_reg(vcpu, KVM_REG_PPC_VPA_SLB, (u64[2]){0x20000 + 0x1000 * vcpu->index, 128});
	vcpu_set_reg(vcpu, KVM_REG_PPC_VPA_DTL, (u64[2]){0x30000 + 0x1000 * vcpu->index, 480});
	vcpu_set_reg(vcpu, KVM_REG_PPC_DEC_EXPIRY, &(u64){next_random(seed)});
	must(m->accel->ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	for (unsigned i = 0; i < 7; i++) {
		sregs.u.s.ppc64.slb[i].slbe =
		    (next_random(seed) & ~0xfffffffull) | 0x08000000 | i * 3;
		sregs.u.s.ppc64.slb[i].slbv = next_random(seed) & 0x3ffffffffffff130;
	}
	must(m->accel->ioctl(vcpu->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	vcpu->online = vcpu->index != 1;
}

static void scribble_on_table(struct machine *m, u64 *seed)
{
	struct kvm_get_htab_fd args = {.flags = KVM_GET_HTAB_WRITE};
	int fd = m->accel->ioctl(m->vm_fd, KVM_PPC_GET_HTAB_FD, &args);

	must(fd, "KVM_PPC_GET_HTAB_FD");
	for (unsigned i = 0; i < 1000; i++) {
		u8 rec[24];
		u64 page = next_random(seed) % (MEM_BYTES >> 12);

		htab_record_encode(rec, (struct htab_record){next_random(seed) % ENTRIES, 1, 0},
				   htab_host_order());
		store_be64(rec + 8,
			   (next_random(seed) & 0x3fffffffffffff80) | (i % 3 ? 0x01 : 0x11));
		store_be64(rec + 16, page << 12 | (next_random(seed) & 0x1ff));
		must(m->accel->write(fd, rec, sizeof(rec)), "writing the table");
	}
	m->accel->close(fd);
}

static void set_source(struct machine *m, unsigned irq, u64 value)
{
	struct kvm_device_attr attr = {
	    .group = KVM_DEV_XICS_GRP_SOURCES,
	    .attr = irq,
	    .addr = (uintptr_t)&value,
	};

	must(m->accel->ioctl(m->xics_fd, KVM_SET_DEVICE_ATTR, &attr), "setting a source");
}

static struct machine *scribbled(const char *model, u64 seed)
{
	struct machine_config cfg = config(model);
	struct error err = {""};
	struct machine *m = machine_new(&cfg, &err);
	struct state_out typed = {0};
	struct state_in in;

	if (!m)
		fail_msg("%s", err.text);
	for (u64 page = 0; page < MEM_BYTES; page += 4096 * (1 + next_random(&seed) % 40))
		for (unsigned i = 0; i < 4096; i += 8)
			*(u64 *)(m->mem.host + page + i) = i % 64 ? seed : next_random(&seed);
	for (unsigned i = 0; i < m->n_vcpus; i++)
		scribble_on_vcpu(m, &m->vcpus[i], &seed);
	scribble_on_table(m, &seed);
	set_source(m, IRQ_EPOW,
		   m->vcpus[1].id | 5ull << KVM_XICS_PRIORITY_SHIFT | KVM_XICS_MASKED |
		       KVM_XICS_PENDING);
	set_source(m, IRQ_VTY, m->vcpus[2].id | 7ull << KVM_XICS_PRIORITY_SHIFT);
	for (unsigned i = 0; i < NVRAM_BYTES; i++)
		m->nvram[i] = next_random(&seed);
	m->rtc_offset = -1234;
	m->powerdown_asked = true;
	m->fwnmi = (struct fwnmi){0x3ff0000, true, 0x4100, 0x4200, true, m->vcpus[1].id};
	put_u32(&typed, 5);
	put_bytes(&typed, "hello", 5);
	in = (struct state_in){.data = typed.data, .len = typed.len};
	assert_int_equal(console_load(m->console, &in), 0);
	state_free(&typed);
	return m;
}

static u8 *section(struct image *img, const struct image_section *s, size_t *bytes)
{
	struct error err = {""};
	u8 *data = section_load(img, s, 256u << 20, bytes, &err);

	if (!data)
		fail_msg("%s", err.text);
	return data;
}

/* What may differ: the timebase's offset, and when it was saved. */
static void assert_same_vcpu(u8 *a, size_t a_bytes, u8 *b, size_t b_bytes)
{
	struct saved_vcpu *va = malloc(sizeof(*va)), *vb = malloc(sizeof(*vb));
	struct state_in ina = {.data = a, .len = a_bytes}, inb = {.data = b, .len = b_bytes};
	struct error err;

	assert_int_equal(saved_vcpu_unpack(va, &ina, &err), 0);
	assert_int_equal(saved_vcpu_unpack(vb, &inb, &err), 0);
	assert_int_equal(va->n_regs, vb->n_regs);
	assert_true(va->n_regs > 100);
	for (unsigned i = 0; i < va->n_regs; i++) {
		assert_int_equal(va->one_regs[i].id, vb->one_regs[i].id);
		if (va->one_regs[i].id == KVM_REG_PPC_TB_OFFSET)
			vb->one_regs[i].val[0] = va->one_regs[i].val[0];
		if (memcmp(&va->one_regs[i], &vb->one_regs[i], sizeof(va->one_regs[i])))
			fail_msg("register 0x%llx: %llx %llx restored as %llx %llx",
				 (unsigned long long)va->one_regs[i].id,
				 (unsigned long long)va->one_regs[i].val[0],
				 (unsigned long long)va->one_regs[i].val[1],
				 (unsigned long long)vb->one_regs[i].val[0],
				 (unsigned long long)vb->one_regs[i].val[1]);
	}
	assert_memory_equal(va, vb, sizeof(*va));
	free(va);
	free(vb);
}

static void assert_same_files(void)
{
	struct error err;
	struct image *a = image_open(first, &err), *b = image_open(second, &err);

	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(image_n_sections(a), image_n_sections(b));
	for (unsigned i = 0; i < image_n_sections(a); i++) {
		const struct image_section *sa = image_section(a, i),
					   *sb = image_find(b, sa->type, sa->instance);
		size_t a_bytes, b_bytes;
		u8 *da, *db;

		assert_non_null(sb);
		if (sa->type == IMAGE_MACHINE)
			continue;
		da = section(a, sa, &a_bytes);
		db = section(b, sb, &b_bytes);
		if (sa->type == IMAGE_VCPU) {
			assert_same_vcpu(da, a_bytes, db, b_bytes);
		} else {
			assert_int_equal(a_bytes, b_bytes);
			assert_memory_equal(da, db, a_bytes);
		}
		free(da);
		free(db);
	}
	image_close(a);
	image_close(b);
}

static u64 guest_timebase(struct machine *m, unsigned vcpu)
{
	u64 offset = 0;

	must(vcpu_get_reg(&m->vcpus[vcpu], KVM_REG_PPC_TB_OFFSET, &offset), "reading TB_OFFSET");
	return m->accel->timebase() + offset;
}

#define SECOND ((u64)PAPYR_TIMEBASE_HZ)

static void round_trip(const char *model)
{
	struct machine_config cfg = config("POWER8");
	struct machine *m = scribbled(model, 42);
	struct migration_image *saved;
	struct error err = {""};
	u64 stopped;

	if (migration_save(m, first, NULL, NULL, &err))
		fail_msg("%s", err.text);
	machine_free(m);
	saved = migration_open(first, NULL, NULL, &err);
	if (!saved)
		fail_msg("%s", err.text);
	stopped = migration_machine(saved)->timebase;
	cfg.name = NULL;
	assert_int_equal(migration_config(saved, &cfg, &err), 0);
	assert_string_equal(cfg.model->name, model);
	assert_string_equal(cfg.name, "migration-test");
	assert_string_equal(cfg.cmdline, "quiet");
	m = machine_new(&cfg, &err);
	assert_non_null(m);
	if (migration_restore(m, saved, NULL, NULL, &err))
		fail_msg("%s", err.text);
	assert_true(m->vcpus[0].online && !m->vcpus[1].online && m->vcpus[2].online);
	assert_int_equal(m->rtc_offset, -1234);
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(guest_timebase(m, i) - stopped, 0, 10 * SECOND);
	if (migration_save(m, second, NULL, NULL, &err))
		fail_msg("%s", err.text);
	machine_free(m);
	migration_close(saved);
	assert_same_files();
}

/* A core of four. A vcpu is saved with its own bit, and the core has all of them again. */
static void test_doorbells(void **state)
{
	struct machine_config cfg = config("POWER8");
	struct migration_image *saved;
	struct error err = {""};
	struct machine *m;
	u64 dpdes = 0xa;

	cfg.n_vcpus = cfg.threads = 4;
	m = machine_new(&cfg, &err);
	must(m ? 0 : -1, err.text);
	for (unsigned i = 0; i < 4; i++)
		must(vcpu_reset(&m->vcpus[i], &err), err.text);
	must(vcpu_set_reg(&m->vcpus[2], KVM_REG_PPC_DPDES, &dpdes), "DPDES");
	if (migration_save(m, first, NULL, NULL, &err))
		fail_msg("%s", err.text);
	machine_free(m);
	saved = migration_open(first, NULL, NULL, &err);
	m = machine_new(&cfg, &err);
	if (migration_restore(m, saved, NULL, NULL, &err))
		fail_msg("%s", err.text);
	for (unsigned i = 0; i < 4; i++) {
		must(vcpu_get_reg(&m->vcpus[i], KVM_REG_PPC_DPDES, &dpdes), "DPDES");
		assert_int_equal(dpdes, 0xa);
	}
	/* One that starts anew leaves the others' alone. */
	must(vcpu_reset(&m->vcpus[0], &err), err.text);
	must(vcpu_get_reg(&m->vcpus[0], KVM_REG_PPC_DPDES, &dpdes), "DPDES");
	assert_int_equal(dpdes, 0xa);
	machine_free(m);
	migration_close(saved);
}

static void test_power8(void **state)
{
	round_trip("POWER8");
}

static void test_power7(void **state)
{
	round_trip("POWER7");
}

/* ---- Lies ---- */

/* The file with one section's contents replaced, as they are, and all sums right. */
static void replace_section(u32 type, u32 instance, const u8 *data, size_t bytes)
{
	struct image_writer *w;
	struct error err;
	struct image *img = image_open(first, &err);

	w = image_create(second, &err);
	assert_non_null(w);
	for (unsigned i = 0; i < image_n_sections(img); i++) {
		const struct image_section *s = image_section(img, i);
		size_t n;
		u8 *old = section(img, s, &n);
		bool this = s->type == type && s->instance == instance;

		if (!this || data)
			assert_int_equal(image_add(w, s->type, s->instance, s->flags, IMAGE_ZSTD,
						   this ? data : old, this ? bytes : n, &err),
					 0);
		free(old);
	}
	assert_int_equal(image_commit(w, &err), 0);
	image_close(img);
}

static void assert_not_restored(const char *why)
{
	struct machine_config cfg = config("POWER8");
	struct error err = {""};
	struct migration_image *saved = migration_open(second, NULL, NULL, &err);
	struct machine *m;

	if (saved) {
		assert_int_equal(migration_config(saved, &cfg, &err), 0);
		m = machine_new(&cfg, &err);
		assert_non_null(m);
		assert_int_equal(migration_restore(m, saved, NULL, NULL, &err), -1);
		machine_free(m);
		migration_close(saved);
	}
	if (!strstr(err.text, why))
		fail_msg("'%s' doesn't say '%s'", err.text, why);
}

static void lie_in_table(u32 index, u16 n_valid, u16 n_invalid, u64 v, u64 r, const char *why)
{
	u8 data[8 + 16 + 8] = {0};
	size_t bytes = 8 + 16 * n_valid;

	htab_record_encode(data, (struct htab_record){index, n_valid, n_invalid},
			   htab_host_order());
	if (n_valid) {
		store_be64(data + 8, v);
		store_be64(data + 16, r);
	}
	replace_section(IMAGE_HTAB, 0, data, bytes);
	assert_not_restored(why);
}

static void test_lies(void **state)
{
	struct machine *m = scribbled("POWER8", 7);
	struct saved_vcpu *v = calloc(1, sizeof(*v));
	struct saved_xics x = {.n = 1, .sources = {{IRQ_FIRST + IRQ_COUNT, 0}}};
	struct state_out out = {0};
	struct error err = {""};

	if (migration_save(m, first, NULL, NULL, &err))
		fail_msg("%s", err.text);
	machine_free(m);

	lie_in_table(0, 1, ENTRIES - 1, 0x10, 0x190, "refuses"); /* not valid */
	lie_in_table(0, 1, ENTRIES, 1, 0x190, "not of this table");
	lie_in_table(0, 1, ENTRIES - 2, 1, 0x190, "ends after");
	lie_in_table(1, 1, ENTRIES - 2, 1, 0x190, "gaps");

	replace_section(IMAGE_MEMORY, 0, (const u8 *)"short", 5);
	assert_not_restored("shorter");
	replace_section(IMAGE_MEMORY, 0, NULL, 0);
	assert_not_restored("no memory");
	replace_section(IMAGE_VCPU, 2, NULL, 0);
	assert_not_restored("VCPU 2");
	replace_section(IMAGE_DEVICES, 0, (const u8 *)"\0\0\0\0", 4);
	assert_not_restored("'rtas' is missing");

	v->id = 77;
	saved_vcpu_pack(v, &out);
	replace_section(IMAGE_VCPU, 0, out.data, out.len);
	assert_not_restored("number 77");
	out.len = 0;
	v->id = 0;
	v->n_regs = 1;
	v->one_regs[0] = (struct saved_reg){KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xfff, {1, 0}};
	saved_vcpu_pack(v, &out);
	replace_section(IMAGE_VCPU, 0, out.data, out.len);
	assert_not_restored("doesn't take register");
	out.len = 0;
	saved_xics_pack(&x, &out);
	replace_section(IMAGE_XICS, 0, out.data, out.len);
	assert_not_restored("no interrupt source");
	state_free(&out);
	free(v);
}

/* The devices' section as it was, with what wasn't there left out. */
static void put_older(struct state_in *in, struct state_out *out)
{
	char name[32];
	u32 n = get_u32(in);

	put_u32(out, n);
	for (u32 i = 0; i < n; i++) {
		bool older;
		u32 bytes;

		get_string(in, name, sizeof(name));
		older = !strcmp(name, "events");
		put_string(out, name);
		put_u32(out, older ? get_u32(in) - 1 : get_u32(in));
		bytes = get_u32(in);
		put_u32(out, older ? 1 : bytes);
		put_bytes(out, in->data + in->pos, older ? 1 : bytes);
		in->pos += bytes;
	}
}

static void test_events_of_version_1(void **state)
{
	struct machine *m = scribbled("POWER8", 3);
	struct state_out now = {0}, older = {0};
	struct error err = {""};
	struct state_in in;

	devices_save(m, &now);
	in = (struct state_in){.data = now.data, .len = now.len};
	put_older(&in, &older);
	m->powerdown_asked = false;
	m->fwnmi = (struct fwnmi){0};
	in = (struct state_in){.data = older.data, .len = older.len};
	if (devices_load(m, true, &in, &err))
		fail_msg("%s", err.text);
	assert_true(m->powerdown_asked);
	assert_false(m->fwnmi.registered);
	in = (struct state_in){.data = now.data, .len = now.len};
	assert_int_equal(devices_load(m, true, &in, &err), 0);
	assert_true(m->fwnmi.registered && m->fwnmi.held);
	assert_int_equal(m->fwnmi.holder, m->vcpus[1].id);
	assert_int_equal(m->fwnmi.check_pc, 0x4200);
	state_free(&now);
	state_free(&older);
	machine_free(m);
}

/* A board's, which counts on while its guest is on its way. */
static void test_decrementer(void **state)
{
	assert_int_equal(booke_dec_left(1000, 0), 1000);
	assert_int_equal(booke_dec_left(1000, 999), 1);
	assert_int_equal(booke_dec_left(1000, 1000), 1);
	assert_int_equal(booke_dec_left(1000, 1ull << 32), 1);
	assert_int_equal(booke_dec_left(0, 1000), 0);
	assert_int_equal(booke_dec_left(~0u, 1), ~0u - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_power8),
	    cmocka_unit_test(test_power7),
	    cmocka_unit_test(test_doorbells),
	    cmocka_unit_test(test_decrementer),
	    cmocka_unit_test(test_events_of_version_1),
	    cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
