/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash table's stream at chosen fills, where a guest's own fill is what it happens to be.
 *
 *     answers_fill [--order N]                       figures of several fills, as JSON
 *     answers_fill [--order N] --stream PERCENT FILE  writes the first pass of such a table
 *
 * The entries are those of pages with random addresses: each goes to the first free place of its
 * primary group, or else of its secondary one, as a guest enters them, until the table is as full
 * as asked for (full groups take no more, so the last places need many tries). Then so many
 * entries, chosen at random, are changed, and the next pass is read. What is counted is records and
 * entries; bench/answers makes bytes of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "hpt/hpt.h"
#include "random.h"

#define BUFFER_BYTES (1u << 20)

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* ---- the table ------------------------------------------------------------------------------ */

/* True if the page found a place. */
static bool enter_page(struct hpt *hpt)
{
	u64 hash = random_u64(), page = random_u64() & 0xffffff;
	u64 v = (random_u64() & HPT_V_AVPN) | HPT_V_VALID;
	u64 r = (page << HPT_R_RPN_SHIFT) | HPT_R_R | HPT_R_C | HPT_R_M | 2;
	u64 group = hash & hpt_pteg_mask(hpt), second = ~hash & hpt_pteg_mask(hpt);

	return hpt_enter(hpt, group << HPT_GROUP_SHIFT, 0, v, r, NULL) == 0 ||
	       hpt_enter(hpt, second << HPT_GROUP_SHIFT, 0, v | HPT_V_SECONDARY, r, NULL) == 0;
}

static struct hpt *make_table(unsigned order, double percent)
{
	struct hpt *hpt;
	u64 wanted;

	if (hpt_create(&hpt, order))
		exit(1);
	wanted = (u64)((double)hpt_entries(hpt) * percent / 100);
	for (u64 n = 0; n < wanted;)
		n += enter_page(hpt);
	return hpt;
}

/* ---- its stream ----------------------------------------------------------------------------- */

struct counts {
	u64 records, valid, invalid;
	double ms;
};

static void count(struct counts *c, const u8 *data, u64 bytes)
{
	while (bytes) {
		struct htab_record head;
		u64 len;

		memcpy(&head, data, sizeof(head));
		len = sizeof(head) + (u64)head.n_valid * HPT_ENTRY_BYTES;
		c->records++;
		c->valid += head.n_valid;
		c->invalid += head.n_invalid;
		data += len;
		bytes -= len;
	}
}

/* Reads a pass; @file may be NULL. */
static struct counts read_pass(struct hpt_reader *rd, FILE *file)
{
	static u8 buf[BUFFER_BYTES];
	struct counts c = {0};
	ssize_t got;

	do {
		double t = now_ms();

		got = hpt_reader_read(rd, buf, sizeof(buf));
		c.ms += now_ms() - t;
		if (got < 0 || (file && fwrite(buf, 1, (size_t)got, file) != (size_t)got))
			exit(1);
		count(&c, buf, (u64)got);
	} while ((u64)got > sizeof(buf) - 2 * HPT_STREAM_READ_MIN);
	return c;
}

/* A new page: in a free place, or when none is found in that of another, as a full group makes a
 * guest do. */
static bool enter_somehow(struct hpt *hpt, u64 index)
{
	for (unsigned try = 0; try < 8; try++)
		if (enter_page(hpt))
			return true;
	return hpt_enter(hpt, index, HPT_EXACT | HPT_REPLACE,
			 (random_u64() & HPT_V_AVPN) | HPT_V_VALID, index << HPT_R_RPN_SHIFT,
			 NULL) == 0;
}

/* Half of the changes are of rights, a quarter comes, a quarter goes. */
static void change(struct hpt *hpt, u64 n)
{
	for (u64 done = 0; done < n;) {
		u64 i = random_u64() & (hpt_entries(hpt) - 1);

		switch (done & 3) {
		case 0:
			done += hpt_remove(hpt, i, 1u << HPT_ALWAYS, 0, NULL, NULL) == 0;
			break;
		case 1:
			done += enter_somehow(hpt, i);
			break;
		default:
			done += hpt_protect(hpt, i, 1u << HPT_ALWAYS, 0, HPT_R_C, random_u64(),
					    NULL, NULL) == 0;
		}
	}
}

/* How long the destination takes to apply it. */
static double apply_ms(struct hpt *from)
{
	u8 *all = malloc(2 * hpt_entries(from) * HPT_ENTRY_BYTES);
	struct hpt_writer writer = {0};
	struct hpt_reader *rd;
	u64 used = 0, done = 0;
	ssize_t got;
	double t;

	if (!all || hpt_reader_create(&rd, from, 0, 0) || hpt_create(&writer.hpt, hpt_order(from)))
		exit(1);
	do {
		got = hpt_reader_read(rd, all + used, BUFFER_BYTES);
		used += (u64)got;
	} while ((u64)got > BUFFER_BYTES - 2 * HPT_STREAM_READ_MIN);
	t = now_ms();
	while (done < used && (got = hpt_writer_write(&writer, all + done, used - done)) > 0)
		done += (u64)got;
	t = now_ms() - t;
	if (done != used)
		exit(1);
	hpt_reader_destroy(rd);
	hpt_destroy(writer.hpt);
	free(all);
	return t;
}

static void print(const char *name, u64 number, const struct counts *c)
{
	printf("\"%s\": %llu, \"records\": %llu, \"valid\": %llu, \"invalid\": %llu, \"ms\": %.3f",
	       name, (unsigned long long)number, (unsigned long long)c->records,
	       (unsigned long long)c->valid, (unsigned long long)c->invalid, c->ms);
}

static void one_fill(unsigned order, double percent)
{
	static const u64 changes[] = {100, 1000, 10000, 100000};
	struct hpt *hpt = make_table(order, percent);
	struct hpt_reader *rd;
	struct counts c;

	if (hpt_reader_create(&rd, hpt, 0, 0))
		exit(1);
	c = read_pass(rd, NULL);
	printf("{\"percent\": %g, \"first\": {", percent);
	print("changes", 0, &c);
	printf("}, \"apply_ms\": %.3f, \"later\": [", apply_ms(hpt));
	for (unsigned i = 0; i < ARRAY_SIZE(changes); i++) {
		/* As many as the table can change without being made anew. */
		if (changes[i] > (u64)((double)hpt_entries(hpt) * percent / 100))
			break;
		change(hpt, changes[i]);
		c = read_pass(rd, NULL);
		printf("%s{", i ? ", " : "");
		print("changes", changes[i], &c);
		printf("}");
	}
	printf("]}");
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
}

static int write_stream(unsigned order, double percent, const char *path)
{
	struct hpt *hpt = make_table(order, percent);
	FILE *file = fopen(path, "w");
	struct hpt_reader *rd;

	if (!file || hpt_reader_create(&rd, hpt, 0, 0)) {
		fprintf(stderr, "cannot write '%s': %s\n", path, strerror(errno));
		return 1;
	}
	read_pass(rd, file);
	hpt_reader_destroy(rd);
	hpt_destroy(hpt);
	return fclose(file) != 0;
}

int main(int argc, char **argv)
{
	static const double fills[] = {0, 1, 3, 10, 25, 50, 75, 90, 100};
	unsigned order = 24;

	if (argc > 2 && !strcmp(argv[1], "--order")) {
		order = (unsigned)atoi(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (order < HPT_ORDER_MIN || order > 30) {
		fprintf(stderr, "order must be %d .. 30\n", HPT_ORDER_MIN);
		return 1;
	}
	if (argc == 4 && !strcmp(argv[1], "--stream"))
		return write_stream(order, atof(argv[2]), argv[3]);
	if (argc != 1) {
		fprintf(stderr, "usage: answers_fill [--order N] [--stream PERCENT FILE]\n");
		return 1;
	}
	printf("[");
	for (unsigned i = 0; i < ARRAY_SIZE(fills); i++) {
		printf("%s", i ? ",\n " : "");
		one_fill(order, fills[i]);
	}
	printf("]\n");
	return 0;
}
