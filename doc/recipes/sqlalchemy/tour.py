"""A tour: two users and a moderator of an application work on article 42."""
import math

from sqlalchemy.exc import OperationalError

import editing
from editing import Article, User

ann, bert, carla = User('Ann', 'Ann Ames'), User('bert', 'Bert Brandt'), User('carla', 'Carla Chief')


def open_and_tell(user):
    token, article = editing.open_article(user, 42)
    print(f'{user.name} opens article 42: {article.title}')
    return token, article


def save_and_tell(user, token, article, title):
    article.title = title
    editing.save(user, token, article)
    print(f'{user.name} saves: {title}')


token, article = open_and_tell(ann)
try:
    save_and_tell(bert, open_and_tell(bert), 'Tides')
except editing.RowLocked as refusal:
    print(f'{bert.name} is refused: {refusal}')
try:
    with editing.session_of(bert) as session:
        session.get(Article, 42).title = 'Mine'
except OperationalError as error:
    print(f'A write that does not ask is refused: {error.orig.diag.message_primary}')
seconds = editing.renew(ann, token, 'Ebb and')
print(f'{ann.name} renews, for another {math.ceil(seconds)} seconds')
save_and_tell(User('ann', 'Ann Ames'), token, article, 'Ebb and flow')

lost = open_and_tell(bert)
editing.end_lock(carla, 42, 'deadline')
print(f"{carla.name} ends the lock of {bert.name}")
save_and_tell(ann, *open_and_tell(ann), 'Spring tide')
try:
    save_and_tell(bert, *lost, 'Tides')
except editing.LockLost as refusal:
    print(f'The save of {bert.name} is refused: {refusal}')
save_and_tell(bert, *open_and_tell(bert), 'Tides')
