# Generator of C from the statements in sql/:
#
#	awk -v output=KIND -f statements.awk sql/*.sql
#
# A file in sql/ is a psql script of one statement, which runs in that folder
# with its parameters as variables: psql -v table=article -f may_read.sql.
# This program expands the script as psql does, and generates a prepared
# statement. It supports this part of psql's language:
#
# -- parameters: table oid, key
#		names of $1, $2, ...; the type is text unless it is oid
# -- returns: problem, detail
#		columns of the result, for an enum in C
# \set fragment `cat parts/fragment.sql`
#		a fragment that several statements share; :fragment inserts it
# :'name'
#		the value of a parameter, which becomes $n
# :name
#		the same for a parameter that may be NULL, as SQL: psql -v owner=NULL,
#		or -v owner="'anna'"
# \gset
#		ends a plan: a statement that returns SQL for another statement
# \ir name_plan.sql
#		runs a plan first; then :column inserts SQL from the plan's row, and
#		:'column' is a parameter with that value
#
# Anything else is an error. So is a name that is declared but not used, or
# used but not declared.
#
# Kinds of output: header and source, for the program; prepare, a psql script
# that prepares and executes the statement NAME (-v name=NAME), for tests.

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
	else if (line ~ /^-- returns: /)
		declare_columns(s, substr(line, 13))
	else if (line ~ /^\\set [a-z_]+ `cat parts\/[a-z_]+\.sql`$/)
		declare_fragment(s, line)
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

function declare_fragment(s, line,    words, file, more) {
	split(line, words, " ")
	if (words[4] != "parts/" words[2] ".sql`")
		fail(s, "a fragment must have the name of its file: " line)
	file = folder "/parts/" words[2] ".sql"
	fragment[s, words[2]] = ""
	while ((more = (getline line < file)) > 0)
		fragment[s, words[2]] = fragment[s, words[2]] line "\n"
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
	for (key in fragment) {
		split(key, parts, SUBSEP)
		if (parts[1] == s && !used[s, parts[2]])
			fail(s, "fragment not used: " parts[2])
	}
}

# Returns the text that psql would send, without comments and indentation. A
# column of a plan is enclosed in \001.
function expand(s, sql, result, depth,    token, end) {
	if (depth > 10)
		fail(s, "a fragment is part of itself")
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
			result = substitute(s, substr(token, 2), result, depth)
		}
		else if (sql ~ /^(\$|;|'|"|\/\*|:[^ ])/)
			fail(s, "unsupported syntax: " substr(sql, 1, 40))
		else
			result = result (token = substr(sql, 1, 1))
		sql = substr(sql, length(token) + 1)
	}
	return result
}

# Removes indentation and empty lines.
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

function substitute(s, variable, result, depth) {
	if ((s, variable) in number)
		return result "$" parameter_number(s, variable, "literal")
	if ((s, variable) in fragment) {
		used[s, variable] = 1
		result = expand(s, fragment[s, variable], result, depth + 1)
		sub(/\n$/, "", result)	# psql also removes it from the output of `cat`
		return result
	}
	if (plan[s] != "" && (plan[s], variable) in column)
		return result "\001" variable "\001"
	fail(s, "no fragment, and no column of a plan: " variable)
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

function constant(s, name) {
	return toupper(s "_" name)
}

function values(s,    list, i) {
	for (i = 1; i <= n_parameters[s]; i++)
		list = list (i == 1 ? "" : ", ") (i <= n_own[s] ? parameters[s, i] : \
			"value_at(plan, " constant(plan[s], parameters[s, i]) ")")
	return list == "" ? "NULL" : list
}

function print_header(    i) {
	print "/* The statements of sql/, generated by statements.awk. */"
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
	print "/* The statements of sql/, generated by statements.awk. */\n#include \"db/statements.h\""
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

function print_prepare(s,    i, sql, type_list, arguments_sql) {
	if (plan[s] != "")
		print_prepare(plan[s])
	sql = built[s]
	gsub(/\001[a-z_]+\001/, ":&", sql)
	gsub(/\001/, "", sql)
	for (i = 1; i <= n_parameters[s]; i++) {
		type_list = type_list (i == 1 ? "(" : ", ") types[s, i]
		arguments_sql = arguments_sql (i == 1 ? "(" : ", ") (used[s, ":" parameters[s, i]] == "text" ? \
			":'" parameters[s, i] "'" : ":" parameters[s, i])
	}
	if (type_list != "") {
		type_list = type_list ")"
		arguments_sql = arguments_sql ")"
	}
	print "PREPARE " s type_list " AS\n" sql ";"
	printf "%sEXECUTE %s%s%s\n", is_plan[s] ? "" : ":explain ", s, arguments_sql, is_plan[s] ? " \\gset" : ";"
}
