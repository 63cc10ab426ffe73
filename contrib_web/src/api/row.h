/*
 * row.h
 *		Reading and writing a row
 */
#ifndef API_ROW_H
#define API_ROW_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void get_row(Request *req);
extern void save_row(Request *req);
extern void insert_row(Request *req);
extern void delete_row(Request *req);

#endif							/* API_ROW_H */
