/* An error: a message for people and a short stable code to branch on. The caller owns it; no memory is allocated. Any
 * thread, never raises. */
#ifndef PA_ERROR_H
#define PA_ERROR_H

struct pa_error {
	char code[32];   /* "timeout", "already_exists"; each function that fails lists its codes */
	char text[1000]; /* one line, no newline at its end; cut when longer */
};

/* Fills in *error, unless it is NULL. Returns -1, so that a function can `return pa_error_set(…)`. */
int pa_error_set(struct pa_error *error, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
