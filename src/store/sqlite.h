/* The driver for SQLite: one connection that writes, four that read. Contracts: store/driver.h. */
#ifndef PA_SQLITE_H
#define PA_SQLITE_H

#include "store/driver.h"

extern const struct pa_driver pa_sqlite_driver;

/* The same for "sqlite-words:PATH": its statements may also make and use FTS5 tables. For databases that no app's
 * statement reaches. */
extern const struct pa_driver pa_sqlite_words_driver;

#endif
