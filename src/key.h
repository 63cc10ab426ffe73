/*
 * key.h
 *		Primary keys: their columns, and how their values become text.
 */
#ifndef LOCKING_KEY_H
#define LOCKING_KEY_H

#include "postgres.h"

#include "fmgr.h"
#include "access/attnum.h"
#include "nodes/primnodes.h"
#include "utils/rel.h"

#pragma GCC visibility push(hidden)

typedef enum KeyTextMethod
{
	KEY_TEXT_AS_IS,				/* binary-coercible to text */
	KEY_TEXT_CAST,				/* a cast function to text */
	KEY_TEXT_OUTPUT				/* the type's output function */
} KeyTextMethod;

typedef enum KeyKind
{
	KEY_OTHER,
	KEY_INTEGER,				/* stored, and written as usual, like the next two */
	KEY_UUID,
	KEY_TEXT
} KeyKind;

typedef struct KeyColumn
{
	AttrNumber	attnum;			/* in the relation of the Table */
	KeyKind		kind;
	int			size;			/* of the type */
	NameData	name;
	Oid			type;
	Oid			equals;			/* the type's equality operator */
	Oid			code_owner;		/* of input and output, or InvalidOid */
	Oid			typioparam;
	FmgrInfo	input;
	KeyTextMethod text_method;
	FmgrInfo	to_text;
} KeyColumn;

typedef struct Key
{
	int			ncolumns;
	int			integer_offset; /* of the one column, an integer, in rows without nulls; or -1 */
	bool		image_equal;	/* equal values have equal texts */
	bool		needs_settings; /* text depends on DateStyle and the like */
	KeyColumn	columns[FLEXIBLE_ARRAY_MEMBER];
} Key;

extern Key *key_build(Relation rel, Oid root, int ncolumns, const AttrNumber *root_attnums,
					  Oid index, MemoryContext cxt);
extern bool key_set_text_method(KeyColumn *column, MemoryContext cxt);

#pragma GCC visibility pop

#endif							/* LOCKING_KEY_H */
