/* Why something failed: a text for people and a short stable word to branch on. Owned by the caller, never allocated.
 */
#ifndef PA_ERROR_H
#define PA_ERROR_H

struct pa_error {
	char code[32];   /* "timeout", "already_exists"; the words are listed where they are returned */
	char text[1000]; /* one line, no newline at its end; cut when longer */
};

/* Fills *error, which may be NULL. Returns -1, so that a function can `return pa_error_set(…)`. */
int pa_error_set(struct pa_error *error, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
