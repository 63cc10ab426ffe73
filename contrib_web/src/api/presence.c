/*
 * presence.c
 *		People who have a row open
 *
 * Only who may read a row may report to have it open, or see who has.
 */
#include "api/presence.h"

#include <string.h>

#include "api/plan.h"
#include "base/clock.h"
#include "base/text.h"
#include "db/db.h"
#include "events/presence.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/request_data.h"
#include "session/session.h"

static int64_t
now_ms(void)
{
	return now_us() / 1000;
}

/* ---- reporting ---- */

static void
release_json(void *json)
{
	json_decref(json);
}

static bool
refuse_member(Request *req, const char *name, const char *detail)
{
	reply_problem(req, PROBLEM_INVALID, detail, json_pack("{s:s}", "column", name));
	return false;
}

/* On failure replies and returns false. */
static bool
parse_report(Request *req, PresenceReport *report)
{
	json_t	   *body = json_loads(request_body(req), 0, NULL);
	const char *state = "viewing";

	request_at_end(req, release_json, body);
	if (!json_is_object(body))
	{
		reply_problem(req, PROBLEM_INVALID, "The body is not a JSON object.", NULL);
		return false;
	}
	json_unpack(body, "{s?s, s?s, s?s}", "client", &report->client, "state", &state, "field", &report->field);
	if (report->client == NULL || *report->client == '\0' || strlen(report->client) > PRESENCE_TEXT_MAX)
		return refuse_member(req, "client", "\"client\" must be a text of 1 to 255 bytes.");
	if (report->field && strlen(report->field) > PRESENCE_TEXT_MAX)
		return refuse_member(req, "field", "\"field\" must be a text of at most 255 bytes.");
	if (!presence_parse_state(state, &report->state))
		return refuse_member(req, "state", "\"state\" must be viewing, typing, idle or gone.");
	return true;
}

/* Looks up the row in the path and the user.  On failure replies. */
static bool
find_report(Request *req, PresenceReport *report)
{
	PGresult   *plan = run_plan(req, sql_find_row_plan(request_param(req, "table")));
	PGresult   *found = plan ? db_run(req, sql_present_row(plan, request_param(req, "key"))) : NULL;
	const char *name;

	if (found == NULL)
		return false;
	if (PQntuples(found) == 0)
	{
		reply_no_row(req);
		return false;
	}
	name = value_at(found, PRESENT_ROW_OWNER_NAME);
	report->table = value_at(plan, FIND_ROW_PLAN_IDENTITY);
	report->key = value_at(found, PRESENT_ROW_ROW_KEY);
	report->owner = value_at(found, PRESENT_ROW_OWNER);
	report->owner_name = name && is_name(name) ? name : NULL;
	report->session = session_id(req->session);
	return true;
}

/* POST tables/{table}/rows/{key}/presence */
void
report_presence(Request *req)
{
	PresenceReport report = {0};

	if (!parse_report(req, &report) || !find_report(req, &report))
		return;
	if (strlen(report.key) > PRESENCE_KEY_MAX)
		refuse_member(req, "key", "The row's key is too long.");
	else if (!presence_report(&report, now_ms()))
	{
		reply_problem(req, PROBLEM_TOO_MANY, "Too many people have rows open.", NULL);
		reply_retry_after(req, PRESENCE_ACTIVE_SECONDS);
	}
	else
		reply_object(req, 200, json_pack("{s:s, s:s, s:o}", "table", report.table, "key", report.key,
										 "people", presence_of_row(report.table, report.key)));
}

/* ---- a table ---- */

static json_t *
keys_of(json_t *rows)
{
	json_t	   *keys = json_array();
	const char *key;
	json_t	   *people;

	json_object_foreach(rows, key, people)
		json_array_append_new(keys, json_string(key));
	return keys;
}

/* Returns the array of {"key", "people"} of the rows visible to the user. */
static json_t *
visible_rows(Request *req, const char *table, json_t *rows)
{
	json_t	   *keys = keys_of(rows);
	char	   *text = json_dumps(keys, JSON_COMPACT);
	PGresult   *visible = db_run(req, sql_visible_keys(table, text));
	json_t	   *list = visible ? json_array() : NULL;

	for (int i = 0; visible && i < PQntuples(visible); i++)
	{
		const char *key = PQgetvalue(visible, i, 0);

		json_array_append_new(list, json_pack("{s:s, s:O}", "key", key, "people", json_object_get(rows, key)));
	}
	free(text);
	json_decref(keys);
	return list;
}

/* GET tables/{table}/presence */
void
list_presence(Request *req)
{
	PGresult   *plan = run_plan(req, sql_find_row_plan(request_param(req, "table")));
	json_t	   *rows;
	json_t	   *list;

	if (plan == NULL)
		return;
	rows = presence_of_table(value_at(plan, FIND_ROW_PLAN_IDENTITY));
	list = visible_rows(req, value_at(plan, FIND_ROW_PLAN_OID), rows);
	if (list != NULL)
		reply_object(req, 200, json_pack("{s:s, s:o}", "table", value_at(plan, FIND_ROW_PLAN_IDENTITY), "rows", list));
	json_decref(rows);
}
