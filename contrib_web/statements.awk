# C made of the statements in sql/:
#
#	awk -v output=KIND -f statements.awk sql/*.sql
#
# A file in sql/ is a psql script of one statement, which runs in that folder
# with its parameters as variables: psql -v table=article -f may_read.sql.
# This program expands it as psql does, and makes a prepared statement of it.
# The part of psql's language that it reads:
#
# -- parameters: table oid, key
#		names of $1, $2, ...; their type is text, unless it is oid
# -- gives: problem, detail
#		columns of the result, for an enum in C
# \set piece `cat parts/piece.sql`
#		a piece that several statements share: :piece puts it in
# :'name'
#		the value of a parameter, which becomes $n
# :name
#		the same of a parameter that may be NULL, as SQL: psql -v owner=NULL,
#		or -v owner="'anna'"
# \gset
#		ends a plan: a statement whose row has SQL for another one
# \ir name_plan.sql
#		runs a plan first: :column then puts SQL of its row in, and :'column'
#		is a parameter that gets its value from there
#
# Anything else is an error, and so is a name that is declared and not used,
# or used and not declared.
#
# Kinds of output: header and source, for the program; prepare, the statement
# NAME (-v name=NAME) as a psql script that prepares and executes it, for
# tests.

{
	if (FNR == 1) {
		folder = FILENAME
		if (!sub(/\/[^\/]*$/, "", folder))
			folder = "."
		statement = FILENAME
		sub(/^.*\//, "", statement)
		sub(/\.sql$/, "", statement)
		names[++n_names] = statement
	}
	read_line(statement, $0)
}

END {
	if (failed)
		exit 1
	for (i = 1; i <= n_names; i++)
		build(names[i])
	if (output == "header")
		print_header()
	else if (output == "source")
		print_source()
	else if (output == "prepare")
		print_prepare(name)
}

function fail(s, message) {
	print s ".sql: " message > "/dev/stderr"
	failed = 1
	exit 1
}

# ---- reading ----

function read_line(s, line) {
	if (line ~ /^-- parameters: /)
		declare_parameters(s, substr(line, 16))
	else if (line ~ /^-- gives: /)
		declare_columns(s, substr(line, 11))
	else if (line ~ /^\\set [a-z_]+ `cat parts\/[a-z_]+\.sql`$/)
		declare_piece(s, line)
	else if (line ~ /^\\ir [a-z_]+_plan\.sql$/)
		plan[s] = substr(line, 5, length(line) - 8)
	else if (line == "\\gset")
		is_plan[s] = 1
	else if (line ~ /^\\/)
		fail(s, "unknown directive: " line)
	else
		text[s] = text[s] line "\n"
}

function declare_parameters(s, list,    n, i, items, words, type) {
	n = split(list, items, /, */)
	for (i = 1; i <= n; i++) {
		split(items[i], words, " ")
		type = words[2] == "" ? "text" : words[2]
		if (type != "text" && type != "oid")
			fail(s, "parameter of an unknown type: " items[i])
		add_parameter(s, words[1], type)
	}
	n_own[s] = n_parameters[s]
}

function add_parameter(s, parameter, type) {
	if ((s, parameter) in number)
		fail(s, "parameter declared twice: " parameter)
	number[s, parameter] = ++n_parameters[s]
	parameters[s, n_parameters[s]] = parameter
	types[s, n_parameters[s]] = type
}

function declare_columns(s, list,    n, i, items) {
	n = split(list, items, /, */)
	for (i = 1; i <= n; i++) {
		columns[s, ++n_columns[s]] = items[i]
		column[s, items[i]] = n_columns[s]
	}
}

function declare_piece(s, line,    words, file, more) {
	split(line, words, " ")
	if (words[4] != "parts/" words[2] ".sql`")
		fail(s, "a piece has its file's name: " line)
	file = folder "/parts/" words[2] ".sql"
	piece[s, words[2]] = ""
	while ((more = (getline line < file)) > 0)
		piece[s, words[2]] = piece[s, words[2]] line "\n"
	if (more < 0)
		fail(s, "there is no " file)
	close(file)
}

# ---- building ----

function build(s,    sql, i, key, parts) {
	sql = text[s]
	if (is_plan[s] != (s ~ /_plan$/))
		fail(s, "a plan ends with \\gset, and its name with _plan")
	if (!is_plan[s] && !sub(/;\n$/, "\n", sql))
		fail(s, "the last line must end with a semicolon")
	if (plan[s] != "" && !is_plan[plan[s]])
		fail(s, "there is no plan " plan[s] ".sql")
	sql = expand(s, sql, "", 0)
	sub(/^\n/, "", sql)
	sub(/\n$/, "", sql)
	built[s] = sql
	for (i = 1; i <= n_parameters[s]; i++)
		if (!used[s, ":" parameters[s, i]])
			fail(s, "parameter not used: " parameters[s, i])
	for (key in piece) {
		split(key, parts, SUBSEP)
		if (parts[1] == s && !used[s, parts[2]])
			fail(s, "piece not used: " parts[2])
	}
}

# The text as psql would send it, but for comments and indentation. Places of
# a plan's columns are marked by \001.
function expand(s, sql, result, depth,    token, end) {
	if (depth > 10)
		fail(s, "a piece is part of itself")
	while (sql != "") {
		if (match(sql, /^[^-:'"$\/;]+/))
			result = result spaced(result, token = substr(sql, 1, RLENGTH))
		else if (match(sql, /^--[^\n]*/))
			token = substr(sql, 1, RLENGTH)
		else if (result ~ /(^|[^A-Za-z0-9_])E$/ && match(sql, /^'([^'\\]|\\.|'')*'/))
			result = result (token = substr(sql, 1, RLENGTH))
		else if (match(sql, /^'([^']|'')*'/) || match(sql, /^"([^"]|"")*"/) || match(sql, /^::/))
			result = result (token = substr(sql, 1, RLENGTH))
		else if (match(sql, /^\$[A-Za-z_]*\$/)) {
			token = substr(sql, 1, RLENGTH)
			end = index(substr(sql, RLENGTH + 1), token)
			if (end == 0)
				fail(s, "no end of " token)
			result = result (token = substr(sql, 1, 2 * RLENGTH + end - 1))
		}
		else if (match(sql, /^:'[a-z_]+'/)) {
			token = substr(sql, 1, RLENGTH)
			result = result "$" parameter_number(s, substr(token, 3, RLENGTH - 3), "text")
		}
		else if (match(sql, /^:[a-z_]+/)) {
			token = substr(sql, 1, RLENGTH)
			result = put_in(s, substr(token, 2), result, depth)
		}
		else if (sql ~ /^(\$|;|'|"|\/\*|:[^ ])/)
			fail(s, "not understood: " substr(sql, 1, 40))
		else
			result = result (token = substr(sql, 1, 1))
		sql = substr(sql, length(token) + 1)
	}
	return result
}

# Without indentation and empty lines.
function spaced(before, token) {
	gsub(/[ \t]*\n[ \t\n]*/, "\n", token)
	if (before == "" || before ~ /\n$/)
		sub(/^[ \t\n]+/, "", token)
	return token
}

function parameter_number(s, parameter, form) {
	if (!((s, parameter) in number) && plan[s] != "" && (plan[s], parameter) in column)
		add_parameter(s, parameter, "text")
	if (!((s, parameter) in number))
		fail(s, "undeclared parameter: " parameter)
	if (number[s, parameter] <= n_own[s] && plan[s] != "" && (plan[s], parameter) in column)
		fail(s, "both a parameter and a column of the plan: " parameter)
	if (used[s, ":" parameter] && used[s, ":" parameter] != form)
		fail(s, "both :'" parameter "' and :" parameter)
	used[s, ":" parameter] = form
	return number[s, parameter]
}

function put_in(s, what, result, depth) {
	if ((s, what) in number)
		return result "$" parameter_number(s, what, "literal")
	if ((s, what) in piece) {
		used[s, what] = 1
		result = expand(s, piece[s, what], result, depth + 1)
		sub(/\n$/, "", result)	# psql's `cat` leaves that out, too
		return result
	}
	if (plan[s] != "" && (plan[s], what) in column)
		return result "\001" what "\001"
	fail(s, "no piece, and no column of a plan: " what)
}

# ---- writing ----

function quoted(sql) {
	gsub(/\\/, "&&", sql)
	gsub(/"/, "\\\"", sql)
	gsub(/\n/, "\\n\"\n\t\"", sql)
	return "\"" sql "\""
}

function arguments(s,    list, i) {
	if (plan[s] != "")
		list = "const PGresult *plan"
	for (i = 1; i <= n_own[s]; i++)
		list = list (list == "" ? "" : ", ") "const char *" parameters[s, i]
	return list == "" ? "void" : list
}

function constant(s, what) {
	return toupper(s "_" what)
}

function values(s,    list, i) {
	for (i = 1; i <= n_parameters[s]; i++)
		list = list (i == 1 ? "" : ", ") (i <= n_own[s] ? parameters[s, i] : \
			"value_at(plan, " constant(plan[s], parameters[s, i]) ")")
	return list == "" ? "NULL" : list
}

function print_header(    i) {
	print "/* The statements of sql/, made by statements.awk. */"
	print "#ifndef STATEMENTS_H\n#define STATEMENTS_H\n\n#include \"db/statement.h\"\n"
	for (i = 1; i <= n_names; i++)
		print_columns(names[i])
	for (i = 1; i <= n_names; i++)
		print_function(names[i])
	print "\n#endif"
}

function print_columns(s,    i) {
	if (!n_columns[s])
		return
	print "enum\n{"
	for (i = 1; i <= n_columns[s]; i++)
		print "\t" constant(s, columns[s, i]) (i < n_columns[s] ? "," : "")
	print "};"
}

function print_function(s) {
	print "\n/* " s ".sql */"
	print "extern const Statement statement_" s ";"
	print "static inline Call\nsql_" s "(" arguments(s) ")\n{"
	print "\treturn (Call) {&statement_" s ", " (plan[s] == "" ? "NULL" : "plan") ", 0, {" values(s) "}};\n}"
}

function print_source(    i, s) {
	print "/* The statements of sql/, made by statements.awk. */\n#include \"db/statements.h\""
	for (i = 1; i <= n_names; i++) {
		s = names[i]
		if (plan[s] != "")
			print_segments(s)
		print "\nconst Statement statement_" s " = {"
		print "\t\"" s "\","
		print "\t" (plan[s] == "" ? quoted(built[s]) ",\n\tNULL" : "NULL,\n\t" s "_segments") ","
		print "\t" (0 + n_parameters[s]) ", {" type_oids(s) "}\n};"
	}
}

function type_oids(s,    list, i) {
	for (i = 1; i <= n_parameters[s]; i++)
		list = list (i == 1 ? "" : ", ") (types[s, i] == "oid" ? "OIDOID" : "TEXTOID")
	return list == "" ? "0" : list
}

function print_segments(s,    n, i, pieces) {
	print "\nstatic const Segment " s "_segments[] = {"
	n = split(built[s], pieces, "\001")
	for (i = 1; i <= n; i += 2)
		print "\t{" quoted(pieces[i]) ", " (i < n ? constant(plan[s], pieces[i + 1]) : "SEGMENTS_END") "},"
	print "};"
}

function print_prepare(s,    i, sql, list, given) {
	if (plan[s] != "")
		print_prepare(plan[s])
	sql = built[s]
	gsub(/\001[a-z_]+\001/, ":&", sql)
	gsub(/\001/, "", sql)
	for (i = 1; i <= n_parameters[s]; i++) {
		list = list (i == 1 ? "(" : ", ") types[s, i]
		given = given (i == 1 ? "(" : ", ") (used[s, ":" parameters[s, i]] == "text" ? \
			":'" parameters[s, i] "'" : ":" parameters[s, i])
	}
	if (list != "") {
		list = list ")"
		given = given ")"
	}
	print "PREPARE " s list " AS\n" sql ";"
	printf "%sEXECUTE %s%s%s\n", is_plan[s] ? "" : ":explain ", s, given, is_plan[s] ? " \\gset" : ";"
}
