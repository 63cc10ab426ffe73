/*
 * ajax_table.c
 *		Tables of django-locking's apps and models
 */
#include "api/ajax_table.h"

#include <string.h>

#include "base/options.h"

#define WORD_CHARACTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

static bool
is_word(const char *text)
{
	return *text != '\0' && text[strspn(text, WORD_CHARACTERS)] == '\0';
}

const char *
ajax_table(Request *req, const char *app, const char *model)
{
	const char *name;

	if (!is_word(app) || !is_word(model))
		return NULL;
	name = request_printf(req, "%s/%s=", app, model);
	for (size_t i = 0; i < options.ajax_tables.n; i++)
		if (strncmp(options.ajax_tables.items[i], name, strlen(name)) == 0)
			return options.ajax_tables.items[i] + strlen(name);
	return request_printf(req, "\"%s_%s\"", app, model);
}

const char *
ajax_admin_url(Request *req, int *length)
{
	const char *base = request_ajax_base(req);
	int			end = (int) strlen(base) - 1;

	while (end > 0 && base[end - 1] != '/')
		end--;
	*length = end > 1 ? end - 1 : 0;
	return base;
}

/* Returns the segment at *PATH, which it advances behind the next slash. */
static const char *
next_segment(Request *req, const char **path)
{
	int			length = (int) strcspn(*path, "/?#");
	const char *segment = request_printf(req, "%.*s", length, *path);

	*path += length + ((*path)[length] == '/');
	return segment;
}

/* PATH is the page's, with the slash at its beginning. */
static const char *
table_of_path(Request *req, const char *path)
{
	int			length;
	const char *admin = ajax_admin_url(req, &length);
	const char *app;
	const char *model;

	if (strncmp(path, admin, length) == 0 && path[length] == '/')
		path += length;
	path++;
	app = next_segment(req, &path);
	model = next_segment(req, &path);
	return ajax_table(req, app, model);
}

const char *
ajax_table_of_page(Request *req)
{
	const char *app = request_query(req, "app");
	const char *model = request_query(req, "model");
	const char *page = request_header(req, "Referer");
	const char *authority = page ? strstr(page, "://") : NULL;
	const char *path = authority ? strchr(authority + 3, '/') : NULL;

	if (app && model)
		return ajax_table(req, app, model);
	return path ? table_of_path(req, path) : NULL;
}
