/* Reads with mg_read, which a deadline ends. */
#include "server/body.h"

#include <civetweb.h>
#include <sys/socket.h>

#include "server/socket.h"

enum { READ_STEP = 16 << 10 };

static const struct pa_verdict too_large = {413, "the body is too large"};

/* Reads the body up to `end` bytes, or to its own end: *ended is true then. mg_read blocks until all the bytes it wants
 * are there: only the deadline ends it before. */
static struct pa_verdict read_part(struct mg_connection *connection, const struct pa_body_framing *framing,
	size_t bytes_max, size_t end, struct pa_buffer *body, bool *ended)
{
	static const struct pa_verdict broken = {400, "the body is malformed or incomplete"};

	*ended = true;
	for (;;) {
		char step[READ_STEP];
		size_t wanted = sizeof step, room = bytes_max - body->length + 1; /* one more byte than allowed shows enough */
		if (framing->kind == PA_BODY_LENGTH && framing->length - body->length < wanted)
			wanted = framing->length - body->length;
		if (wanted > room)
			wanted = room;
		if (wanted == 0)
			return (struct pa_verdict){0, NULL};
		if (body->length >= end) {
			*ended = false;
			return (struct pa_verdict){0, NULL};
		}
		int got = mg_read(connection, step, wanted);
		if (got < 0)
			return broken;
		if (got == 0)
			return framing->kind == PA_BODY_CHUNKED ? (struct pa_verdict){0, NULL} : broken;
		if (body->length + (size_t)got > bytes_max)
			return too_large;
		if (pa_buffer_add(body, step, (size_t)got) < 0)
			return (struct pa_verdict){503, "not enough memory for the body"};
	}
}

struct pa_verdict pa_body_read(struct mg_connection *connection, const struct pa_body_framing *framing,
	const struct pa_body_limits *limits, struct pa_buffer *body)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct mg_request_info *info = mg_get_request_info(connection);
	struct pa_verdict verdict = {0, NULL};
	struct pa_deadline deadline;
	bool ended = false;

	body->length = 0;
	if (framing->kind == PA_BODY_NONE)
		return verdict;
	if (framing->kind == PA_BODY_LENGTH && framing->length > limits->bytes_max)
		return too_large;
	int fd = pa_socket_find(info->remote_addr, (unsigned)info->remote_port, (unsigned)info->server_port);
	if (fd < 0) /* the client closed; a read without a deadline could block for ever */
		return (struct pa_verdict){400, "the connection was closed before the body came"};
	if (framing->expects_continue)
		mg_write(connection, go_on, sizeof go_on - 1);
	/* A large body gets more time only as it arrives: a client that sends nothing holds the worker no longer. */
	while (verdict.status == 0 && !ended) {
		pa_deadline_begin(limits->deadlines, &deadline, fd, SHUT_RD, limits->ms);
		verdict = read_part(connection, framing, limits->bytes_max, body->length + PA_BODY_PART, body, &ended);
		if (pa_deadline_end(limits->deadlines, &deadline))
			return (struct pa_verdict){408, "the body did not arrive in time"};
	}
	return verdict;
}
