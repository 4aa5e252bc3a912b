/* A curl easy handle that goes from hop to hop. */
#include "client/transfer.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stats.h"
#include "client/easy.h"
#include "client/hop.h"
#include "client/method.h"
#include "client/receiver.h"

struct pa_transfer {
	const struct pa_transfer_rules *rules;
	CURL *easy;
	struct pa_header_lines *lines; /* to send */
	struct pa_receiver receiver;   /* of the answer */
	long timeout_ms;               /* for all of it */
	int64_t deadline_ms;           /* of pa_clock_ms */
	int redirects;                 /* that may still be followed */
	bool prepared;
	bool answered; /* by a redirect */
	struct pa_hop hop;
	CURLcode result;
	char *url; /* of the last redirect; NULL before the first one */
	struct pa_transfer_request asked;
	char message[CURL_ERROR_SIZE];
};

/* Callbacks of curl */

static size_t on_body(char *bytes, size_t one, size_t length, void *context)
{
	struct pa_transfer *transfer = context;

	(void)one;
	return pa_receiver_body(&transfer->receiver, bytes, length) < 0 ? CURL_WRITEFUNC_ERROR : length;
}

static size_t on_header(char *bytes, size_t one, size_t length, void *context)
{
	struct pa_transfer *transfer = context;

	(void)one;
	if (length > 7 && memcmp(bytes, "HTTP/1.", 7) == 0)
		pa_hop_answered(&transfer->hop);
	return pa_receiver_head(&transfer->receiver, bytes, length) < 0 ? CURL_WRITEFUNC_ERROR : length;
}

/* Making and emptying */

static CURL *new_easy(struct pa_transfer *transfer)
{
	const struct pa_transfer_rules *rules = transfer->rules;
	CURL *easy = pa_easy_new(rules->ca_file, rules->sessions);

	if (!easy)
		return NULL;
	pa_hop_init(&transfer->hop, easy, &rules->allow, &rules->proxy, rules->connections);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
	return easy;
}

void pa_transfer_free(struct pa_transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	pa_header_lines_free(transfer->lines);
	pa_receiver_free(&transfer->receiver);
	pa_hop_free(&transfer->hop);
	free(transfer->url);
	free(transfer);
}

struct pa_transfer *pa_transfer_new(const struct pa_transfer_rules *rules)
{
	struct pa_transfer *transfer = calloc(1, sizeof *transfer);

	if (!transfer)
		return NULL;
	transfer->rules = rules;
	transfer->easy = new_easy(transfer);
	transfer->lines = pa_header_lines_new();
	if (!transfer->easy || !transfer->lines) {
		pa_transfer_free(transfer);
		return NULL;
	}
	return transfer;
}

void pa_transfer_reset(struct pa_transfer *transfer)
{
	pa_header_lines_reset(transfer->lines);
	pa_receiver_reset(&transfer->receiver, 0);
	free(transfer->url);
	transfer->url = NULL;
	transfer->prepared = transfer->answered = false;
	pa_hop_reset(&transfer->hop);
	transfer->message[0] = '\0';
}

/* Setting up */

static int add_headers(struct pa_header_lines *lines, const struct pa_transfer_options *options, struct pa_error *error)
{
	for (size_t i = 0; i < options->header_count; i++)
		if (pa_header_lines_add(lines, options->headers[i][0], options->headers[i][1], error) < 0)
			return -1;
	if (options->user.at && pa_header_lines_add_basic(lines, options->user, options->password, error) < 0)
		return -1;
	return options->bearer.at ? pa_header_lines_add_bearer(lines, options->bearer, error) : 0;
}

int pa_transfer_prepare(struct pa_transfer *transfer, const struct pa_transfer_options *options, struct pa_error *error)
{
	CURL *easy = transfer->easy;

	if (add_headers(transfer->lines, options, error) < 0)
		return -1;
	if (pa_hop_set_url(&transfer->hop, options->url.at, options->url.length, error) < 0 ||
		pa_method_set(easy, options->method, options->body, error) < 0)
		return -1;
	bool follows = pa_method_follows(options->method) && !options->body.at; /* curl would send the body again */
	transfer->redirects = follows ? options->redirects : 0;
	transfer->hop.once = !pa_method_is_idempotent(options->method);
	transfer->asked = (struct pa_transfer_request){
		options->url, options->method, options->body, pa_header_lines_bytes(transfer->lines), pa_clock_ms()};
	pa_receiver_reset(&transfer->receiver, options->bytes_max);
	transfer->receiver.unpacks = options->compressed;
	transfer->timeout_ms = options->timeout_ms;
	transfer->deadline_ms = transfer->asked.begun_ms + options->timeout_ms;
	transfer->result = CURLE_ABORTED_BY_CALLBACK; /* until pa_transfer_end */
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, pa_header_lines_list(transfer->lines, options->body));
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, options->compressed ? "gzip, deflate" : NULL);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, options->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, options->connect_ms);
	transfer->prepared = true;
	return 0;
}

bool pa_transfer_is_prepared(const struct pa_transfer *transfer)
{
	return transfer->prepared;
}

int64_t pa_transfer_deadline(const struct pa_transfer *transfer)
{
	return transfer->deadline_ms;
}

void *pa_transfer_easy(const struct pa_transfer *transfer)
{
	return transfer->easy;
}

/* Hops */

/* Gives the next hop what is left of the time. False when nothing is. */
static bool set_time_left(struct pa_transfer *transfer)
{
	long left = (long)(transfer->deadline_ms - pa_clock_ms());

	if (left <= 0)
		transfer->result = CURLE_OPERATION_TIMEDOUT;
	else
		curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, left);
	return left > 0;
}

/* The addresses of the host were judged: none is private, or this machine does not know the name, and the proxy may.
 * What the proxy makes of it is the proxy's duty. */
static bool go_through_proxy(struct pa_transfer *transfer)
{
	bool is_judged = transfer->result == CURLE_COULDNT_CONNECT || transfer->result == CURLE_COULDNT_RESOLVE_HOST;

	if (transfer->hop.stopped != PA_HOP_NOT_STOPPED || !is_judged || !set_time_left(transfer))
		return false;
	if (pa_hop_use_proxy(&transfer->hop) < 0) {
		transfer->result = CURLE_OUT_OF_MEMORY;
		return false;
	}
	transfer->message[0] = '\0';
	return true;
}

/* Whether a kept connection ended without an answer. curl itself sends again only what a plain end of it took. */
static bool is_unanswered(const struct pa_transfer *transfer)
{
	CURLcode result = transfer->result;
	bool has_ended = result == CURLE_HTTP2 || result == CURLE_HTTP2_STREAM || result == CURLE_RECV_ERROR ||
					 result == CURLE_SEND_ERROR || result == CURLE_GOT_NOTHING || result == CURLE_PARTIAL_FILE;

	return has_ended && transfer->hop.is_kept && !transfer->hop.once && !pa_receiver_has_begun(&transfer->receiver);
}

/* Whether nothing was sent, because of what had come on the kept connection: over HTTP/2 the word that the peer takes
 * no more requests on it. */
static bool was_left_alone(const struct pa_transfer *transfer)
{
	long bytes = 1;

	if (transfer->hop.stopped == PA_HOP_STALE)
		return true;
	return transfer->result == CURLE_HTTP2 && transfer->hop.is_kept && !pa_receiver_has_begun(&transfer->receiver) &&
		   curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes == 0;
}

/* Over a new connection: once, of what was not sent or may be sent twice. */
static bool try_fresh(struct pa_transfer *transfer)
{
	bool was_sent = !was_left_alone(transfer);

	if (transfer->hop.is_fresh || (was_sent && !is_unanswered(transfer)) || !set_time_left(transfer))
		return false;
	pa_hop_use_fresh(&transfer->hop, was_sent);
	transfer->message[0] = '\0';
	return true;
}

static bool follow_redirect(struct pa_transfer *transfer)
{
	char *target = NULL, before[PA_URL_ORIGIN_SIZE];
	struct pa_error ignored;

	if (transfer->result != CURLE_OK || transfer->redirects == 0 ||
		curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &target) != CURLE_OK || !target)
		return false;
	if (!set_time_left(transfer))
		return false;
	memcpy(before, transfer->hop.origin, sizeof before);
	char *copy = strdup(target); /* curl frees its own when the next hop begins */
	if (!copy || pa_hop_set_url(&transfer->hop, copy, strlen(copy), &ignored) < 0) {
		free(copy);
		return false;
	}
	if (strcmp(before, transfer->hop.origin) != 0) { /* another origin gets none of the request's headers (SS-04) */
		pa_header_lines_reset(transfer->lines);
		curl_easy_setopt(
			transfer->easy, CURLOPT_HTTPHEADER, pa_header_lines_list(transfer->lines, (struct pa_span){0}));
	}
	free(transfer->url);
	transfer->url = copy;
	transfer->redirects--;
	pa_hop_reset(&transfer->hop);
	transfer->answered = true;
	pa_receiver_reset(&transfer->receiver, transfer->receiver.bytes_max);
	return true;
}

/* What curl calls an answer and is none, and the other way round. */
static CURLcode judge(struct pa_transfer *transfer, CURLcode result)
{
	/* HTTP/2: the stream ended before all of the request was sent. curl may have dropped the end of the answer. */
	if (result == CURLE_HTTP2_STREAM && transfer->receiver.has_head && pa_easy_has_all(transfer->easy))
		result = CURLE_OK;
	if (result != CURLE_OK)
		return result;
	if (pa_receiver_end(&transfer->receiver) < 0)
		return CURLE_WEIRD_SERVER_REPLY;
	/* A 407 to a CONNECT is an error of curl's; one that came through the tunnel is the origin's. */
	if (transfer->hop.way == PA_HOP_PROXIED && transfer->receiver.status == 407 &&
		strncmp(transfer->hop.origin, "http:", 5) == 0) {
		transfer->hop.stopped = PA_HOP_UNPROXIED;
		return CURLE_PROXY;
	}
	return CURLE_OK;
}

bool pa_transfer_end(struct pa_transfer *transfer, int result)
{
	bool has_next;

	if (transfer->hop.way == PA_HOP_JUDGING) {
		transfer->result = (CURLcode)result;
		has_next = go_through_proxy(transfer);
	} else {
		transfer->result = judge(transfer, (CURLcode)result);
		has_next = try_fresh(transfer) || follow_redirect(transfer);
	}
	if (has_next)
		transfer->result = CURLE_ABORTED_BY_CALLBACK; /* until the next end */
	return has_next;
}

/* Answers and errors */

static int explain(const struct pa_transfer *transfer, struct pa_error *error)
{
	if (atomic_load(&transfer->rules->cancelled))
		return pa_error_set(error, "cancelled", "the server is stopping");
	if (transfer->receiver.problem != PA_RECEIVER_FINE)
		return pa_receiver_explain(&transfer->receiver, transfer->hop.origin, error);
	switch (transfer->hop.stopped) {
	case PA_HOP_REPEATED:
		return pa_error_set(error, "bad_response",
			transfer->hop.is_kept ? "%s closed the connection before it answered, or refused the request's stream"
								  : "%s refused the request's stream",
			transfer->hop.origin);
	case PA_HOP_DENIED: /* of one address; curl may have connected to another one of the same name */
		if (transfer->result != CURLE_COULDNT_CONNECT && transfer->result != CURLE_ABORTED_BY_CALLBACK)
			break;
		return pa_error_set(error, "denied",
			"%s is at a private address: add it to HTTP_ALLOW if calls to it are right", transfer->hop.origin);
	case PA_HOP_UNPROXIED:
		return pa_error_set(error, "connect",
			"the proxy made no connection to %s: it answered with status 407, "
			"for it wants another user name or password",
			transfer->hop.origin);
	case PA_HOP_STALE: /* not on a new connection */
	case PA_HOP_NOT_STOPPED:
		break;
	}
	if (transfer->result == CURLE_OPERATION_TIMEDOUT && !transfer->message[0]) /* the driver ended it, or a hop */
		return pa_error_set(error, "timeout", "Operation timed out after %ld milliseconds", transfer->timeout_ms);
	if (transfer->hop.way == PA_HOP_PROXIED && !transfer->hop.sent && transfer->result == CURLE_RECV_ERROR)
		return pa_error_set(error, "connect", "the proxy made no connection to %s: %.300s", transfer->hop.origin,
			transfer->message[0] ? transfer->message : curl_easy_strerror(transfer->result));
	if (transfer->result == CURLE_ABORTED_BY_CALLBACK &&
		!transfer->message[0]) /* the driver did not run it to its end */
		return pa_error_set(error, "http", "the call was given up: there was no thread or not enough memory for it");
	if (transfer->result == CURLE_OUT_OF_MEMORY) /* curl's code for a header line that is too long, too */
		return pa_error_set(error, "too_large", "a header of the answer is too long, or memory ran out");
	return pa_error_set(error, pa_easy_code(transfer->result), "%.300s",
		transfer->message[0] ? transfer->message : curl_easy_strerror(transfer->result));
}

int pa_transfer_answer(struct pa_transfer *transfer, struct pa_answer *answer, struct pa_error *error)
{
	pa_stats_add(PA_STAT_UPSTREAM_CALLS, 1);
	if (transfer->result != CURLE_OK) {
		pa_stats_add(PA_STAT_UPSTREAM_FAILED, 1);
		return explain(transfer, error);
	}
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer->status);
	answer->head = (struct pa_span){transfer->receiver.head.at, transfer->receiver.head.length};
	answer->body = (struct pa_span){transfer->receiver.body.at, transfer->receiver.body.length};
	answer->url = transfer->url ? transfer->url : transfer->asked.url.at;
	return 0;
}

struct pa_transfer_request pa_transfer_asked(const struct pa_transfer *transfer)
{
	return transfer->asked;
}

enum pa_transfer_sent pa_transfer_was_sent(const struct pa_transfer *transfer)
{
	if (transfer->answered || (pa_receiver_has_begun(&transfer->receiver) && transfer->hop.stopped != PA_HOP_UNPROXIED))
		return PA_TRANSFER_SENT;
	if (!transfer->hop.sent || (transfer->hop.stopped == PA_HOP_REPEATED && !transfer->hop.is_kept))
		return PA_TRANSFER_NOT_SENT;
	return PA_TRANSFER_MAYBE_SENT;
}
