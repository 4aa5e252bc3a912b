/* How many bytes the bodies of requests may have, asked of a VM's entry module (HT-14). Used as script/vm is. */
#ifndef PA_BODY_LIMIT_H
#define PA_BODY_LIMIT_H

#include "base/message.h"
#include "script/vm.h"

/* entry.body_floor, the smallest of the limits that routes have for bodies; 0 when none has its own. */
size_t pa_body_limit_floor(struct pa_vm *vm);

/* Calls entry.body_limit(method, path), which returns how many bytes the body of such a request may have, or nil: then
 * *limit stays. 0, or -1 with a fault. */
int pa_body_limit_of(struct pa_vm *vm, const struct pa_request *request, size_t *limit, struct pa_fault *fault);

#endif
