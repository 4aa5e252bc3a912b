/*
 * Lanes: the connections and transfers that one call at a time uses. A leased lane is used by one thread at a time; the
 * list of lanes, by any thread.
 */
#ifndef PA_LANE_H
#define PA_LANE_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/error.h"
#include "client/allow.h"
#include "client/transfer.h"

enum { PA_LANE_TRANSFERS = 16 }; /* at once */

struct pa_lane;
struct pa_lanes;

/* `allow` and `cancelled` are borrowed and outlive the lanes. `leased_max`: how many may be leased at once, 0 is any
 * number. NULL without memory. */
struct pa_lanes *pa_lanes_open(const struct pa_allow *allow, const atomic_bool *cancelled, unsigned leased_max);

/* Ends the waits of all that run, so that they see `cancelled`. */
void pa_lanes_wake(struct pa_lanes *lanes);

/* No lane may be leased any more. NULL is fine. */
void pa_lanes_close(struct pa_lanes *lanes);

/* A lane with `count` transfers, most likely with warm connections. NULL with code "busy" or "http" (memory). */
struct pa_lane *pa_lane_lease(struct pa_lanes *lanes, size_t count, struct pa_error *error);
void pa_lane_return(struct pa_lane *lane);

/* The n-th transfer of a leased lane. */
struct pa_transfer *pa_lane_transfer(const struct pa_lane *lane, size_t index);

/* Runs the transfers that were prepared until all of them have ended, or `cancelled`. */
void pa_lane_run(struct pa_lane *lane);

#endif
