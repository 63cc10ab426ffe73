/*
 * health.h
 *		/healthz: the process responds.  /readyz: so does the database, which
 *		has the extension.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "http/request.h"

/* Handlers; routes.c has their routes. */
extern void get_healthz(Request *req);
extern void get_readyz(Request *req);

#endif							/* HEALTH_H */
