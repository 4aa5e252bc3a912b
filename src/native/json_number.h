/* The text of a number in JSON. Pure: any thread, never raises. */
#ifndef PA_JSON_NUMBER_H
#define PA_JSON_NUMBER_H

#include <stddef.h>

enum { PA_JSON_NUMBER_SIZE = 64 };

/* Writes the shortest text that reads back as the same double, always with a point or an exponent: 1.0 stays apart from
 * 1. Returns its length, or 0 for a number that is not finite. */
size_t pa_json_number(double number, char text[PA_JSON_NUMBER_SIZE]);

/* The same as JavaScript writes it (ECMA-262, Number::toString): 1 for 1.0, 1e+21, 1e-7, 0 for -0. */
size_t pa_json_number_javascript(double number, char text[PA_JSON_NUMBER_SIZE]);

#endif
