/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/oci.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"

#define INDEX_DEPTH 4 /* an index may point to another */
#define JSON_MAX    (4u << 20)

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_sum(const char *hex)
{
	return strlen(hex) == OCI_DIGEST_MAX - 1 &&
	       strspn(hex, "0123456789abcdef") == OCI_DIGEST_MAX - 1;
}

/* What sha256sum says of @path. */
static bool sum_of(const char *path, char hex[OCI_DIGEST_MAX])
{
	int ends[2], how, in = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	pid_t pid;

	if (in < 0 || pipe2(ends, O_CLOEXEC)) {
		if (in >= 0)
			close(in);
		return false;
	}
	pid = fork();
	if (!pid) {
		dup2(in, 0);
		dup2(ends[1], 1);
		execlp("sha256sum", "sha256sum", (char *)NULL);
		_exit(127);
	}
	close(in);
	close(ends[1]);
	if (pid > 0) {
		n = read(ends[0], hex, OCI_DIGEST_MAX - 1);
		waitpid(pid, &how, 0);
	}
	close(ends[0]);
	hex[n < 0 ? 0 : n] = 0;
	return n == OCI_DIGEST_MAX - 1;
}

/* Whoever made the layout could have others wait: for a pipe nobody writes to. */
static int check_file(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) || access(path, R_OK))
		return error_errno(err, "%s", path);
	return S_ISREG(st.st_mode) ? 0 : error_set(err, "%s is no file", path);
}

/* The file of the blob that @descriptor is of. */
static int find_blob(const char *folder, const json_t *descriptor, char path[PATH_MAX],
		     struct error *err)
{
	const char *digest = text(descriptor, "digest");

	if (!digest || strncmp(digest, "sha256:", 7) || !is_sum(digest + 7))
		return error_set(err, "it names a blob by no sha256 sum");
	if (snprintf(path, PATH_MAX, "%s/blobs/sha256/%s", folder, digest + 7) >= PATH_MAX)
		return error_set(err, "too long a name: %s", folder);
	return check_file(path, err);
}

/* A blob is called as its sum. */
static int check_sum(const char *path, struct error *err)
{
	char sum[OCI_DIGEST_MAX];

	if (!sum_of(path, sum))
		return error_set(err, "sha256sum can't read %s", path);
	return strcmp(sum, strrchr(path, '/') + 1)
		   ? error_set(err, "%s is damaged: its sum is %s", path, sum)
		   : 0;
}

static json_t *load(const char *path, struct error *err)
{
	json_error_t why;
	struct stat st;
	json_t *j;

	if (check_file(path, err))
		return NULL;
	if (stat(path, &st) || st.st_size > JSON_MAX) {
		error_set(err, "%s is too large to be what it should be", path);
		return NULL;
	}
	j = json_load_file(path, 0, &why);
	if (!json_is_object(j)) {
		error_set(err, "%s: %s", path, j ? "no object" : why.text);
		json_decref(j);
		return NULL;
	}
	return j;
}

static json_t *load_blob(const char *folder, const json_t *descriptor, struct error *err)
{
	char path[PATH_MAX];

	return find_blob(folder, descriptor, path, err) || check_sum(path, err) ? NULL
										: load(path, err);
}

/* ---- Index and manifest ---- */

/* Of another architecture, as far as the index says. */
static bool is_foreign(const json_t *descriptor)
{
	const char *arch = text(json_object_get(descriptor, "platform"), "architecture");

	return arch && strcmp(arch, "ppc64le");
}

static bool has_tag(const json_t *descriptor, const char *tag)
{
	const char *name =
	    text(json_object_get(descriptor, "annotations"), "org.opencontainers.image.ref.name");

	return !tag || (name && !strcmp(name, tag));
}

/* Borrowed. With a tag, the first that has it; without, there must be one alone. */
static const json_t *choose(const json_t *index, const char *tag, struct error *err)
{
	const json_t *list = json_object_get(index, "manifests"), *one, *found = NULL;
	unsigned fitting = 0;
	size_t i;

	json_array_foreach(list, i, one) {
		if (is_foreign(one) || !has_tag(one, tag))
			continue;
		if (!fitting++)
			found = one;
	}
	if (!found)
		error_set(err, "it has no image for ppc64le%s%s", tag ? " called " : "",
			  tag ? tag : "");
	else if (!tag && fitting > 1) {
		error_set(err, "it has %u images: say which by :TAG behind the folder", fitting);
		found = NULL;
	}
	return found;
}

/* The manifest, through indexes of indexes. A reference of the caller's. */
static json_t *find_manifest(struct oci_image *image, const char *folder, json_t *index,
			     const char *tag, struct error *err)
{
	for (unsigned depth = 0; depth < INDEX_DEPTH; depth++) {
		const json_t *descriptor = choose(index, tag, err);
		json_t *next = descriptor ? load_blob(folder, descriptor, err) : NULL;

		if (next)
			snprintf(image->digest, sizeof(image->digest), "%s",
				 text(descriptor, "digest") + strlen("sha256:"));
		json_decref(index);
		if (!next || json_is_array(json_object_get(next, "layers")))
			return next;
		index = next;
		tag = NULL;
	}
	json_decref(index);
	error_set(err, "its indexes are nested too deep");
	return NULL;
}

/* ---- What it says of commands ---- */

static json_t *texts(const json_t *list)
{
	json_t *all = json_array(), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_is_string(one))
			json_array_append(all, one);
	return all;
}

static void take_text(json_t *to, const char *key, const json_t *from, const char *as)
{
	const char *value = text(from, as);

	if (value && *value)
		json_object_set_new(to, key, json_string(value));
}

static int take_config(struct oci_image *image, const json_t *file, struct error *err)
{
	const json_t *config = json_object_get(file, "config");
	const char *arch = text(file, "architecture");
	json_t *command = texts(json_object_get(config, "Entrypoint"));
	json_t *rest = texts(json_object_get(config, "Cmd"));

	json_array_extend(command, rest);
	json_decref(rest);
	image->config = json_object();
	json_object_set_new(image->config, "command", command);
	json_object_set_new(image->config, "environment", texts(json_object_get(config, "Env")));
	take_text(image->config, "directory", config, "WorkingDir");
	take_text(image->config, "user", config, "User");
	if (arch && strcmp(arch, "ppc64le"))
		return error_set(err, "its image is for %s, not for ppc64le", arch);
	return 0;
}

static int read_manifest(struct oci_image *image, const char *folder, const json_t *manifest,
			 struct error *err)
{
	const json_t *layers = json_object_get(manifest, "layers"), *layer;
	json_t *file = load_blob(folder, json_object_get(manifest, "config"), err);
	size_t i;
	int ret;

	if (!file)
		return -1;
	ret = take_config(image, file, err);
	json_decref(file);
	if (ret)
		return -1;
	if (json_array_size(layers) > OCI_LAYERS_MAX)
		return error_set(err, "it has more than %d layers", OCI_LAYERS_MAX);
	image->layer = calloc(json_array_size(layers) + 1, sizeof(image->layer[0]));
	if (!image->layer)
		return error_nomem(err, "its layers' names");
	json_array_foreach(layers, i, layer)
		if (find_blob(folder, layer, image->layer[image->layers++], err))
			return -1;
	return 0;
}

int oci_open(struct oci_image *image, const char *where, struct error *err)
{
	char folder[PATH_MAX - 128], path[PATH_MAX];
	const char *slash = strrchr(where, '/'), *colon = strrchr(where, ':');
	const char *tag = colon && (!slash || colon > slash) ? colon + 1 : NULL;
	json_t *index, *manifest;
	int ret;

	*image = (struct oci_image){0};
	if (snprintf(folder, sizeof(folder), "%.*s", (int)(tag ? colon - where : INT_MAX), where) >=
	    (int)sizeof(folder))
		return error_set(err, "too long a name: %.40s...", where);
	snprintf(path, sizeof(path), "%s/index.json", folder);
	index = load(path, err);
	manifest = index ? find_manifest(image, folder, index, tag, err) : NULL;
	if (!manifest)
		return -1;
	ret = read_manifest(image, folder, manifest, err);
	json_decref(manifest);
	return ret;
}

int oci_check_layers(const struct oci_image *image, struct error *err)
{
	for (unsigned i = 0; i < image->layers; i++)
		if (check_sum(image->layer[i], err))
			return -1;
	return 0;
}

void oci_free(struct oci_image *image)
{
	free(image->layer);
	json_decref(image->config);
	*image = (struct oci_image){0};
}
