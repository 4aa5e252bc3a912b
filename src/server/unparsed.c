/* civetweb fills in its request info from the front; how far it came shows what it did not understand. */
#include "server/unparsed.h"

#include <civetweb.h>

bool pa_unparsed_is_split(const struct mg_request_info *info, int status)
{
	return info->num_headers > 0 && (status == 400 || status == 411);
}

struct pa_verdict pa_unparsed_verdict(const struct mg_request_info *info, int status, bool late, bool more)
{
	if (status == 505)
		return (struct pa_verdict){505, "this server knows HTTP/1.0 and HTTP/1.1"};
	if (!info->request_method && more)
		return (struct pa_verdict){431, "the head of the request has more than 64 KiB: delete the cookies of this host "
										"in the browser, or send less"};
	if (late)
		return (struct pa_verdict){408, "the head of the request did not arrive in time"};
	if (info->num_headers < 0)
		return (struct pa_verdict){400, "a header line is malformed"};
	if (!info->request_method)
		return (struct pa_verdict){400, "the head of the request is incomplete or has a control byte"};
	/* civetweb moves http_version to after the "HTTP/", which it finds after two spaces, before it looks at the method
	 */
	if (!info->http_version || info->http_version[0] < '0' || info->http_version[0] > '9')
		return (struct pa_verdict){400, "the request line is malformed"};
	return (struct pa_verdict){501, "this server does not know that method"};
}
