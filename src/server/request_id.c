/* Ids of 16 hex digits: a random prefix and a counter. */
#include "server/request_id.h"

#include <string.h>
#include <sys/random.h>

#include "server/gate.h"

static void write_hex(char *text, uint32_t number)
{
	for (int i = 0; i < 8; i++)
		text[i] = "0123456789abcdef"[number >> (28 - 4 * i) & 15];
}

void pa_request_ids_begin(struct pa_request_ids *ids)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof random, 0) < 0)
		random = 0;
	write_hex(ids->prefix, random);
}

void pa_request_id_set(struct pa_request_ids *ids, struct pa_request *request)
{
	struct pa_span given = pa_request_header(request, "x-request-id");

	if (given.at && pa_gate_request_id(given)) {
		memcpy(request->id, given.at, given.length);
		request->id[given.length] = '\0';
		return;
	}
	memcpy(request->id, ids->prefix, 8);
	write_hex(request->id + 8, (uint32_t)atomic_fetch_add_explicit(&ids->next, 1, memory_order_relaxed));
	request->id[16] = '\0';
}
