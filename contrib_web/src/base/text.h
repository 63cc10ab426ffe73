/*
 * text.h
 *		Is it text, or a name?  And percent-encoding.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* UTF-8 as PostgreSQL takes it: nothing overlong, no surrogates, no NUL. */
extern bool is_utf8(const char *text, size_t length);

#define NAME_MAX_BYTES 255

/*
 * May it name an owner?  1 to 255 bytes of such text, without control
 * characters, and no blank at an end.
 */
extern bool is_name(const char *text);

/*
 * Decodes into RESULT, of LENGTH + 1 bytes.  False if that is no text, or
 * what follows a "%" is no code.
 */
extern bool percent_decode(char *result, const char *text, size_t length);

/*
 * Encodes all but letters, digits and "-._~" into RESULT, of three times the
 * length and 1 byte more.
 */
extern void percent_encode(char *result, const char *text);

#endif							/* TEXT_H */
