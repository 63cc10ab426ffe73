/*
 * key.h
 *		Descriptions of primary keys: their columns, and how values are
 *		converted to text.
 */
#ifndef LOCKING_KEY_H
#define LOCKING_KEY_H

#include "postgres.h"

#include "access/attnum.h"
#include "fmgr.h"
#include "nodes/primnodes.h"
#include "utils/rel.h"

#pragma GCC visibility push(hidden)

/* How values are converted to text. */
typedef enum KeyTextMethod
{
	KEY_TEXT_AS_IS,				/* binary-coercible to text */
	KEY_TEXT_CAST,				/* a cast function to text */
	KEY_TEXT_OUTPUT				/* the type's output function */
} KeyTextMethod;

/*
 * All but KEY_OTHER are stored columns that are converted to text by built-in
 * functions.
 */
typedef enum KeyKind
{
	KEY_OTHER,
	KEY_INTEGER,
	KEY_UUID,
	KEY_TEXT
} KeyKind;

typedef struct KeyColumn
{
	AttrNumber	attnum;			/* in the relation of the TableInfo */
	KeyKind		kind;
	int			size;			/* of the type */
	NameData	name;
	Oid			type;
	Oid			equals;			/* the type's equality operator */
	Oid			code_owner;		/* of user-defined code, or InvalidOid */
	Oid			typioparam;
	FmgrInfo	input;
	KeyTextMethod text_method;
	FmgrInfo	to_text;
} KeyColumn;

typedef struct Key
{
	int			ncolumns;
	int			integer_offset; /* of a single integer column, or -1 */
	bool		image_equal;	/* equal values have equal texts */
	bool		needs_settings; /* text depends on DateStyle, ... */
	KeyColumn	columns[FLEXIBLE_ARRAY_MEMBER];
} Key;

extern Key *key_build(Relation rel, Oid root, int ncolumns, const AttrNumber *root_attnums,
					  Oid index, MemoryContext cxt);
extern bool key_set_text_method(KeyColumn *column, MemoryContext cxt);

#pragma GCC visibility pop

#endif							/* LOCKING_KEY_H */
