/* Finds the fewest digits with snprintf, and lays them out. */
#include "native/json_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_LEAST = 15, DIGITS_MOST = 17 };

size_t pa_json_number(double number, char text[PA_JSON_NUMBER_SIZE])
{
	int length = 0;

	if (!isfinite(number))
		return 0;
	for (int digits = DIGITS_LEAST; digits <= DIGITS_MOST; digits++) {
		length = snprintf(text, PA_JSON_NUMBER_SIZE, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	if (!strpbrk(text, ".eE"))
		length = snprintf(text, PA_JSON_NUMBER_SIZE, "%.1f", number);
	return (size_t)length;
}

/* The fewest significant digits of a finite number above 0, without zeros at their end; returns the exponent of ten of
 * the first one. */
static int shortest(double number, char digits[DIGITS_MOST + 1])
{
	char text[PA_JSON_NUMBER_SIZE];

	for (int count = 1; count <= DIGITS_MOST; count++) {
		snprintf(text, sizeof text, "%.*e", count - 1, number);
		if (strtod(text, NULL) == number)
			break;
	}
	size_t length = 0;
	const char *at = text;
	for (; *at && *at != 'e'; at++)
		if (*at != '.')
			digits[length++] = *at;
	while (length > 1 && digits[length - 1] == '0')
		length--;
	digits[length] = '\0';
	return (int)strtol(at + 1, NULL, 10);
}

size_t pa_json_number_javascript(double number, char text[PA_JSON_NUMBER_SIZE])
{
	char digits[DIGITS_MOST + 1];
	const char *sign = number < 0 ? "-" : "";
	int length;

	if (!isfinite(number))
		return 0;
	if (number == 0)
		return (size_t)snprintf(text, PA_JSON_NUMBER_SIZE, "0");
	int exponent = shortest(fabs(number), digits), count = (int)strlen(digits);
	if (exponent >= 21 || exponent < -6)
		length = snprintf(
			text, PA_JSON_NUMBER_SIZE, "%s%c%s%se%+d", sign, digits[0], count > 1 ? "." : "", digits + 1, exponent);
	else if (exponent < 0)
		length = snprintf(text, PA_JSON_NUMBER_SIZE, "%s0.%.*s%s", sign, -exponent - 1, "000000", digits);
	else if (count <= exponent + 1)
		length =
			snprintf(text, PA_JSON_NUMBER_SIZE, "%s%s%.*s", sign, digits, exponent + 1 - count, "00000000000000000000");
	else
		length = snprintf(text, PA_JSON_NUMBER_SIZE, "%s%.*s.%s", sign, exponent + 1, digits, digits + exponent + 1);
	return (size_t)length;
}
