/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/oci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/blob.h"

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

/* The file of the blob that @descriptor is of. */
static int find_blob(const char *folder, const json_t *descriptor, char path[PATH_MAX],
		     struct error *err)
{
	const char *digest = text(descriptor, "digest");

	if (!digest || strncmp(digest, "sha256:", 7) || !is_sum(digest + 7))
		return error_set(err, "it names a blob by no sha256 sum");
	if (snprintf(path, PATH_MAX, "%s/blobs/sha256/%s", folder, digest + 7) >= PATH_MAX)
		return error_set(err, "too long a name: %s", folder);
	return 0;
}

/* As much as there is of it, and @bytes at most. */
static size_t read_all(struct blob *b, char *data, size_t bytes)
{
	size_t at = 0;
	ssize_t n = 1;

	for (; at < bytes && n > 0; at += n > 0 ? (size_t)n : 0)
		n = blob_read(b, data + at, bytes - at);
	return at;
}

/* The object in a file's bytes; NULL: it isn't one. */
static json_t *parse(const char *path, const char *data, size_t bytes, struct error *err)
{
	json_error_t why;
	json_t *j = json_loadb(data, bytes, 0, &why);

	if (json_is_object(j))
		return j;
	error_set(err, "%s: %s", path, j ? "no object" : why.text);
	json_decref(j);
	return NULL;
}

/* The object in a file, whose name is its sum if @is_summed. */
static json_t *load(const char *path, bool is_summed, struct error *err)
{
	static char data[JSON_MAX + 1];
	struct blob b;
	size_t n;

	if (blob_open(&b, path, err))
		return NULL;
	n = read_all(&b, data, sizeof(data));
	if (!is_summed)
		blob_drop(&b);
	else if (blob_end(&b, err))
		return NULL;
	if (n > JSON_MAX) {
		error_set(err, "%s is too large to be what it should be", path);
		return NULL;
	}
	return parse(path, data, n, err);
}

static json_t *load_blob(const char *folder, const json_t *descriptor, struct error *err)
{
	char path[PATH_MAX];

	return find_blob(folder, descriptor, path, err) ? NULL : load(path, true, err);
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
	index = load(path, false, err);
	manifest = index ? find_manifest(image, folder, index, tag, err) : NULL;
	if (!manifest)
		return -1;
	ret = read_manifest(image, folder, manifest, err);
	json_decref(manifest);
	return ret;
}

void oci_free(struct oci_image *image)
{
	free(image->layer);
	json_decref(image->config);
	*image = (struct oci_image){0};
}
