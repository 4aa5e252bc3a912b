/* Opens and closes what a server's scripts stand on. */
#include "services.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bell.h"
#include "native/crypto.h"
#include "native/db.h"
#include "native/http.h"
#include "native/key_proof.h"
#include "native/limit.h"
#include "native/memory.h"

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
		!(services->bell = pa_bell_open()) || !(services->memory = pa_memory_open()) ||
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
	pa_memory_close(services->memory);
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

const char *pa_services_setting(const struct pa_services *services, const char *name)
{
	for (size_t i = 0; i < services->setting_count; i++)
		if (strcmp(services->settings[i].name, name) == 0)
			return services->settings[i].value;
	return NULL;
}

int64_t pa_services_now(const struct pa_services *services)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + atomic_load(&services->clock_ms);
}
