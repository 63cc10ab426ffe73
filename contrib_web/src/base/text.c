/*
 * text.c
 *		Validation of text and names, and percent-encoding
 */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Returns the number of continuation bytes after the first byte of a
 * character, and the lowest character with that length.  -1 if the first byte
 * is invalid.
 */
static int
following_bytes(unsigned char first, unsigned *bits, unsigned *least)
{
	static const unsigned leasts[] = {0, 0x80, 0x800, 0x10000};
	int			n = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf8 ? 3 : -1;

	if (n < 0)
		return n;
	*bits = n ? first & (0x3f >> n) : first;
	*least = leasts[n];
	return n;
}

#define NO_CHARACTER 0xffffffffU

/* Returns the character at *P and advances *P. */
static unsigned
next_character(const unsigned char **p, const unsigned char *end)
{
	unsigned	character,
				least;
	int			n = following_bytes(*(*p)++, &character, &least);

	if (n < 0 || end - *p < n)
		return NO_CHARACTER;
	for (; n > 0; n--, (*p)++)
	{
		if ((**p & 0xc0) != 0x80)
			return NO_CHARACTER;
		character = character << 6 | (**p & 0x3f);
	}
	if (character < least || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff) || character == 0)
		return NO_CHARACTER;
	return character;
}

bool
is_utf8(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + length;

	while (p < end)
		if (next_character(&p, end) == NO_CHARACTER)
			return false;
	return true;
}

static bool
is_control(unsigned character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* White space and zero-width characters of Unicode */
static bool
is_blank(unsigned character)
{
	static const unsigned others[] = {0x20, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x2060, 0x3000, 0xfeff};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (character == others[i])
			return true;
	return character >= 0x2000 && character <= 0x200f;
}

bool
is_name(const char *text)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + strlen(text);
	unsigned	last = ' ';

	if (end - p > NAME_MAX_BYTES)
		return false;
	for (bool first = true; p < end; first = false)
	{
		last = next_character(&p, end);
		if (last == NO_CHARACTER || is_control(last) || (first && is_blank(last)))
			return false;
	}
	return !is_blank(last);
}

/* Characters that are never percent-encoded (RFC 3986, 2.3) */
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

bool
is_base_path(const char *text)
{
	while (*text == '/')
	{
		size_t		length = strspn(++text, UNRESERVED);

		if (length == 0 || length == strspn(text, "."))
			return false;
		text += length;
	}
	return *text == '\0';
}

bool
percent_decode(char *result, const char *text, size_t length)
{
	bool		whole = true;
	size_t		n = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (text[i] != '%')
			result[n++] = text[i];
		else if (i + 2 >= length || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
			whole = false;
		else
		{
			result[n++] = (char) (hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
			i += 2;
		}
	}
	result[n] = '\0';
	return whole && is_utf8(result, n);
}

void
percent_encode(char *result, const char *text)
{
	for (; *text; text++)
		if (strchr(UNRESERVED, *text))
			*result++ = *text;
		else
			result += sprintf(result, "%%%02X", (unsigned char) *text);
	*result = '\0';
}
