/*
 * Lanes: each is a set of connections and transfers that serves one call at a time. Any thread may lease and return; a
 * leased lane is used by one thread. Never raises.
 */
#ifndef PA_LANE_H
#define PA_LANE_H

#include <stddef.h>

#include "base/error.h"
#include "client/transfer.h"

enum { PA_LANE_TRANSFERS = 16 }; /* of one call, at once */

struct pa_lane;
struct pa_lanes;

/* The rules are borrowed and outlive the lanes. `leased_max`: how many may be leased at once, 0 is any number. NULL
 * without memory. */
struct pa_lanes *pa_lanes_open(const struct pa_transfer_rules *rules, unsigned leased_max);

/* Ends the waits of all leased lanes, so that they see rules->cancelled. */
void pa_lanes_wake(struct pa_lanes *lanes);

/* Call when all lanes were returned: others are reported as leaked. NULL does nothing. */
void pa_lanes_close(struct pa_lanes *lanes);

/* A lane with `count` transfers: the one returned last, for its open connections, or a new one. NULL with code "busy"
 * (leased_max) or "http" (memory). */
struct pa_lane *pa_lane_lease(struct pa_lanes *lanes, size_t count, struct pa_error *error);

/* Resets the transfers and makes the lane idle. Frees one lane that has been idle for too long. */
void pa_lane_return(struct pa_lane *lane);

/* A transfer of a leased lane; `index` from 0. */
struct pa_transfer *pa_lane_transfer(const struct pa_lane *lane, size_t index);

/* Runs the transfers that are prepared, until all of them have ended or rules->cancelled is set. Blocks. */
void pa_lane_run(struct pa_lane *lane);

#endif
