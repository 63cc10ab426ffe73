/*
 * problem.h
 *		Errors as problem documents: application/problem+json (RFC 9457).
 */
#ifndef PROBLEM_H
#define PROBLEM_H

#include <jansson.h>

#include "http/request.h"

/*
 * A kind has its status, its type "urn:locking:problem:NAME", and a title
 * (problem.c).
 */
typedef enum ProblemKind
{
	PROBLEM_BAD_REQUEST,		/* 400 bad-request: syntax of request or body */
	PROBLEM_UNAUTHENTICATED,	/* 401 unauthenticated: nobody is signed in */
	PROBLEM_SIGN_IN_FAILED,		/* 401 sign-in-failed */
	PROBLEM_FORBIDDEN,			/* 403 forbidden: privilege missing */
	PROBLEM_CSRF,				/* 403 csrf: token missing or wrong, or a page of another site asks */
	PROBLEM_NOT_FOUND,			/* 404 not-found */
	PROBLEM_METHOD,				/* 405 method-not-allowed */
	PROBLEM_LOST,				/* 409 lost: the token's lock has ended */
	PROBLEM_NOT_PROTECTED,		/* 409 not-protected: or cannot be */
	PROBLEM_TOO_LARGE,			/* 413 too-large */
	PROBLEM_MEDIA_TYPE,			/* 415 unsupported-media-type */
	PROBLEM_INVALID,			/* 422 invalid: a value, with "column" where one is known */
	PROBLEM_LOCKED,				/* 423 locked: by somebody else */
	PROBLEM_HELD_ELSEWHERE,		/* 423 held-elsewhere: by another client of one's own */
	PROBLEM_LOCK_REQUIRED,		/* 423 lock-required: the table wants a lock, and one has none */
	PROBLEM_TOO_MANY,			/* 429 too-many */
	PROBLEM_HEAD_TOO_LARGE,		/* 431 head-too-large */
	PROBLEM_INTERNAL,			/* 500 internal: a bug */
	PROBLEM_UNAVAILABLE,		/* 503 unavailable: database or workers; Retry-After is set */
	PROBLEM_TIMEOUT,			/* 503 timeout: it took too long; Retry-After is set */
	PROBLEM_COUNT
} ProblemKind;

/*
 * Replies with a problem.  DETAIL: a sentence for people, or NULL.  EXTRA:
 * further members (an object, whose reference is taken over), or NULL; e.g.
 * json_pack("{s:s}", "column", name).
 */
extern void reply_problem(Request *req, ProblemKind kind, const char *detail, json_t *extra);

/* The document alone, a new reference, not replied. */
extern json_t *problem_document(ProblemKind kind, const char *detail, json_t *extra);

/*
 * JSON of the database as a member for EXTRA; null if TEXT is NULL. A new
 * reference.
 */
extern json_t *json_member(const char *text);

#endif							/* PROBLEM_H */
