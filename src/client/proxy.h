/*
 * Which proxy a call out goes through (SS-09, TO-11): OUTBOUND_PROXY or the usual variables, and the hosts that are
 * called without one. Filled before threads start, then any thread may read. Never raises.
 */
#ifndef PA_PROXY_H
#define PA_PROXY_H

#include "base/error.h"

/* URLs and lists in the forms of lua/cli/settings/proxy.lua; NULL or "" is none. */
struct pa_proxy_options {
	const char *https, *http; /* the proxies of calls to https and to http */
	const char *exceptions;   /* hosts, domains, addresses and networks, separated by commas; "*" is any */
};

/* Zero is: no proxy. */
struct pa_proxy {
	char *https, *http, *exceptions;
};

/* Copies the options. Passwords in the URLs are masked in all texts of the process from now on. 0, or -1 with code
 * "http" (memory). The caller frees in both cases. */
int pa_proxy_read(struct pa_proxy *proxy, const struct pa_proxy_options *options, struct pa_error *error);
void pa_proxy_free(struct pa_proxy *proxy);

/* The URL of the proxy for an origin as pa_url_origin writes it; NULL: without one. Loopback never has one. */
const char *pa_proxy_of(const struct pa_proxy *proxy, const char *origin);

#endif
