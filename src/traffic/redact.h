/*
 * Replaces the secrets of an exchange by ***, and keeps all else byte for byte: credential headers, cookies (their
 * names stay), OAuth parameters and members, and every secret that the log masks (base/mask), each also
 * percent-encoded, in JSON and HTML escapes, and what of them comes again elsewhere in the same exchange. Bodies that
 * are packed are not kept: what is inside of them cannot be found. Used by one thread at a time. Never raises.
 */
#ifndef PA_REDACT_H
#define PA_REDACT_H

#include "base/buffer.h"
#include "traffic/archive.h"

/* Its memory, used again for each exchange. Zero is a valid empty one. */
struct pa_redact {
	struct pa_buffer texts[PA_ENTRY_TEXTS];
	char flow[33];
};

/* Makes the row of an entry; its texts are valid until the next call. 0, or -1 without memory. */
int pa_redact_entry(struct pa_redact *redact, const struct pa_entry *entry, struct pa_archive_row *row);

/* Frees the memory inside. */
void pa_redact_free(struct pa_redact *redact);

#endif
