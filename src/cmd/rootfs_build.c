/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rootfs_build.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/places.h"
#include "cmd/rootfs_make.h"

#define DEBIAN	     "debian"
#define PACKAGES_MAX 256
#define LETTERS	     "abcdefghijklmnopqrstuvwxyz0123456789"

/* What the script is asked for. */
struct build_order {
	char script[PATH_MAX + 16], size[24];
	const char *suite; /* "": this machine's own */
	char *names;	   /* the packages', cut */
	const char *word[PACKAGES_MAX + 5];
	unsigned words;
};

static bool is_word(const char *s, const char *letters)
{
	return *s && strspn(s, letters) == strlen(s) && strchr(LETTERS, *s);
}

/* To @o's words, and to @list. What apt takes for anything else is no name. */
static int add_packages(struct build_order *o, json_t *list, struct error *err)
{
	unsigned n = 0;
	char *rest = o->names, *name;

	while ((name = strsep(&rest, ","))) {
		if (!*name)
			continue;
		if (!is_word(name, LETTERS "+-."))
			return error_set(err, "'%s' is no package's name", name);
		if (n++ == PACKAGES_MAX)
			return error_set(err, "more than %d packages", PACKAGES_MAX);
		o->word[o->words++] = name;
		json_array_append_new(list, json_string(name));
	}
	return 0;
}

static int take_suite(struct build_order *o, const char *source, struct error *err)
{
	size_t n = strlen(DEBIAN);

	if (strncmp(source, DEBIAN, n) || (source[n] && source[n] != ':'))
		return error_set(err, "what can be built is debian[:SUITE], and not '%s'", source);
	o->suite = source[n] ? source + n + 1 : "";
	if (source[n] && !is_word(o->suite, LETTERS "-"))
		return error_set(err, "'%s' is no suite of Debian's", o->suite);
	return 0;
}

/* In the child: what the script says goes to stderr, our input isn't its, and it ends with us. */
static void become(const struct build_order *o, const char *papyr)
{
	int in = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (in < 0 || dup2(in, 0) < 0 || dup2(2, 1) < 0 || setenv("PAPYR", papyr, 1))
		_exit(127);
	execv(o->script, (char *const *)o->word);
	fprintf(stderr, "%s: %s\n", o->script, strerror(errno));
	_exit(127);
}

static int carry_out(const struct build_order *o, const char *papyr, struct error *err)
{
	pid_t pid = fork();
	int how;

	if (!pid)
		become(o, papyr);
	if (pid < 0 || waitpid(pid, &how, 0) != pid)
		return error_errno(err, "can't run %s", o->script);
	if (!WIFEXITED(how) || WEXITSTATUS(how))
		return error_set(err, "it can't be built (see above)");
	return 0;
}

static int build(struct build_order *o, const char *name, u64 bytes, json_t *info,
		 struct error *err)
{
	struct rootfs_making m;
	struct places p;
	int ret;

	if (!places_find(&p))
		return error_errno(err, "can't tell where papyr is");
	snprintf(o->script, sizeof(o->script), "%s/build-debian", p.tools);
	snprintf(o->size, sizeof(o->size), "%llu", (unsigned long long)bytes);
	o->word[0] = o->script;
	o->word[2] = o->size;
	o->word[3] = o->suite;
	ret = rootfs_begin(&m, name, bytes, err);
	if (!ret) {
		o->word[1] = m.disk;
		ret = carry_out(o, p.papyr, err);
	}
	if (!ret)
		ret = rootfs_finish(&m, json_incref(info), err);
	rootfs_drop(&m);
	return ret;
}

int rootfs_build(const char *name, const char *source, const char *packages, u64 bytes,
		 struct error *err)
{
	struct build_order o = {.names = strdup(packages), .words = 4};
	json_t *list = json_array();
	json_t *info = json_pack("{s:s,s:O}", "source", source, "packages", list);
	int ret;

	if (!o.names || !info)
		ret = error_nomem(err, "the packages' names");
	else if (take_suite(&o, source, err) || add_packages(&o, list, err))
		ret = -1;
	else
		ret = build(&o, name, bytes, info, err);
	json_decref(info);
	json_decref(list);
	free(o.names);
	return ret;
}

int rootfs_build_usual(struct error *err)
{
	cmd_note("there is no image " IMAGE_BUILT_WHEN_USED " yet: it is built now, once, "
		 "with gcc and make");
	return rootfs_build(IMAGE_BUILT_WHEN_USED, DEBIAN, "gcc,libc6-dev,make", IMAGE_BYTES, err);
}
