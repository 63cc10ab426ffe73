/*
 * key_text.h
 *		Primary keys as text: conversion of values to text and back.
 */
#ifndef LOCKING_KEY_TEXT_H
#define LOCKING_KEY_TEXT_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "compat.h"
#include "key.h"

#pragma GCC visibility push(hidden)

extern char *key_text(const Key *key, const Datum *values);
extern void key_parse(const Key *key, Oid relid, const char *text, Datum *values);
extern void key_parse_stored(const Key *key, Oid relid, const char *text, Datum *values);
extern void key_from_value(const Key *key, Oid relid, Oid type, Datum value, Datum *values);
extern void key_argument(const Key *key, Oid relid, FunctionCallInfo fcinfo, int argno, Datum *values);
extern Datum key_column_from_value(const Key *key, int column, Oid relid, Oid type, Datum value);
extern ArrayType *parse_text_array(const char *text, char **why);
pg_noreturn extern void refuse_key(const Key *key, Oid relid, const char *text, const char *why);
pg_noreturn extern void refuse_null_key(const Key *key, Oid relid);

#pragma GCC visibility pop

#endif							/* LOCKING_KEY_TEXT_H */
