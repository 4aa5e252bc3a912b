/* Opens each service of a server, and closes them. */
#include "run/services.h"

#include <stdlib.h>
#include <string.h>

#include "base/bell.h"
#include "native/limit.h"
#include "native/shared.h"
#include "store/db.h"
#include "store/keyring.h"

struct pa_services *pa_services_open(const struct pa_services_options *options, struct pa_error *error)
{
	struct pa_services *services = calloc(1, sizeof *services);

	if (services) {
		services->name = options->name;
		services->settings = options->settings;
		services->setting_count = options->setting_count;
		services->request_ms = options->request_ms;
	}
	if (!services || !(services->bell = pa_bell_open()) || !(services->shared = pa_shared_open()) ||
		!(services->limit = pa_limit_open())) {
		pa_error_set(error, "memory", "not enough memory");
		goto failed;
	}
	services->keys = pa_keyring_open(options->secret_key ? options->secret_key : "", error);
	if (!services->keys ||
		(options->secret_key_file && pa_keyring_follow(services->keys, options->secret_key_file, error) < 0))
		goto failed;
	services->db = pa_db_open(options->database, error);
	if (!services->db)
		goto failed;
	services->http = pa_http_open(&options->http, error);
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
	pa_http_close(services->http);
	pa_db_close(services->db);
	pa_keyring_close(services->keys);
	free(services);
}
