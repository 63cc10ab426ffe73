/*
 * framing.c
 *		Is it beyond doubt where a request ends?
 *
 * What can be read in two ways a proxy in front may read in the other one:
 * what it takes for a request's body would be another request here, which it
 * never looked at (request smuggling).  RFC 9112 wants such requests refused;
 * the library takes them.  Two kinds it takes without our seeing it: a line
 * that begins with a colon ends the head, a NUL a header's value.  A proxy
 * has to refuse these itself, as the README says.
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
	bool		broken;
} Framing;

/*
 * "Transfer-Encoding : chunked" is another header here, and none elsewhere.
 */
static bool
is_broken(const char *name)
{
	return strpbrk(name, " \t\r\n") != NULL;
}

/*
 * What a header continues with on the next line, the library appends to its
 * name.
 */
static bool
begins_with(const char *name, const char *wanted)
{
	return strncasecmp(name, wanted, strlen(wanted)) == 0;
}

static enum MHD_Result
look_at_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	Framing    *framing = cls;

	(void) kind;
	framing->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	framing->lengths += begins_with(name, MHD_HTTP_HEADER_CONTENT_LENGTH);
	if (begins_with(name, MHD_HTTP_HEADER_TRANSFER_ENCODING))
	{
		framing->encodings++;
		framing->broken = framing->broken || value == NULL || strcasecmp(value, "chunked") != 0;
	}
	framing->broken = framing->broken || is_broken(name);
	return MHD_YES;
}

bool
framing_is_clear(const Request *req)
{
	Framing		framing = {0};

	MHD_get_connection_values(req->connection, MHD_HEADER_KIND, look_at_header, &framing);
	return !framing.broken && framing.hosts <= 1 && framing.lengths + framing.encodings <= 1;
}
