"""Prints the exception for each SQLSTATE of errors.tsv."""
import psycopg

import editing

for line in open('../errors.tsv'):
    state, statement = line.rstrip('\n').split('\t')
    try:
        with editing.connect() as connection:
            connection.execute(statement)
    except psycopg.Error as error:
        kind = type(error)
        print(f'{state}: {kind.__name__} ({kind.__base__.__name__})')

with editing.connect() as connection, connection.transaction(force_rollback=True):
    connection.execute(open('../skip.sql').read())
    print(f'skipped UPDATE: rowcount {connection.execute("UPDATE article SET price = 6 WHERE id = 44").rowcount}')
