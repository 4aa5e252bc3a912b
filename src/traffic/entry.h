/*
 * One exchange to store, in or out: what a worker copies and the thread of traffic stores. An entry is owned by one
 * thread at a time, and its bytes are wiped when it is freed, for secrets are still among them. Never raises.
 */
#ifndef PA_ENTRY_H
#define PA_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/message.h"
#include "base/text.h"

/* Of a body are stored PA_ENTRY_BODY_MAX bytes; PA_ENTRY_BODY_MORE more are copied, so that a secret which is cut there
 * is still known. */
enum { PA_ENTRY_BODY_MAX = 256 << 10, PA_ENTRY_BODY_MORE = 8 << 10 };

enum pa_entry_text {
	PA_ENTRY_METHOD,
	PA_ENTRY_URL,     /* in: the target; out: the whole URL */
	PA_ENTRY_OUTCOME, /* "answered", "refused", or the code of a failure */
	PA_ENTRY_ERROR,
	PA_ENTRY_REQUEST_ID,
	PA_ENTRY_INSTALL,
	PA_ENTRY_PEER,          /* in: the address of the connection; out: the URL that answered */
	PA_ENTRY_REQUEST_HEAD,  /* lines "Name: value", each ended by LF, CR LF or NUL */
	PA_ENTRY_RESPONSE_HEAD, /* the same */
	PA_ENTRY_REQUEST_BODY,
	PA_ENTRY_RESPONSE_BODY,
	PA_ENTRY_TEXTS,
};

struct pa_entry {
	bool out;      /* a call out, whose answer's body was unpacked as it came */
	int status;    /* 0: no answer came */
	int64_t at_ns; /* when it began, of pa_clock_wall_ns */
	int64_t took_ns;
	struct pa_span texts[PA_ENTRY_TEXTS]; /* absent ones are empty */
	/* Headers of the request that are not lines yet; copied before those of PA_ENTRY_REQUEST_HEAD. */
	const struct pa_header *headers;
	size_t header_count;
	/* set by pa_entry_copy */
	size_t request_size, response_size; /* bytes of the whole bodies */
	size_t size;                        /* bytes of memory */
	struct pa_entry *next;              /* for a queue */
};

/* A copy that owns all its bytes, in one piece of memory. NULL without memory. */
struct pa_entry *pa_entry_copy(const struct pa_entry *entry);

/* Wipes and frees a copy. */
void pa_entry_free(struct pa_entry *entry);

#endif
