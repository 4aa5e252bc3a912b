/*
 * The thread that drives all calls out of a service: one curl multi handle by epoll, with the connections, the DNS
 * answers and the certificates that all calls share. Workers hand batches of transfers over; the thread starts with the
 * first one. Never raises.
 */
#ifndef PA_HTTP_DRIVER_H
#define PA_HTTP_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "client/transfer.h"

enum { PA_HTTP_DRIVER_BATCH_MAX = 16 }; /* transfers of a batch */

struct pa_http_driver;
struct pa_http_driver_batch;

/* One transfer of a batch. */
struct pa_http_driver_ride {
	struct pa_transfer *transfer;
	struct pa_http_driver_batch *batch;
	bool runs; /* it is in the multi handle */
};

/* Transfers that run at once. The caller owns it, and fills in `rides[…].transfer`, `count` and `ended`. */
struct pa_http_driver_batch {
	struct pa_http_driver_ride rides[PA_HTTP_DRIVER_BATCH_MAX];
	size_t count;
	/* Called once, on the driver's thread, when all transfers have ended. The driver does not touch the batch and its
	 * transfers after that: another thread may use or free them at once. It must not block. */
	void (*ended)(struct pa_http_driver_batch *batch);
	/* the driver's */
	size_t left;
	struct pa_http_driver_batch *next;          /* in the queue */
	struct pa_http_driver_batch *newer, *older; /* among those that run */
};

/* `rules` are borrowed. `connections_max`: how many connections may stay open without work. NULL without memory or
 * descriptors. */
struct pa_http_driver *pa_http_driver_open(const struct pa_transfer_rules *rules, long connections_max);

/* Starts the batch's transfers, which must be prepared. From now on, until `ended`, they are the driver's. Any thread.
 * 0, or -1 when there is no thread for the driver: `ended` is then not called. */
int pa_http_driver_submit(struct pa_http_driver *driver, struct pa_http_driver_batch *batch);

/* Makes the driver see that rules->cancelled was set: it ends all batches, and later ones at once. Any thread. */
void pa_http_driver_cancel(struct pa_http_driver *driver);

/* Ends all batches that still run, then the thread, and closes the connections. No other thread may use the driver.
 * NULL does nothing. */
void pa_http_driver_close(struct pa_http_driver *driver);

#endif
