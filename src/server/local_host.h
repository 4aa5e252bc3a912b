/* Tells hosts that a web page from elsewhere cannot have. Pure: any thread, never raises. */
#ifndef PA_LOCAL_HOST_H
#define PA_LOCAL_HOST_H

#include <stdbool.h>

#include "base/text.h"

/*
 * Whether a host (lower case, without port) is an address, a name without a dot, as containers have it, or a name below
 * an ending that is reserved for private networks. The owner of a public name can have its DNS lead here (DNS
 * rebinding), and a page of that name would then speak to this server; of such names and addresses there is no page
 * from elsewhere. The same rule is in lua/cli/settings/address.lua.
 */
bool pa_local_host_is(struct pa_span host);

#endif
