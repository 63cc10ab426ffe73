/*
 * sessions.h
 *		The user's own sessions, and ending them
 */
#ifndef SESSIONS_H
#define SESSIONS_H

#include "http/request.h"

extern void list_sessions(Request *req);
extern void end_session(Request *req);

#endif							/* SESSIONS_H */
