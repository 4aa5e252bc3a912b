/* Counts and collects header lines and bodies. */
#include "client/receiver.h"

#include <string.h>
#include <strings.h>

enum {
	HEADERS_MAX = 256,
	HEADER_BYTES = 64 << 10,
	KEPT_BYTES = 64 << 10, /* a larger buffer is not kept for the next answer */
};

void pa_receiver_free(struct pa_receiver *receiver)
{
	pa_buffer_free(&receiver->head);
	pa_buffer_free(&receiver->body);
	pa_unpack_reset(&receiver->unpack, 0);
}

void pa_receiver_reset(struct pa_receiver *receiver, size_t bytes_max)
{
	pa_buffer_reset(&receiver->head, KEPT_BYTES);
	pa_buffer_reset(&receiver->body, KEPT_BYTES);
	receiver->head_bytes = receiver->head_lines = receiver->lengths = 0;
	receiver->bytes_max = bytes_max;
	receiver->status = 0;
	receiver->has_head = false;
	receiver->problem = PA_RECEIVER_FINE;
	receiver->is_unknown = false;
	pa_unpack_reset(&receiver->unpack, bytes_max);
}

static int refuse(struct pa_receiver *receiver, enum pa_receiver_problem problem)
{
	receiver->problem = problem;
	return -1;
}

static int keep(void *context, const char *bytes, size_t length)
{
	struct pa_receiver *receiver = context;

	if (length > receiver->bytes_max - receiver->body.length)
		return refuse(receiver, PA_RECEIVER_TOO_LARGE);
	return pa_buffer_add(&receiver->body, bytes, length) < 0 ? refuse(receiver, PA_RECEIVER_NO_MEMORY) : 0;
}

int pa_receiver_body(struct pa_receiver *receiver, const char *bytes, size_t length)
{
	if (receiver->is_unknown)
		return refuse(receiver, PA_RECEIVER_NOT_PACKED);
	switch (pa_unpack_bytes(&receiver->unpack, bytes, length, keep, receiver)) {
	case 0:
		return 0;
	case PA_UNPACK_TOO_LARGE: /* of a layer, unless `keep` has said more */
		return receiver->problem == PA_RECEIVER_FINE ? refuse(receiver, PA_RECEIVER_TOO_LARGE) : -1;
	default:
		return refuse(receiver, PA_RECEIVER_NOT_PACKED);
	}
}

/* A bare CR or another control byte inside a value is a space (RFC 9110 5.5). */
static void blank_controls(char *line, size_t length)
{
	while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		length--;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
}

/* Two Content-Length lines make the end of the answer ambiguous; curl would use one of them (RFC 9112 6.3). */
static bool is_second_length(struct pa_receiver *receiver, const char *line, size_t length)
{
	if (length < 15 || strncasecmp(line, "Content-Length:", 15) != 0)
		return false;
	receiver->lengths++;
	return receiver->lengths > 1;
}

/* The status of a line "HTTP/1.1 200 OK" or "HTTP/2 200"; curl has looked at it before. */
static int read_status(const char *line, size_t length)
{
	const char *space = memchr(line, ' ', length);
	int status = 0;

	for (const char *at = space ? space + 1 : line + length; at < line + length && *at >= '0' && *at <= '9'; at++)
		status = status * 10 % 10000 + *at - '0';
	return status;
}

static bool is_empty(const char *line, size_t length)
{
	return length == 0 || line[0] == '\n' || (length == 2 && line[0] == '\r' && line[1] == '\n');
}

/* The Content-Encoding of an answer, which may have several lines. */
static void read_encoding(struct pa_receiver *receiver, const char *line, size_t length)
{
	if (!receiver->unpacks || receiver->has_head || length < 17 || strncasecmp(line, "Content-Encoding:", 17) != 0)
		return;
	while (length > 17 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		length--;
	if (pa_unpack_add(&receiver->unpack, (struct pa_span){line + 17, length - 17}) < 0)
		receiver->is_unknown = true;
}

int pa_receiver_head(struct pa_receiver *receiver, const char *line, size_t length)
{
	receiver->head_bytes += length;
	receiver->head_lines++;
	if (receiver->head_bytes > HEADER_BYTES || receiver->head_lines > HEADERS_MAX)
		return refuse(receiver, PA_RECEIVER_HEAD_TOO_LARGE);
	if (length > 5 && memcmp(line, "HTTP/", 5) == 0) {
		receiver->head.length = 0; /* the lines before were those of an interim answer */
		receiver->lengths = 0;
		receiver->status = read_status(line, length);
		receiver->has_head = false;
		receiver->is_unknown = false;
		pa_unpack_reset(&receiver->unpack, receiver->bytes_max);
		return receiver->status == 101 ? refuse(receiver, PA_RECEIVER_SWITCHED) : 0;
	}
	receiver->has_head = receiver->has_head || (is_empty(line, length) && receiver->status >= 200);
	read_encoding(receiver, line, length);
	if (is_second_length(receiver, line, length))
		return refuse(receiver, PA_RECEIVER_MALFORMED);
	size_t begin = receiver->head.length;
	if (pa_buffer_add(&receiver->head, line, length) < 0)
		return refuse(receiver, PA_RECEIVER_NO_MEMORY);
	blank_controls(receiver->head.at + begin, length);
	return 0;
}

int pa_receiver_end(struct pa_receiver *receiver)
{
	if (!receiver->has_head)
		return refuse(receiver, PA_RECEIVER_CUT);
	return pa_unpack_is_whole(&receiver->unpack) ? 0 : refuse(receiver, PA_RECEIVER_NOT_PACKED);
}

bool pa_receiver_has_begun(const struct pa_receiver *receiver)
{
	return receiver->head_lines > 0 || receiver->body.length > 0;
}

int pa_receiver_explain(const struct pa_receiver *receiver, const char *origin, struct pa_error *error)
{
	if (receiver->problem == PA_RECEIVER_NO_MEMORY)
		return pa_error_set(error, "http", "not enough memory for the answer of %s", origin);
	if (receiver->problem == PA_RECEIVER_MALFORMED)
		return pa_error_set(error, "bad_response", "%s sent two Content-Lengths", origin);
	if (receiver->problem == PA_RECEIVER_SWITCHED)
		return pa_error_set(error, "bad_response", "%s switched to another protocol", origin);
	if (receiver->problem == PA_RECEIVER_CUT)
		return pa_error_set(error, "bad_response", "%s closed the connection within the head of its answer", origin);
	if (receiver->problem == PA_RECEIVER_NOT_PACKED)
		return pa_error_set(
			error, "bad_response", "%s packed its answer in another way than it says, or not to its end", origin);
	if (receiver->problem == PA_RECEIVER_TOO_LARGE)
		return pa_error_set(error, "too_large", "the answer is larger than %zu bytes", receiver->bytes_max);
	return pa_error_set(
		error, "too_large", "the answer has more than %d headers or %d bytes of them", HEADERS_MAX, HEADER_BYTES);
}
