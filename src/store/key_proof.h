/* Whether the keys are those that a database was written with (ST-04). */
#ifndef PA_KEY_PROOF_H
#define PA_KEY_PROOF_H

#include "store/db.h"
#include "store/keyring.h"

/*
 * A new database gets a sealed proof; an old one must have a proof that one of the keys opens, and is not touched when
 * it has not. 0, or -1 with code "key" or "database".
 */
int pa_key_proof_check(struct pa_db *db, struct pa_keyring *keyring, struct pa_error *error);

#endif
