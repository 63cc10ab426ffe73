/*
 * text.h
 *		Is it text?  And percent-decoding.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* UTF-8 as PostgreSQL takes it: nothing overlong, no surrogates, no NUL. */
extern bool is_utf8(const char *text, size_t length);

/* Decodes into RESULT, of LENGTH + 1 bytes.  False if that is no text, or what follows a "%" is no code. */
extern bool percent_decode(char *result, const char *text, size_t length);

#endif							/* TEXT_H */
