/*
 * The account of the memory that scripts, bodies of requests and bodies of answers use in the whole process (SBX-09).
 * VMs take from it in steps, larger buffers as they grow; what is smaller is not counted. Any thread, never raises.
 */
#ifndef PA_MEMORY_H
#define PA_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Sets how malloc gives memory back to the system. Call before there is a second thread. */
void pa_memory_prepare(void);

/* Sets the limit in bytes; 0 is none. What is taken already stays. */
void pa_memory_limit(size_t bytes);

/* Takes bytes out of the account, before they are allocated. False when that would exceed the limit; it is counted. */
bool pa_memory_take(size_t bytes);

/* Gives taken bytes back, after they were freed. */
void pa_memory_give(size_t bytes);

/* Bytes that are taken. */
size_t pa_memory_used(void);

/* Whether more than three quarters of the limit are taken: what is only kept for later should be freed. */
bool pa_memory_is_short(void);

/* Returns freed memory to the system when much was given back since the last time. It takes milliseconds: not for a
 * thread that answers requests. One thread at a time. */
void pa_memory_trim(void);

#endif
