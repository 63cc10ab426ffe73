-- One more than are shown, to see whether there is a further page. The
-- planner can evaluate this expression, as it reads no table.
least(greatest(coalesce(:limit::int, 50), 0), 1000) + 1
