/*
 * text.h
 *		Validation of text and names, and percent-encoding
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* UTF-8 as PostgreSQL accepts it: not overlong, no surrogates, no NUL */
extern bool is_utf8(const char *text, size_t length);

#define NAME_MAX_BYTES 255

/*
 * True if TEXT can be the name of an owner: 1 to 255 bytes of UTF-8 without
 * control characters and without leading or trailing blanks.
 */
extern bool is_name(const char *text);

/*
 * True if TEXT can precede the path of all addresses: "" or segments of
 * letters, digits and "-._~", each after a slash, none of them "." or "..".
 * These need no escape in HTML and HTTP headers.
 */
extern bool is_base_path(const char *text);

/*
 * Decodes into RESULT, which has LENGTH + 1 bytes.  False if an escape is
 * malformed or the result is not valid text.
 */
extern bool percent_decode(char *result, const char *text, size_t length);

/*
 * Encodes everything but letters, digits and "-._~" into RESULT, which has
 * 3 * strlen(TEXT) + 1 bytes.
 */
extern void percent_encode(char *result, const char *text);

#endif							/* TEXT_H */
