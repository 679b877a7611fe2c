/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr list, papyr info: which guests run, and how they are.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "monitor/client.h"

static const char help_list[] =
    "Usage: papyr list [--json]\n"
    "Shows your running guests, one a line: name, state, processors, memory.\n";

static const char help_info[] =
    "Usage: papyr info NAME|FILE [--json]\n"
    "Shows one running guest, or one that was saved to FILE: processors,\n"
    "memory, hashed page table. A file is checked from end to end.\n";

/* x-info of @name; NULL: it isn't there, or went while we asked. */
static json_t *ask(const char *name, struct error *err)
{
	struct control *c = control_open(name, err);
	json_t *info = c ? control_execute(c, "x-info", NULL, err) : NULL;

	control_close(c);
	return info;
}

static u64 number(json_t *info, const char *key)
{
	return json_integer_value(json_object_get(info, key));
}

static const char *text(json_t *info, const char *key)
{
	const char *s = json_string_value(json_object_get(info, key));

	return s ? s : "";
}

static void print_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(value);
}

static void print_line(json_t *info)
{
	char size[32];

	printf("%-20s %-14s %4zu x %-8s %10s  pid %llu\n", text(info, "name"), text(info, "status"),
	       json_array_size(json_object_get(info, "vcpus")), text(info, "cpu"),
	       format_size(number(info, "memory"), size, sizeof(size)),
	       (unsigned long long)number(info, "pid"));
}

int cmd_list(int argc, char **argv)
{
	json_t *all;
	char **names;
	size_t n;
	struct parsed p = parse_verb(argc, argv, help_list, NULL, 0);

	if (p.done)
		return p.status;
	all = json_array();
	names = control_names(&n);
	for (size_t i = 0; i < n; i++) {
		/* A socket without a process behind it is left over from a crash. */
		json_t *info = ask(names[i], NULL);

		if (info)
			json_array_append_new(all, info);
		free(names[i]);
	}
	free(names);
	if (p.json) {
		print_json(all);
		return STATUS_OK;
	}
	for (size_t i = 0; i < json_array_size(all); i++)
		print_line(json_array_get(all, i));
	if (!json_array_size(all))
		fputs("No guests are running. 'papyr run' starts one.\n", stderr);
	json_decref(all);
	return STATUS_OK;
}

static void print_info(json_t *info)
{
	json_t *vcpus = json_object_get(info, "vcpus"), *vcpu;
	const char *kernel = text(info, "kernel");
	u64 order = number(info, "htab-order"); /* 0: it has no such table */
	u64 max_vcpus = number(info, "max-vcpus"), max_memory = number(info, "max-memory");
	char a[32], b[32], c[32] = "", d[48] = "";
	size_t i;

	if (max_vcpus > json_array_size(vcpus))
		snprintf(c, sizeof(c), " of %llu", (unsigned long long)max_vcpus);
	if (max_memory > number(info, "memory"))
		snprintf(d, sizeof(d), " of %s", format_size(max_memory, a, sizeof(a)));
	printf("name:        %s (pid %llu)\n", text(info, "name"),
	       (unsigned long long)number(info, "pid"));
	printf("state:       %s\n", text(info, "status"));
	printf("machine:     %s\n", text(info, "machine"));
	printf("processors:  %zu%s x %s, %llu in a core, run by %s\n", json_array_size(vcpus), c,
	       text(info, "cpu"), (unsigned long long)number(info, "threads"), text(info, "accel"));
	printf("memory:      %s%s", format_size(number(info, "memory"), a, sizeof(a)), d);
	if (order)
		printf(", real mode reaches %s\nhash table:  2^%llu bytes (%s), %llu entries",
		       format_size(number(info, "real-mode-area"), a, sizeof(a)),
		       (unsigned long long)order, format_size(1ull << order, b, sizeof(b)),
		       1ull << (order - 4));
	putchar('\n');
	printf("kernel:      %s\n", kernel[0] ? kernel : "the built-in guest");
	json_array_foreach(vcpus, i, vcpu)
		printf("vcpu %-4llu    %s, %llu exits to the monitor\n",
		       (unsigned long long)number(vcpu, "id"),
		       json_is_true(json_object_get(vcpu, "online")) ? "online" : "stopped",
		       (unsigned long long)number(vcpu, "exits"));
}

int cmd_info(int argc, char **argv)
{
	struct error err;
	const char *name;
	json_t *info;
	struct parsed p = parse_verb(argc, argv, help_info, &name, 1);

	if (p.done)
		return p.status;
	if (names_file(name))
		return info_file(name, p.json);
	info = ask(name, &err);
	if (!info)
		return cmd_error("%s", err.text);
	if (p.json) {
		print_json(info);
		return STATUS_OK;
	}
	print_info(info);
	json_decref(info);
	return STATUS_OK;
}
