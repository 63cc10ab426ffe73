/*
 * place.c
 *		Places: the numbers by which the gate addresses rows.
 */
#include "place.h"

#include "common/hashfn.h"
#include "utils/builtins.h"

/* Is this text the canonical representation of an integer? */
static bool
is_integer(const char *key, int length, int64 *integer)
{
	char		text[MAXINT8LEN + 1];
	const char *digits;
	char	   *end;

	if (length == 0 || length > MAXINT8LEN)
		return false;
	memcpy(text, key, length);
	text[length] = '\0';
	digits = text[0] == '-' ? text + 1 : text;
	if (digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && length > 1))
		return false;
	errno = 0;
	*integer = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0;
}

/*
 * The place of a key is a number derived from its text alone, so that the
 * slot of a row is the same for all code, however it obtained the key.  Most
 * keys are integers, and most writes of many rows follow their order.
 * Neighbouring integers have neighbouring places and slots, so that few cache
 * lines are fetched for many rows.
 */
uint64
place_of_text(const char *key, int length)
{
	int64		integer;

	if (is_integer(key, length, &integer))
		return place_of_integer(integer);
	return hash_bytes_extended((const unsigned char *) key, length, 0);
}
