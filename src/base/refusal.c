/* A token bucket before the log. */
#include "base/refusal.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/bucket.h"
#include "base/log.h"
#include "base/stats.h"
#include "base/trail.h"

enum { LINES_AT_ONCE = 100, LINES_PER_SECOND = 10 };

static struct {
	pthread_mutex_t mutex;
	struct pa_bucket lines;
	unsigned long left_out; /* since the last line */
} refusals = {.mutex = PTHREAD_MUTEX_INITIALIZER};

const char *pa_refusal_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {{400, "bad_request"}, {401, "login_needed"}, {403, "not_allowed"}, {404, "not_found"},
		{405, "method_not_allowed"}, {408, "too_slow"}, {409, "conflict"}, {413, "body_too_large"},
		{414, "target_too_long"}, {415, "unsupported_content"}, {417, "expectation_failed"}, {421, "other_host"},
		{429, "too_many_requests"}, {431, "head_too_large"}, {501, "not_implemented"}, {503, "unavailable"},
		{505, "http_version"}};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "refused";
}

static void add_field(struct pa_log_field *fields, size_t *count, const char *name, const char *text, bool verbatim)
{
	if (text)
		fields[(*count)++] = (struct pa_log_field){name, text, strlen(text), verbatim};
}

void pa_refusal_log(const struct pa_refusal *refusal, int64_t now_ms)
{
	struct pa_log_field fields[6];
	char status[16], left_out[24];
	size_t count = 0;
	/* From 500 on the client did nothing wrong: an operator who logs warnings only has to see that. */
	enum pa_log_level level = refusal->status >= 500 ? PA_LOG_WARN : PA_LOG_INFO;

	if (refusal->trail) {
		pa_trail_refuse(refusal->trail, refusal->message, refusal->reason, refusal->detail);
		return;
	}
	if (!pa_log_wants(level))
		return;
	pthread_mutex_lock(&refusals.mutex);
	bool admitted = pa_bucket_take(&refusals.lines, LINES_PER_SECOND, LINES_AT_ONCE, now_ms) <= 0;
	unsigned long before = refusals.left_out;
	refusals.left_out = admitted ? 0 : before + 1;
	pthread_mutex_unlock(&refusals.mutex);
	if (!admitted) {
		pa_stats_add(PA_STAT_REFUSALS_UNLOGGED, 1);
		return;
	}
	snprintf(status, sizeof status, "%d", refusal->status);
	snprintf(left_out, sizeof left_out, "%lu", before);
	add_field(fields, &count, "status", status, true);
	add_field(fields, &count, "reason", refusal->reason, false);
	add_field(fields, &count, "detail", refusal->detail, false);
	add_field(fields, &count, "peer", refusal->peer, false);
	add_field(fields, &count, "client", refusal->client, false);
	add_field(fields, &count, "left_out", before > 0 ? left_out : NULL, true);
	pa_log_fields(
		level, refusal->server, refusal->request_id, refusal->message, strlen(refusal->message), fields, count);
}

void pa_refusal_end(void)
{
	char text[24];

	pthread_mutex_lock(&refusals.mutex);
	unsigned long count = refusals.left_out;
	refusals.left_out = 0;
	pthread_mutex_unlock(&refusals.mutex);
	if (count == 0)
		return;
	int length = snprintf(text, sizeof text, "%lu", count);
	const struct pa_log_field field = {"left_out", text, (size_t)length, true};
	static const char message[] = "the last refused requests were too many to log";
	pa_log_fields(PA_LOG_INFO, NULL, NULL, message, sizeof message - 1, &field, 1);
}
