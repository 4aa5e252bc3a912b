/* What an answer may hold, and its bytes as they come: limits of its head and body (SS-06). A transfer owns it; used by
 * one thread at a time. Never raises. */
#ifndef PA_RECEIVER_H
#define PA_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "client/unpack.h"

enum pa_receiver_problem {
	PA_RECEIVER_FINE,
	PA_RECEIVER_TOO_LARGE,      /* the body */
	PA_RECEIVER_HEAD_TOO_LARGE, /* the headers */
	PA_RECEIVER_MALFORMED,      /* two Content-Lengths */
	PA_RECEIVER_SWITCHED,       /* to another protocol: no request asks for it */
	PA_RECEIVER_CUT,            /* the connection ended within the head */
	PA_RECEIVER_NOT_PACKED,     /* as it says, or not to its end */
	PA_RECEIVER_NO_MEMORY,
};

/* Zero is an empty one, which takes no body. */
struct pa_receiver {
	struct pa_buffer head, body;   /* the lines of the last block, without its status line; decoded bytes */
	size_t head_bytes, head_lines; /* of all blocks: interim answers too */
	size_t lengths;                /* Content-Length lines of the last block */
	int status;                    /* of the last block; 0 before the first one */
	bool has_head;                 /* of the answer, down to its empty line */
	bool unpacks;                  /* set by the owner: gzip and deflate were asked for */
	struct pa_unpack unpack;
	bool is_unknown;  /* its Content-Encoding: there must be no body then */
	size_t bytes_max; /* of the body */
	enum pa_receiver_problem problem;
};

void pa_receiver_free(struct pa_receiver *receiver);

/* Empties it for the next answer. A large buffer is not kept. */
void pa_receiver_reset(struct pa_receiver *receiver, size_t bytes_max);

/* Takes one header line, which may be a status line, or bytes of the body. Control bytes in a value become spaces. 0,
 * or -1: no more of the answer is wanted, because of `problem`. */
int pa_receiver_head(struct pa_receiver *receiver, const char *line, size_t length);
int pa_receiver_body(struct pa_receiver *receiver, const char *bytes, size_t length);

/* The answer has ended. 0, or -1: it is not whole, which is its `problem`. */
int pa_receiver_end(struct pa_receiver *receiver);

/* Whether any byte of an answer has come. */
bool pa_receiver_has_begun(const struct pa_receiver *receiver);

/* Describes a problem of the answer of that origin. -1, with code "too_large", "bad_response" or "http" (memory). */
int pa_receiver_explain(const struct pa_receiver *receiver, const char *origin, struct pa_error *error);

#endif
