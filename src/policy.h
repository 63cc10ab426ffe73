/*
 * policy.h
 *		Evaluation of row-security policies.
 */
#ifndef LOCKING_POLICY_H
#define LOCKING_POLICY_H

#include "postgres.h"

#pragma GCC visibility push(hidden)

typedef void (*PolicyBody) (void *arg);

extern bool is_evaluating_policies(Oid relid);
extern void evaluate_policies(Oid relid, PolicyBody body, void *arg);

#pragma GCC visibility pop

#endif							/* LOCKING_POLICY_H */
