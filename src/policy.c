/*
 * policy.c
 *		Evaluation of row-security policies.
 *
 * Policies may call this extension's functions, which must not evaluate the
 * policies of the same table again.
 */
#include "policy.h"

/*
 * The relations whose policies are being evaluated; entries are on the C
 * stack.
 */
typedef struct Evaluation
{
	struct Evaluation *outer;
	Oid			relid;
} Evaluation;

static Evaluation *evaluations = NULL;

/* Are the policies of "relid" being evaluated? */
bool
is_evaluating_policies(Oid relid)
{
	for (Evaluation *e = evaluations; e; e = e->outer)
		if (e->relid == relid)
			return true;
	return false;
}

/* Run "body", which evaluates the policies of "relid". */
void
evaluate_policies(Oid relid, PolicyBody body, void *arg)
{
	Evaluation	evaluation = {evaluations, relid};

	evaluations = &evaluation;
	PG_TRY();
	{
		body(arg);
	}
	PG_FINALLY();
	{
		evaluations = evaluation.outer;
	}
	PG_END_TRY();
}
