"""Prints the exception for each SQLSTATE of errors.tsv."""
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

import editing


def kind(error):
    return f'{type(error).__name__} ({type(error).__base__.__name__})'


for line in open('../errors.tsv'):
    state, statement = line.rstrip('\n').split('\t')
    try:
        with editing.engine.connect().execution_options(isolation_level='AUTOCOMMIT') as connection:
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        print(f'{state}: {kind(error)}')

with Session(editing.engine, future=True) as session:
    session.execute(text(open('../skip.sql').read()))
    session.get(editing.Article, 44).price = 6
    try:
        session.flush()
    except StaleDataError as error:
        print(f'skipped UPDATE: {kind(error)}')
