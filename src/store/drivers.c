/* Each driver is one more entry here. */
#include "store/drivers.h"

#include <stddef.h>

#include "store/sqlite.h"

const struct pa_driver *const pa_drivers[] = {&pa_sqlite_driver, &pa_sqlite_words_driver, NULL};
