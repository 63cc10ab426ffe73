/*
 * signin.h
 *		/api/v1/session: signing in and out, and the current session
 */
#ifndef SIGNIN_H
#define SIGNIN_H

#include "http/request.h"

/* Handlers; routes.c has their routes. */
extern void post_session(Request *req);
extern void get_session(Request *req);
extern void delete_session(Request *req);

#endif							/* SIGNIN_H */
