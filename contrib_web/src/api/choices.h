/*
 * choices.h
 *		Choices for a foreign key column
 */
#ifndef API_CHOICES_H
#define API_CHOICES_H

#include "http/request.h"

/* Handlers; their comments contain the routes. */
extern void list_choices(Request *req);

#endif							/* API_CHOICES_H */
