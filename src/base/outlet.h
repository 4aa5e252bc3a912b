/*
 * Writes lines to a descriptor and never makes the caller wait for its reader: a line is written at once when that
 * cannot block. Otherwise it waits in a queue of fixed size, which a thread empties; when the queue is full it is
 * dropped and counted. Any thread may write. Never raises.
 */
#ifndef PA_OUTLET_H
#define PA_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

struct pa_outlet;

enum { PA_OUTLET_LINE_MAX = 8 << 10 }; /* bytes of a line; more is cut */

/* Makes the line that tells how many lines were dropped, at most `size` bytes; returns its length. Called by the thread
 * of the outlet. */
typedef size_t pa_outlet_note(unsigned long dropped, char *out, size_t size);

/* The descriptor is borrowed. `queue_bytes`: for the lines that wait. NULL without memory or threads. */
struct pa_outlet *pa_outlet_open(int descriptor, size_t queue_bytes, pa_outlet_note *note);

/* Lines of all threads come out whole and in the order of the calls. */
void pa_outlet_write(struct pa_outlet *outlet, const char *line, size_t length);

/* Waits until all lines were written, at most so many milliseconds, and not for a descriptor that refuses them (a full
 * disk, a pipe without reader). True when all were. */
bool pa_outlet_flush(struct pa_outlet *outlet, unsigned milliseconds);

/* How many lines were dropped so far. */
unsigned long pa_outlet_dropped(const struct pa_outlet *outlet);

/* Ends the thread and frees the outlet, with the lines that still wait. No other thread may use it any more. When the
 * thread is inside of a write that blocks, the outlet stays. NULL does nothing. */
void pa_outlet_close(struct pa_outlet *outlet);

#endif
