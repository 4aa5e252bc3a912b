/*
 * A database, behind an interface that knows no SQL dialect: db.c is the skin for Lua, db_sqlite.c what is behind it.
 * Safe for use from many threads.
 */
#ifndef PA_DB_H
#define PA_DB_H

#include "../error.h"

struct pa_db;

/*
 * Opens "sqlite:PATH" or "sqlite::memory:", creating a file as 0600 in a folder as 0700 when absent. Refuses what is
 * not a database or is damaged, and never overwrites it (ST-09). NULL with code "database" or "usage".
 */
struct pa_db *pa_db_open(const char *url, struct pa_error *error);
void pa_db_close(struct pa_db *db);

#endif
