/*
 * ajax_table.h
 *		Tables of django-locking's apps and models
 */
#ifndef AJAX_TABLE_H
#define AJAX_TABLE_H

#include "http/request.h"

/*
 * Returns the table of APP and MODEL, as SQL writes it: that of the option
 * ajax-table, or app_model, as Django names tables.  NULL if they are not
 * names.
 */
extern const char *ajax_table(Request *req, const char *app, const char *model);

/*
 * Returns the table that the requesting page edits: of the arguments app and
 * model, or of the page's own address, /admin/APP/MODEL/.  NULL if it does
 * not say.
 */
extern const char *ajax_table_of_page(Request *req);

/*
 * The part of the base URL before its last segment, without trailing slash:
 * where Django's admin pages are.  Not terminated; stores its length.
 */
extern const char *ajax_admin_url(Request *req, int *length);

#endif							/* AJAX_TABLE_H */
