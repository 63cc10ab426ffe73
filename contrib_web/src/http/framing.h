/*
 * framing.h
 *		Detection of ambiguous message framing (request smuggling)
 */
#ifndef FRAMING_H
#define FRAMING_H

#include "http/request.h"

/* False if the end of the request is ambiguous. */
extern bool framing_is_clear(const Request *req);

#endif							/* FRAMING_H */
