/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle's config.json (OCI runtime specification), as papyr exec has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/container.h"

static json_t *at(json_t *j, const char *name)
{
	return json_object_get(j, name);
}

static const char *text_at(json_t *j, const char *name)
{
	return json_string_value(at(j, name));
}

/* Strings, until a NULL; NULL: there are none, or others. */
static char **strings(json_t *array)
{
	char **words = calloc(json_array_size(array) + 1, sizeof(*words));
	json_t *j;
	size_t i;

	json_array_foreach(array, i, j) {
		if (!words || !json_is_string(j)) {
			free(words);
			return NULL;
		}
		words[i] = (char *)json_string_value(j);
	}
	return words;
}

static bool has(json_t *array, const char *word)
{
	json_t *j;
	size_t i;

	json_array_foreach(array, i, j)
		if (json_is_string(j) && !strcmp(json_string_value(j), word))
			return true;
	return false;
}

/* The guest mounts its own there. */
static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

static bool is_the_guests(const char *where)
{
	return is_below(where, "/dev") || is_below(where, "/proc") || is_below(where, "/sys");
}

static bool is_in_memory(const char *where)
{
	return is_below(where, "/run") || is_below(where, "/tmp");
}

/* Below folders that the guest has in its memory the root's aren't seen: it mounts them itself. */
static int add_folder(struct container_config *c, const char *what, const char *where,
		      bool read_only, struct error *err)
{
	struct stat st;

	if (stat(what, &st))
		return error_errno(err, "mount %s", what);
	if (!S_ISDIR(st.st_mode) && is_below(where, "/run"))
		return 0; /* a manager's notes for those who know of containers */
	if (!S_ISDIR(st.st_mode))
		return error_set(err, "mount %s: below /tmp there can be folders only", where);
	if (c->exec.n_folders == EXEC_FOLDERS_MAX)
		return error_set(err, "mount %s: more than %d below /run and /tmp", where,
				 EXEC_FOLDERS_MAX);
	c->exec.folders[c->exec.n_folders++] = (struct exec_folder){what, where, read_only};
	return 0;
}

static int add_mount(struct container_config *c, const char *bundle, json_t *j, struct error *err)
{
	const char *where = text_at(j, "destination"), *type = text_at(j, "type");
	const char *what = text_at(j, "source");
	json_t *options = at(j, "options");
	bool bind =
	    (type && !strcmp(type, "bind")) || has(options, "bind") || has(options, "rbind");
	char *whole;

	if (!where || *where != '/')
		return error_set(err, "config.json: a mount has no destination");
	if (is_the_guests(where))
		return 0;
	if (bind && !what)
		return error_set(err, "mount %s: no source", where);
	if (bind && *what != '/') {
		if (asprintf(&whole, "%s/%s", bundle, what) < 0)
			return error_nomem(err, "a mount");
		what = whole;
	}
	if (bind && is_in_memory(where))
		return add_folder(c, what, where, has(options, "ro"), err);
	if (!bind && (!type || strcmp(type, "tmpfs")))
		return error_set(err, "mount %s: there are bind and tmpfs, but no %s", where,
				 type ? type : "others");
	if (is_in_memory(where))
		return 0;
	if (c->n_mounts == CONTAINER_MOUNTS_MAX)
		return error_set(err, "mount %s: there are too many", where);
	c->mounts[c->n_mounts++] =
	    (struct container_mount){bind ? what : NULL, where, has(options, "ro")};
	return 0;
}

static int take_mounts(struct container_config *c, const char *bundle, struct error *err)
{
	json_t *j;
	size_t i;

	json_array_foreach(at(c->json, "mounts"), i, j)
		if (add_mount(c, bundle, j, err))
			return -1;
	return 0;
}

/* False: it is none; what isn't there is 0. */
static bool take_id(json_t *j, u32 *id)
{
	json_int_t number = json_integer_value(j);

	*id = (u32)number;
	return (!j || json_is_integer(j)) && number >= 0 && number < UINT32_MAX;
}

static int take_umask(struct exec_options *e, struct container_user *u, json_t *mask,
		      struct error *err)
{
	json_int_t bits = json_integer_value(mask);

	if (mask && (!json_is_integer(mask) || bits < 0 || bits > 0777))
		return error_set(err, "config.json: process.user.umask is none");
	snprintf(u->umask, sizeof(u->umask), "%o", (unsigned)bits);
	e->umask = mask ? u->umask : NULL;
	return 0;
}

static int take_user(struct exec_options *e, struct container_user *u, json_t *user,
		     struct error *err)
{
	json_t *groups = at(user, "additionalGids"), *j;
	u32 uid, gid, more;
	size_t i, n = 0;

	if (!take_id(at(user, "uid"), &uid) || !take_id(at(user, "gid"), &gid))
		return error_set(err, "config.json: process.user.uid or gid is no such number");
	snprintf(u->ids, sizeof(u->ids), "%u:%u", uid, gid);
	/* A user by name has a home and groups: of root these are what everybody expects. */
	e->user = strcmp(u->ids, "0:0") ? u->ids : NULL;
	if (json_array_size(groups) > AGENT_GROUPS_MAX)
		return error_set(err, "config.json: more than %d additionalGids", AGENT_GROUPS_MAX);
	json_array_foreach(groups, i, j) {
		if (!take_id(j, &more))
			return error_set(err, "config.json: process.user.additionalGids are no "
					      "such numbers");
		n += (size_t)snprintf(u->groups + n, sizeof(u->groups) - n, "%s%u", i ? "," : "",
				      more);
	}
	e->groups = i ? u->groups : NULL;
	return take_umask(e, u, at(user, "umask"), err);
}

int container_take_process(struct exec_options *e, struct container_user *user, json_t *process,
			   struct error *err)
{
	e->command = strings(at(process, "args"));
	e->environment = strings(at(process, "env"));
	e->directory = text_at(process, "cwd");
	e->terminal = json_is_true(at(process, "terminal"));
	if (!e->command || !e->environment || !*e->command)
		return error_set(err, "config.json: process.args or process.env are no words");
	if (!e->directory || *e->directory != '/')
		return error_set(err, "config.json: process.cwd is no absolute path");
	return take_user(e, user, at(process, "user"), err);
}

static int take_root(struct container_config *c, const char *bundle, struct error *err)
{
	const char *path = text_at(at(c->json, "root"), "path");
	char whole[2 * PATH_MAX];

	if (!path)
		return error_set(err, "config.json: there is no root.path");
	snprintf(whole, sizeof(whole), "%s%s%s", *path == '/' ? "" : bundle,
		 *path == '/' ? "" : "/", path);
	if (strlen(whole) >= PATH_MAX || !realpath(whole, c->root))
		return error_errno(err, "root.path %s", path);
	c->exec.root = c->root;
	c->exec.keep = true;
	c->exec.read_only_root = json_is_true(at(at(c->json, "root"), "readonly"));
	return 0;
}

/* A limit is what the guest gets, for its kernel too. */
#define MEMORY_LEAST ((u64)256 << 20)
#define MEMORY_USUAL ((u64)1 << 30)
#define MEMORY_STEP  ((u64)16 << 20)

static void take_resources(struct container_config *c, json_t *resources)
{
	json_int_t limit = json_integer_value(at(at(resources, "memory"), "limit"));
	json_int_t quota = json_integer_value(at(at(resources, "cpu"), "quota"));
	json_int_t period = json_integer_value(at(at(resources, "cpu"), "period"));
	long cpus = quota > 0 && period > 0 ? (quota - 1) / period + 1 : 1;
	long most = sysconf(_SC_NPROCESSORS_ONLN);
	u64 bytes = limit > 0 && limit < 1ll << 40 ? (u64)limit : MEMORY_USUAL;

	if (bytes < MEMORY_LEAST)
		bytes = MEMORY_LEAST;
	bytes = (bytes + MEMORY_STEP - 1) / MEMORY_STEP * MEMORY_STEP;
	snprintf(c->memory, sizeof(c->memory), "%lluM", (unsigned long long)bytes >> 20);
	snprintf(c->cpus, sizeof(c->cpus), "%ld", cpus < most ? cpus : most);
	c->exec.memory = c->memory;
	c->exec.cpus = c->cpus;
}

/* One that is made new has nothing in it. */
static void take_network(struct container_config *c, json_t *namespaces)
{
	bool own = false;
	json_t *j;
	size_t i;

	json_array_foreach(namespaces, i, j) {
		const char *type = text_at(j, "type");

		if (!type || strcmp(type, "network"))
			continue;
		c->network = text_at(j, "path");
		own = !c->network;
	}
	c->exec.cards[0].net = "user,bus=virtio";
	c->exec.n_cards = !own;
}

static int refuse(struct container_config *c, struct error *err)
{
	json_t *list, *hooks = at(c->json, "hooks"), *system = at(c->json, "linux");
	const char *name;

	json_object_foreach(hooks, name, list)
		if (json_array_size(list))
			return error_set(err, "config.json: hooks (%s) are not run", name);
	if (json_array_size(at(system, "uidMappings")))
		return error_set(err, "config.json: there are no user namespaces (uidMappings)");
	if (!at(c->json, "process") || at(c->json, "vm") || at(c->json, "windows"))
		return error_set(err, "config.json: no process on Linux");
	return 0;
}

int container_read_config(struct container_config *c, const char *bundle, struct error *err)
{
	char path[PATH_MAX];
	json_error_t wrong;
	const char *name;

	snprintf(path, sizeof(path), "%s/config.json", bundle);
	*c =
	    (struct container_config){.json = json_load_file(path, JSON_REJECT_DUPLICATES, &wrong)};
	if (!c->json)
		return error_set(err, "%s: %s (line %d)", path, wrong.text, wrong.line);
	c->version = text_at(c->json, "ociVersion");
	if (!c->version || strncmp(c->version, "1.", 2))
		return error_set(err, "%s: ociVersion is not 1", path);
	if (refuse(c, err) ||
	    container_take_process(&c->exec, &c->user, at(c->json, "process"), err) ||
	    take_root(c, bundle, err) || take_mounts(c, bundle, err))
		return -1;
	take_resources(c, at(at(c->json, "linux"), "resources"));
	take_network(c, at(at(c->json, "linux"), "namespaces"));
	name = text_at(c->json, "hostname");
	if (name && strlen(name) > 64)
		return error_set(err, "config.json: the hostname is longer than 64");
	c->exec.host_name = name && *name ? name : "papyr";
	c->annotations = at(c->json, "annotations");
	return 0;
}
