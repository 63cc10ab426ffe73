/*
 * place.c
 *		Places: the numbers by which the gate addresses rows.
 */
#include "place.h"

#include "common/hashfn.h"
#include "utils/builtins.h"

/* The text of an integer, as its type writes it? */
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
 * A key's place is a number that goes by its text alone, so that all who know
 * the row, by whatever way, come to the same slot.  Most keys are integers,
 * and most writes of many rows go along them: neighbours have places, and
 * slots, side by side, so that few lines of the processor's cache are fetched
 * for many rows.
 */
uint64
place_of_text(const char *key, int length)
{
	int64		integer;

	if (is_integer(key, length, &integer))
		return place_of_integer(integer);
	return hash_bytes_extended((const unsigned char *) key, length, 0);
}
