/*
 * health.h
 *		/healthz: the process answers.  /readyz: so does the database, and it
 *		has the extension.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "http/request.h"

extern void get_healthz(Request *req);
extern void get_readyz(Request *req);

#endif							/* HEALTH_H */
