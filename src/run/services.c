/* Opens in the order in which one needs the other, closes in the reverse one. */
#include "run/services.h"

#include <stdlib.h>
#include <string.h>

#include "base/bell.h"
#include "client/http.h"
#include "native/limit.h"
#include "native/shared.h"
#include "store/db.h"
#include "store/key_proof.h"
#include "store/keyring.h"

static int copy_settings(struct pa_services *services, const struct pa_services_options *options)
{
	services->settings = calloc(options->setting_count + 1, sizeof *services->settings);
	if (!services->settings)
		return -1;
	for (size_t i = 0; i < options->setting_count; i++) {
		services->settings[i].name = strdup(options->settings[i].name);
		services->settings[i].value = strdup(options->settings[i].value);
		services->setting_count++;
		if (!services->settings[i].name || !services->settings[i].value)
			return -1;
	}
	return 0;
}

struct pa_services *pa_services_open(const struct pa_services_options *options, struct pa_error *error)
{
	struct pa_services *services = calloc(1, sizeof *services);

	if (!services || !(services->name = strdup(options->name)) || copy_settings(services, options) < 0 ||
		!(services->bell = pa_bell_open()) || !(services->shared = pa_shared_open()) ||
		!(services->limit = pa_limit_open())) {
		pa_error_set(error, "memory", "not enough memory");
		goto failed;
	}
	services->keys = pa_keyring_open(options->secret_key ? options->secret_key : "", error);
	if (!services->keys ||
		(options->secret_key_file && pa_keyring_follow(services->keys, options->secret_key_file, error) < 0))
		goto failed;
	services->db = pa_db_open(options->database, error);
	if (!services->db || pa_key_proof_check(services->db, services->keys, error) < 0)
		goto failed;
	services->http = pa_http_open(options->http_allow ? options->http_allow : "", options->calls_max, error);
	if (!services->http)
		goto failed;
	return services;

failed:
	pa_services_close(services);
	return NULL;
}

void pa_services_close(struct pa_services *services)
{
	if (!services)
		return;
	pa_bell_close(services->bell);
	pa_shared_close(services->shared);
	pa_limit_close(services->limit);
	if (services->http)
		pa_http_close(services->http);
	if (services->db)
		pa_db_close(services->db);
	if (services->keys)
		pa_keyring_close(services->keys);
	for (size_t i = 0; i < services->setting_count; i++) {
		free(services->settings[i].name);
		if (services->settings[i].value)
			explicit_bzero(services->settings[i].value, strlen(services->settings[i].value));
		free(services->settings[i].value);
	}
	free(services->settings);
	free(services->name);
	free(services);
}
