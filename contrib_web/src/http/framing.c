/*
 * framing.c
 *		Detection of ambiguous message framing (request smuggling)
 *
 * A proxy may interpret an ambiguous request differently.  Part of a body
 * that it forwards could then be another request here, which the proxy has
 * not checked.  RFC 9112 requires that such requests be refused, but the
 * library accepts them.  Two kinds cannot be detected here: a line that
 * begins with a colon ends the headers, and a NUL ends a header's value.  A
 * proxy must refuse these itself (README.md).
 */
#include "http/framing.h"

#include <string.h>
#include <strings.h>

#include "http/request_data.h"

typedef struct Framing
{
	int			hosts;
	int			lengths;
	int			encodings;
	bool		invalid;
} Framing;

/*
 * For the library, "Transfer-Encoding : chunked" is a header of another name.
 * A proxy may ignore the space.
 */
static bool
has_white_space(const char *name)
{
	return strpbrk(name, " \t\r\n") != NULL;
}

/*
 * The library (0.9.75) appends a continuation line to the header's name, and
 * so makes "X-Remote-User: root" of "X-Remote-: root" and " User": a header
 * that the proxy has neither removed nor replaced.  The name is then no
 * longer where it was received, with only the colon and blanks between it and
 * its value.
 */
static bool
is_continued(const char *name, const char *value)
{
	const char *rest = name + strlen(name) + 1;

	return value != NULL && value != rest + strspn(rest, " \t");
}

static enum MHD_Result
inspect_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	Framing    *framing = cls;

	(void) kind;
	framing->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	framing->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
	{
		framing->encodings++;
		framing->invalid = framing->invalid || value == NULL || strcasecmp(value, "chunked") != 0;
	}
	framing->invalid = framing->invalid || has_white_space(name) || is_continued(name, value);
	return MHD_YES;
}

bool
framing_is_clear(const Request *req)
{
	Framing		framing = {0};

	MHD_get_connection_values(req->connection, MHD_HEADER_KIND, inspect_header, &framing);
	return !framing.invalid && framing.hosts <= 1 && framing.lengths + framing.encodings <= 1;
}
