/*
 * Calls out: each is up to 16 transfers of one thread, which sleeps until the driver has ended all of them. A call is
 * leased and returned, with its handles and buffers kept for the next one. Any thread may lease and return; a leased
 * call is used by one thread. Never raises.
 */
#ifndef PA_CALL_H
#define PA_CALL_H

#include <stddef.h>

#include "base/admission.h"
#include "base/error.h"
#include "client/driver.h"
#include "client/url.h"

enum { PA_CALL_TRANSFERS = PA_HTTP_DRIVER_BATCH_MAX };

struct pa_call;
struct pa_calls;

/* Rules and driver are borrowed; the rules outlive the calls, the driver is closed before them. `leased_max`: how many
 * may be leased at once, 0 is any number. NULL without memory. */
struct pa_calls *pa_calls_open(
	const struct pa_transfer_rules *rules, struct pa_http_driver *driver, unsigned leased_max);

/* Call when all calls were returned: others are reported as leaked. NULL does nothing. */
void pa_calls_close(struct pa_calls *calls);

/* A call with `count` transfers: the one returned last, or a new one. NULL with code "busy" (leased_max) or "http"
 * (memory). */
struct pa_call *pa_call_lease(struct pa_calls *calls, size_t count, struct pa_error *error);

/* Resets the transfers and makes the call idle. Frees one that has been idle for too long. */
void pa_call_return(struct pa_call *call);

/* A transfer of a leased call; `index` from 0. */
struct pa_transfer *pa_call_transfer(const struct pa_call *call, size_t index);

/* Runs the transfers that are prepared, until all of them have ended. Blocks. `admission`: the one that this thread is
 * inside of, or NULL; the thread is outside while it waits. */
void pa_call_run(struct pa_call *call, struct pa_admission *admission);

/* Runs them without a thread that waits: the call is returned once they have ended. Their urls and methods must be
 * static, or in pa_call_url. */
void pa_call_run_alone(struct pa_call *call);

/* PA_CALL_URL_SIZE bytes that last as long as the lease. */
enum { PA_CALL_URL_SIZE = PA_URL_ORIGIN_SIZE + 1 };
char *pa_call_url(struct pa_call *call);

#endif
