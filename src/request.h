/*
 * request.h
 *		Requests: the queue of owners that wait for a row.
 */
#ifndef LOCKING_REQUEST_H
#define LOCKING_REQUEST_H

#include "postgres.h"

#include "nodes/pg_list.h"

#pragma GCC visibility push(hidden)

typedef struct Request
{
	int64		id;				/* in the order of arrival */
	char	   *owner;
	char	   *owner_name;		/* or NULL */
} Request;

extern bool is_requested(Oid relid, const char *key);
extern List *requests_of(Oid relid, const char *key);
extern bool requests_may_exist(void);
extern void drop_own_request(Oid relid, const char *key, const char *owner);
extern void move_requests(Oid relid, const char *old_key, const char *new_key);

#pragma GCC visibility pop

#endif							/* LOCKING_REQUEST_H */
