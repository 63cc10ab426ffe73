/*
 * tables.h
 *		Tables and their protection
 */
#ifndef API_TABLES_H
#define API_TABLES_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void list_tables(Request *req);
extern void get_table(Request *req);
extern void protect_table(Request *req);
extern void unprotect_table(Request *req);

#endif							/* API_TABLES_H */
