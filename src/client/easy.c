/* What libcurl does by default and must not do here, its limits, and its results. */
#include "client/easy.h"

enum {
	CONNECTION_SECONDS = 30, /* a connection that was idle for longer is not used again: the peer may be closing it */
	LOW_SPEED_BYTES = 10,    /* an answer with fewer bytes a second, */
	LOW_SPEED_SECONDS = 30,  /* for so many seconds, is a timeout */
};

static void set_options(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a deadline does not wait for a name server */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* NULL: curl reads the environment (SS-09) */
	curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_SECONDS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_SECONDS);
	curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L); /* client/unpack does it */
}

/* The certificates are those of one file. With a folder of them, as Debian's libcurl has by default, curl would not
 * keep what it has read, and would read all of them again for each connection. */
static bool set_authorities(CURL *easy, const char *file)
{
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	return !file || (curl_easy_setopt(easy, CURLOPT_CAINFO, file) == CURLE_OK &&
						curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file) == CURLE_OK);
}

CURL *pa_easy_new(const char *ca_file, CURLSH *share)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	set_options(easy);
	if (curl_easy_setopt(easy, CURLOPT_SHARE, share) == CURLE_OK && set_authorities(easy, ca_file))
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

bool pa_easy_has_all(CURL *easy)
{
	curl_off_t announced = -1, came = 0;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &came);
	return status == 204 || status == 304 || (announced >= 0 && came == announced);
}

const char *pa_easy_code(CURLcode result)
{
	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		return "timeout";
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "dns";
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
		return "connect";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		return "tls";
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return "bad_response";
	case CURLE_URL_MALFORMAT:
		return "usage";
	default:
		return "http";
	}
}
