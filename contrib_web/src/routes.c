/*
 * routes.c
 *		Every method and path that is answered, and by which handler.
 */
#include "handlers.h"

const Route routes[] = {
	/* the program itself */
	{METHOD_GET, "/healthz", get_healthz, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/readyz", get_readyz, ROUTE_PUBLIC},
	{METHOD_GET, "/metrics", get_metrics, ROUTE_PUBLIC | ROUTE_DIRECT},

	/* who one is */
	{METHOD_POST, "/api/v1/session", post_session, ROUTE_PUBLIC},
	{METHOD_GET, "/api/v1/session", get_session, 0},
	{METHOD_DELETE, "/api/v1/session", delete_session, 0},

	/* what happens */
	{METHOD_GET, "/api/v1/events", get_events, 0},

	/* pages, all made by the same script, and what they load */
	{METHOD_GET, "/", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/signin", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/tables", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/tables/{table}", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/tables/{table}/{key}", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/locks", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/history", get_page, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/static/{file...}", get_static, ROUTE_PUBLIC | ROUTE_DIRECT},
	{METHOD_GET, "/api/v1/openapi.json", get_openapi, ROUTE_PUBLIC | ROUTE_DIRECT},

	{METHOD_GET, NULL, NULL, 0}
};
