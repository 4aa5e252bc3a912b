/* Formats errors. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int pa_error_set(struct pa_error *error, const char *code, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return -1;
	snprintf(error->code, sizeof error->code, "%s", code);
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	return -1;
}
