/*
 * rows.h
 *		Lists of a table's rows
 */
#ifndef API_ROWS_H
#define API_ROWS_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void list_rows(Request *req);
extern void count_rows(Request *req);
extern void export_rows(Request *req);
extern void list_labels(Request *req);

#endif							/* API_ROWS_H */
