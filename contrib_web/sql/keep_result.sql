-- Keeps the result of a request for its repetitions.
-- parameters: id, result
SELECT locking.keep_result(:'id'::text, :'result'::text);
