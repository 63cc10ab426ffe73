/*
 * figures.h
 *		Figures of locking.stats over time
 */
#ifndef FIGURES_H
#define FIGURES_H

#include <jansson.h>

#include "http/request.h"

/*
 * Takes a sample if the latest one is a minute old.  Called about each
 * second, from one thread; may wait for the database.
 */
extern void figures_take(void);

/*
 * Returns the latest sample, as sql/sample.sql makes it, as a new reference;
 * NULL if there is none.
 */
extern json_t *figures_latest(void);

/* GET /api/v1/overview */
extern void get_overview(Request *req);

#endif							/* FIGURES_H */
