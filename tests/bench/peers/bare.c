/* civetweb alone answering the bytes of /hello from C: what the chosen server can give at most. */
#include <civetweb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *date_now(void)
{
	static _Thread_local time_t second;
	static _Thread_local char text[40];
	time_t now = time(NULL);

	if (now != second) {
		struct tm calendar;
		gmtime_r(&now, &calendar);
		strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &calendar);
		second = now;
	}
	return text;
}

static int hello(struct mg_connection *connection)
{
	char answer[256];
	int length = snprintf(answer, sizeof answer,
		"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n"
		"Connection: keep-alive\r\n\r\nHello, world\n",
		date_now());

	mg_write(connection, answer, (size_t)length);
	return 200;
}

/* bare PORT WORKERS: until SIGTERM. */
int main(int argc, char **argv)
{
	const char *options[] = {"listening_ports", argc > 1 ? argv[1] : "8081", "num_threads", argc > 2 ? argv[2] : "512",
		"enable_keep_alive", "yes", "keep_alive_timeout_ms", "5000", "request_timeout_ms", "10000", "tcp_nodelay", "1",
		"connection_queue", "1024", "listen_backlog", "1024", NULL};
	const struct mg_callbacks callbacks = {.begin_request = hello};
	sigset_t ends;
	int got;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	mg_init_library(0);
	struct mg_context *server = mg_start(&callbacks, NULL, options);
	if (!server)
		return EXIT_FAILURE;
	sigwait(&ends, &got);
	mg_stop(server);
	return EXIT_SUCCESS;
}
