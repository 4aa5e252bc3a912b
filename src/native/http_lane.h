/*
 * What http.c builds on, without a word of curl: URLs, and lanes in which the requests of one call run. Nothing here
 * raises. A lane is used by one thread at a time: who leased it has it alone.
 */
#ifndef PA_HTTP_LANE_H
#define PA_HTTP_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../message.h"
#include "http.h"

enum {
	PA_LANE_TRANSFERS = 16, /* at once */
	PA_URL_MAX = 8191,      /* bytes */
	PA_ORIGIN_SIZE = 288,
};

/* The parts of a URL, each NUL-terminated and NULL when absent; freed with pa_url_free. */
struct pa_url {
	char *scheme, *host, *path, *query, *fragment;
	unsigned port;
	char origin[PA_ORIGIN_SIZE]; /* lower case, without a default port */
};

/* Takes a URL apart, strictly. NULL when fine, else why not; free it either way. */
const char *pa_url_read(const char *text, size_t length, struct pa_url *url);
void pa_url_free(struct pa_url *url);

/* Seconds since 1970 of a date of HTTP (RFC 9110 5.6.7); -1 when it is none. */
int64_t pa_url_date(const char *text);

/* Its origin only, into PA_ORIGIN_SIZE bytes. NULL when fine, else why not. */
const char *pa_url_origin(const char *text, size_t length, char *origin);

/* What a transfer asks for. Texts and body are borrowed until the lane is returned. */
struct pa_transfer_options {
	struct pa_span url, method, body; /* body absent: none is sent */
	long timeout_ms, connect_ms;
	size_t bytes_max; /* of the decoded body */
	int redirects;    /* to follow, of GET and HEAD only */
	bool compressed;
};

struct pa_lane;

/* A lane with `count` transfers, most likely with warm connections. NULL with code "busy" or "http" (memory). */
struct pa_lane *pa_lane_lease(struct pa_http *http, size_t count, struct pa_error *error);
void pa_lane_return(struct pa_lane *lane);

/* Adds a header to what transfer `index` is going to send. Those that frame a message or name the host are curl's:
 * refused. 0, or -1 with code "usage" or "http". */
int pa_lane_header(
	struct pa_lane *lane, size_t index, struct pa_span name, struct pa_span value, struct pa_error *error);

/* Makes a transfer ready, after its headers. 0, or -1 with code "usage" or "http"; it is then no part of the run. */
int pa_lane_prepare(
	struct pa_lane *lane, size_t index, const struct pa_transfer_options *options, struct pa_error *error);

/* Runs what was prepared until all of it has ended. */
void pa_lane_run(struct pa_lane *lane);

/* Of a transfer that ended well; belongs to the lane. */
struct pa_answer {
	long status;
	struct pa_span head; /* header lines of the last block, without its status line; control bytes made spaces */
	struct pa_span body;
	const char *url; /* the last one */
};

/* 0, or -1 with a code of native.http. Once for each prepared transfer, after the run. */
int pa_lane_answer(struct pa_lane *lane, size_t index, struct pa_answer *answer, struct pa_error *error);

#endif
