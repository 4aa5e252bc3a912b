/* The list of database drivers. Constant: any thread. */
#ifndef PA_DRIVERS_H
#define PA_DRIVERS_H

#include "store/driver.h"

extern const struct pa_driver *const pa_drivers[]; /* ended by NULL */

#endif
