-- LIMIT for a page: one row more than is shown, to find out whether there is
-- a further page. The expression reads no table, so the planner can evaluate
-- it.
least(greatest(coalesce(:limit::int, 50), 0), 1000) + 1
