/*
 * problem.h
 *		Problem documents for errors: application/problem+json (RFC 9457)
 */
#ifndef PROBLEM_H
#define PROBLEM_H

#include <jansson.h>

#include "http/request.h"

/*
 * Kinds of problems.  Each has a status, a type "urn:locking:problem:NAME",
 * and a title (problem.c).
 */
typedef enum ProblemKind
{
	/* 400 bad-request: syntax of request or body */
	PROBLEM_BAD_REQUEST,
	PROBLEM_UNAUTHENTICATED,	/* 401 unauthenticated: not signed in */
	PROBLEM_SIGN_IN_FAILED,		/* 401 sign-in-failed */
	/* 403 sign-in-refused: the database requests no password of the role */
	PROBLEM_SIGN_IN_REFUSED,
	PROBLEM_FORBIDDEN,			/* 403 forbidden: privilege missing */
	PROBLEM_READ_ONLY,			/* 403 read-only: a standby, for example */
	PROBLEM_LIMIT,				/* 403 limit: of the user's locks, drafts */
	/* 403 csrf: token missing or wrong, or request from another site */
	PROBLEM_CSRF,
	/* 403 other-user: the page was opened by another user */
	PROBLEM_OTHER_USER,
	/* 403 other-site: of which browsers send no session cookie */
	PROBLEM_OTHER_SITE,
	PROBLEM_NOT_FOUND,			/* 404 not-found */
	PROBLEM_METHOD,				/* 405 method-not-allowed */
	PROBLEM_LOST,				/* 409 lost: the token's lock has ended */
	PROBLEM_NOT_PROTECTED,		/* 409 not-protected: or cannot be */
	/* 410 gone: executed before, and the row cannot be read any more */
	PROBLEM_GONE,
	PROBLEM_CHANGED,			/* 412 changed: since the version in If-Match */
	PROBLEM_TOO_LARGE,			/* 413 too-large */
	PROBLEM_MEDIA_TYPE,			/* 415 unsupported-media-type */
	/* 422 invalid: a value, with "column", or refused by users' code */
	PROBLEM_INVALID,
	PROBLEM_LOCKED,				/* 423 locked: by another owner */
	/* 423 held-elsewhere: by another client of the same owner */
	PROBLEM_HELD_ELSEWHERE,
	/* 423 lock-required: the table requires a lock */
	PROBLEM_LOCK_REQUIRED,
	PROBLEM_TOO_MANY,			/* 429 too-many */
	PROBLEM_HEAD_TOO_LARGE,		/* 431 head-too-large */
	PROBLEM_INTERNAL,			/* 500 internal: a bug */
	/* 503 unavailable: database or workers; Retry-After is set */
	PROBLEM_UNAVAILABLE,
	PROBLEM_EXHAUSTED,			/* 503 exhausted: disk, memory; the same */
	/* 503 busy: another transaction holds the row or table; the same */
	PROBLEM_BUSY,
	PROBLEM_TIMEOUT,			/* 503 timeout: the same */
	PROBLEM_COUNT
} ProblemKind;

/*
 * Replies with a problem document.  DETAIL is a human-readable explanation,
 * or NULL.  EXTRA is an object with further members, such as
 * json_pack("{s:s}", "column", name), or NULL; its reference is stolen.
 */
extern void reply_problem(Request *req, ProblemKind kind, const char *detail, json_t *extra);

/* Returns the document as a new reference, without replying. */
extern json_t *problem_document(ProblemKind kind, const char *detail, json_t *extra);

/*
 * Parses JSON text from the database for use as a member of EXTRA; null if
 * TEXT is NULL.  Returns a new reference.
 */
extern json_t *json_member(const char *text);

#endif							/* PROBLEM_H */
