/* Records calls out, for native.http. */
#ifndef PA_HTTP_RECORD_H
#define PA_HTTP_RECORD_H

#include "base/error.h"
#include "client/transfer.h"
#include "native/native.h"

/* Tells traffic of a transfer that has ended: with its answer, or with the error when `answer` is NULL. Does nothing
 * while exchanges are not kept. Never raises. */
void pa_http_record_call(const struct pa_native_context *context, const struct pa_transfer *transfer,
	const struct pa_answer *answer, const struct pa_error *error);

#endif
