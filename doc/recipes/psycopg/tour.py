"""A tour: two users and a moderator of an application work on article 42."""
import math

import psycopg

import editing
from editing import User

ann, bert, carla = User('Ann', 'Ann Ames'), User('bert', 'Bert Brandt'), User('carla', 'Carla Chief')


def open_and_tell(user):
    opened = editing.open_article(connection, user, 42)
    print(f'{user.name} opens article 42: {opened.title}')
    return opened.token


def save_and_tell(user, token, title):
    editing.save(connection, user, 42, token, title)
    print(f'{user.name} saves: {title}')


with editing.connect() as connection:
    token = open_and_tell(ann)
    try:
        open_and_tell(bert)
    except editing.RowLocked as refusal:
        print(f'{bert.name} is refused: {refusal}')
    try:
        with editing.transaction(connection, bert):
            connection.execute("UPDATE article SET title = 'Mine' WHERE id = 42")
    except psycopg.errors.LockNotAvailable as error:
        print(f'A write that does not ask is refused: {error.diag.message_primary}')
    seconds = editing.renew(connection, ann, token, 'Ebb and')
    print(f'{ann.name} renews, for another {math.ceil(seconds)} seconds')
    save_and_tell(User('ann', 'Ann Ames'), token, 'Ebb and flow')

    lost = open_and_tell(bert)
    editing.end_lock(connection, carla, 42, 'deadline')
    print(f"{carla.name} ends the lock of {bert.name}")
    save_and_tell(ann, open_and_tell(ann), 'Spring tide')
    try:
        save_and_tell(bert, lost, 'Tides')
    except editing.LockLost as refusal:
        print(f'The save of {bert.name} is refused: {refusal}')
    save_and_tell(bert, open_and_tell(bert), 'Tides')
