/*
 * framing.h
 *		Is it beyond doubt where a request ends?
 */
#ifndef FRAMING_H
#define FRAMING_H

#include "http/request.h"

extern bool framing_is_clear(const Request *req);

#endif							/* FRAMING_H */
