/*
 * place.c
 *		Places: the numbers by which the gate addresses rows.
 */
#include "place.h"

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

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

/* The value of a digit as uuid_out() writes it, or -1. */
static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Is this text the canonical representation of a uuid? */
static bool
is_uuid(const char *key, int length, unsigned char *uuid)
{
	if (length != 2 * UUID_LEN + 4)
		return false;
	for (int i = 0; i < UUID_LEN; i++)
	{
		int			high;
		int			low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *key++ != '-')
			return false;
		high = hex_digit(*key++);
		low = hex_digit(*key++);
		if (high < 0 || low < 0)
			return false;
		uuid[i] = high << 4 | low;
	}
	return true;
}

/*
 * The place of a key is a number derived from its text alone, so that the
 * slots of a row are the same for all code, however it obtained the key. Most
 * keys are integers, and most writes of many rows follow their order.
 * Neighbouring integers have neighbouring places and slots, so that few cache
 * lines are fetched for many rows.  Other keys have places at random.
 */
uint64
place_of_text(const char *key, int length)
{
	int64		integer;
	unsigned char uuid[UUID_LEN];

	if (is_integer(key, length, &integer))
		return place_of_integer(integer);
	if (is_uuid(key, length, uuid))
		return place_of_uuid(uuid);
	return hash_bytes_extended((const unsigned char *) key, length, 0);
}
