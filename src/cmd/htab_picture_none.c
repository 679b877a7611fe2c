/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of htab_picture.c where there is no cairo.
 */
#include "cmd/htab_picture.h"

bool picture_can_be(const char *path)
{
	return true;
}

int picture_write(const struct picture *p, const char *path, struct error *err)
{
	return error_set(err, "this papyr was built without pictures");
}
