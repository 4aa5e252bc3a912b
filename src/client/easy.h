/* An easy handle of libcurl with the options that hold for all calls, and what its results are called. Any thread;
 * never raises. */
#ifndef PA_EASY_H
#define PA_EASY_H

#include <curl/curl.h>
#include <stdbool.h>

/* `ca_file`: certificates to trust; NULL: those of the system. `share`: a CURLSH. NULL without memory. The caller frees
 * it with curl_easy_cleanup. */
CURL *pa_easy_new(const char *ca_file, CURLSH *share);

/* The code of lua/types/native/http.lua for the result of a transfer that failed. Static. */
const char *pa_easy_code(CURLcode result);

/* Whether all of the body has come that the answer's head announced, for a result that does not tell. False when the
 * head has no length. */
bool pa_easy_has_all(CURL *easy);

#endif
