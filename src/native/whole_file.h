/*
 * Writes whole files: a reader sees the old content or the new one, never a part. Any thread; never raises. Failures
 * are in errno.
 */
#ifndef PA_WHOLE_FILE_H
#define PA_WHOLE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/text.h"

/* Writes the file by way of one beside it. With `first`, a file that is there already is EEXIST. A file
 * that root replaces keeps its owner. 0 or -1. */
int pa_whole_file_write(const char *path, struct pa_span bytes, mode_t mode, bool first);

/* Makes a folder and those above it, each with `mode`; folders that are there already stay. 0 or -1; `part`, of
 * PATH_MAX bytes, then has the one that could not be made. */
int pa_whole_file_make_folder(const char *path, mode_t mode, char *part);

#endif
