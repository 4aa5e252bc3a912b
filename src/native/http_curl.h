/*
 * What http_lane.c, http_transfer.c and http_url.c share, and the one place that includes curl: no other file includes
 * this header. Nothing behind it knows Lua or raises.
 */
#ifndef PA_HTTP_CURL_H
#define PA_HTTP_CURL_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "http_lane.h"

enum {
	PA_OUT_HEADERS_MAX = 64,
	PA_IN_HEADERS_MAX = 256,
	PA_IN_HEADER_BYTES = 64 << 10,
};

/* One request on its way; an easy handle and its buffers are used again and again. */
struct pa_transfer {
	struct pa_lane *lane;
	CURL *easy;
	struct pa_buffer lines; /* headers to send, each ended by NUL */
	struct curl_slist list[PA_OUT_HEADERS_MAX + 2];
	size_t line_count;
	struct pa_buffer head, body; /* what came */
	size_t head_bytes, head_lines, lengths;
	size_t bytes_max;
	int64_t deadline_ms;
	int redirects;
	bool prepared, running;
	bool has_content_type, has_authorization;
	bool once;    /* not idempotent: may be sent once only (SS-11) */
	bool sent;    /* a connection was there to send it on */
	bool allowed; /* private addresses too */
	bool denied, too_large, head_too_large, repeated, malformed;
	CURLcode result;
	char origin[PA_ORIGIN_SIZE];
	char *url; /* of the last redirect; NULL before the first one */
	const char *first_url;
	char message[CURL_ERROR_SIZE];
};

struct pa_lane {
	struct pa_http *http;
	CURLM *multi;
	size_t count;
	struct pa_transfer *transfers[PA_LANE_TRANSFERS];
	int64_t idle_since_ms;
	struct pa_lane *newer, *older;
};

struct lanes {
	struct pa_lane *newest, *oldest;
	size_t count;
};

struct pa_http {
	pthread_mutex_t mutex;
	struct lanes idle, leased;
	size_t making;          /* lanes that are to be leased once they are made */
	unsigned calls_max;     /* lanes that may be leased or in the making; 0: any number */
	struct pa_buffer allow; /* origins, each ended by NUL */
	bool allow_all;
	atomic_bool cancelled;
};

/* Milliseconds of a clock that nobody sets. */
int64_t pa_http_clock(void);

/* Whether transfers may reach the origin although its address is private. */
bool pa_http_allows(const struct pa_http *http, const char *origin);

/* NULL without memory. */
struct pa_transfer *pa_transfer_new(struct pa_lane *lane);
void pa_transfer_free(struct pa_transfer *transfer);

/* Ready for the next request; nothing of the last one stays. */
void pa_transfer_reset(struct pa_transfer *transfer);

/* After a transfer ended: prepares the next hop of a redirect. True when there is one to go. */
bool pa_transfer_follow(struct pa_transfer *transfer);

#endif
