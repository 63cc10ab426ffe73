/*
 * reply.c
 *		Replies
 *
 * All responses are created here, which ensures that each has its headers.
 * server.c adds the common headers and sends the response.
 */
#include "http/reply.h"

#include <stdlib.h>
#include <string.h>

#include "http/request_data.h"

static void
set_reply(Request *req, unsigned status, struct MHD_Response *response, uint64_t size)
{
	if (response == NULL)
		abort();				/* out of memory */
	if (req->response)
		MHD_destroy_response(req->response);
	req->response = response;
	req->reader = NULL;
	req->status = status;
	req->reply_size = size;
}

void
reply_header(Request *req, const char *name, const char *value)
{
	MHD_add_response_header(req->response, name, value);
}

void
reply_data(Request *req, unsigned status, const char *type, const void *data, size_t size)
{
	/* not modified, despite its type */
	set_reply(req, status, MHD_create_response_from_buffer(size, (void *) data, MHD_RESPMEM_PERSISTENT), size);
	if (type)
		reply_header(req, MHD_HTTP_HEADER_CONTENT_TYPE, type);
}

void
reply_text(Request *req, unsigned status, const char *type, const char *text)
{
	reply_data(req, status, type, text, strlen(text));
	reply_header(req, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
}

void
reply_json(Request *req, unsigned status, const char *json)
{
	reply_text(req, status, "application/json", json);
}

void
reply_dumped(Request *req, unsigned status, const char *type, json_t *json)
{
	char	   *text = json_dumps(json, JSON_COMPACT);

	if (text == NULL)
		abort();
	json_decref(json);
	reply_text(req, status, type, obstack_copy0(&req->memory, text, strlen(text)));
	free(text);
}

void
reply_object(Request *req, unsigned status, json_t *object)
{
	reply_dumped(req, status, "application/json", object);
}

void
reply_empty(Request *req, unsigned status)
{
	reply_data(req, status, NULL, "", 0);
	reply_header(req, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
}

/* MHD_ContentReaderCallback */
static ssize_t
read_and_count(void *cls, uint64_t position, char *buffer, size_t size)
{
	Request    *req = cls;
	ssize_t		n = req->reader(req->reader_cls, position, buffer, size);

	if (n > 0)
		req->reply_size += n;
	return n;
}

void
reply_callback(Request *req, const char *type, size_t block, MHD_ContentReaderCallback reader, void *cls)
{
	set_reply(req, MHD_HTTP_OK, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block, read_and_count, req, NULL), 0);
	req->reader = reader;
	req->reader_cls = cls;
	reply_header(req, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	reply_header(req, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
}

void
reply_retry_after(Request *req, long seconds)
{
	reply_header(req, MHD_HTTP_HEADER_RETRY_AFTER, request_printf(req, "%ld", seconds));
}
