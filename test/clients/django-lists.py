"""Lists of LockableAdmin: the lock column, list_editable, actions."""
import re
import sys
from html import unescape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))
from project import TestCase, main  # noqa: E402

LIST = '/admin/newsroom/article/'


class ListCase(TestCase):
    def open(self, name):
        """A user opens the list. Return the client, and the fields."""
        client = self.person(name)
        self.page = client.get(LIST).content.decode()
        fields = {}
        for tag in re.findall(r'<input [^>]*>', self.page):
            found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            if found.get('name', '').startswith(('form-', 'initial-')):
                fields[found['name']] = unescape(found.get('value', ''))
        fields['_save'] = 'Save'
        return client, fields

    def errors(self, reply):
        self.assertEqual(reply.status_code, 200)
        self.page = reply.content.decode()
        return ' '.join(re.sub(r'<[^>]*>', ' ', each)
                        for each in re.findall(r'<ul class="errorlist[^>]*>.*?</ul>', self.page, re.DOTALL))

    def row_of(self, fields, pk):
        """The prefix of a row's fields."""
        name = next(name for name, value in fields.items() if name.endswith('-id') and value == str(pk))
        return name[:-len('id')]


class Column(ListCase):
    def test_column(self):
        """a list shows who edits a row and for how long, in one query for all rows"""
        self.lock('ann', name='Ann Ames')
        self.lock('chief', key='2')
        self.open('bert')
        self.assertIn('<span title="Ann Ames">ann</span>', self.page)
        self.assertIn('Locked for another 2 minutes.', self.page)
        self.assertNotIn('unlock/', self.page)
        from django.test.utils import CaptureQueriesContext
        client = self.person('bert')
        with CaptureQueriesContext(self.connection) as queries:
            client.get(LIST)
        self.assertEqual(sum('locks_of' in query['sql'] for query in queries), 1)

    def test_unlock(self):
        """the icon unlocks one's own rows, and with the permission those of others"""
        self.lock('ann', name='Ann Ames')
        path = '/admin/ajax/newsroom/article/1/unlock/'
        for name in ('ann', 'chief'):
            client, _ = self.open(name)
            self.assertIn(f'data-action="{path}"', self.page)
        reply = client.post(path, HTTP_REFERER='http://testserver' + LIST)
        self.assertEqual((reply.status_code, reply['Location']), (302, 'http://testserver' + LIST))
        self.assertEqual(self.owner_of(), '')
        self.assertEqual(self.sql("SELECT actor FROM locking.history WHERE event = 'broken' ORDER BY id DESC LIMIT 1"), 'chief')

    def test_string(self):
        """list_display as a string, as in django-locking's README"""
        from newsroom.models import Note
        note = Note.objects.create(body='x')
        self.lock('ann', 'newsroom_note', note.pk)
        self.assertContainsOwner(self.person('bert').get('/admin/newsroom/note/'))

    def assertContainsOwner(self, reply):
        self.assertIn('>ann</span>', reply.content.decode())


class Editing(ListCase):
    def test_saved(self):
        """rows are saved, and no lock remains"""
        client, fields = self.open('ann')
        self.assertEqual(client.post(LIST, {**fields, self.row_of(fields, 1) + 'price': '9'}).status_code, 302)
        self.assertEqual(self.saved(self.article, 'title', 'price', 'body'), ['Tides', 9, 'Twice a day.'])
        self.assertEqual(self.sql('SELECT count(*) FROM locking.locks'), '0')

    def test_refused(self):
        """a locked row refuses all, says who and how long at the row, and keeps the text"""
        client, fields = self.open('bert')
        self.lock('ann', name='Ann Ames')
        typed = {**fields, self.row_of(fields, 1) + 'title': 'Bert types', self.row_of(fields, 2) + 'title': 'And more'}
        errors = self.errors(client.post(LIST, typed))
        self.assertIn('Ann Ames (ann) is editing this article, for another 2 minutes', errors)
        self.assertIn('value="Bert types"', self.page)
        self.assertIn('value="And more"', self.page)
        self.assertEqual((self.saved(self.article, 'title'), self.saved(self.other, 'title')), ('Tides', 'Dunes'))
        self.assertEqual(self.sql('SELECT owner FROM locking.locks'), 'ann')

    def test_untouched(self):
        """locked rows that the user did not change are no obstacle"""
        client, fields = self.open('bert')
        self.lock('ann')
        self.assertEqual(client.post(LIST, {**fields, self.row_of(fields, 2) + 'title': 'Hills'}).status_code, 302)
        self.assertEqual(self.saved(self.other, 'title'), 'Hills')

    def test_stale(self):
        """what was saved since the list was opened is not overwritten"""
        client, fields = self.open('bert')
        self.sql("UPDATE newsroom_article SET title = 'Ann saved' WHERE id = 1")
        typed = {**fields, self.row_of(fields, 1) + 'price': '9'}
        reply = client.post(LIST, typed)
        self.assertIn('Another user has changed this. Saved now: Ann saved', self.errors(reply))
        self.assertIn('value="9"', self.page)
        self.assertEqual(self.saved(self.article, 'title', 'price'), ['Ann saved', 3])

    def test_stale_untouched(self):
        """nor where the user did not touch the row"""
        client, fields = self.open('bert')
        self.sql("UPDATE newsroom_article SET title = 'Ann saved' WHERE id = 1")
        self.assertEqual(client.post(LIST, {**fields, self.row_of(fields, 2) + 'price': '9'}).status_code, 302)
        self.assertEqual(self.saved(self.article, 'title'), 'Ann saved')

    def test_stale_date(self):
        """nor in a field of several inputs"""
        self.sql("UPDATE newsroom_article SET published = '2026-01-01 10:00Z'")
        client, fields = self.open('bert')
        self.assertEqual(client.post(LIST, {**fields, self.row_of(fields, 1) + 'price': '8'}).status_code, 302)
        client, fields = self.open('bert')
        self.sql("UPDATE newsroom_article SET published = '2026-01-02 10:00Z'")
        errors = self.errors(client.post(LIST, {**fields, self.row_of(fields, 1) + 'price': '9'}))
        self.assertIn('Another user has changed this', errors)
        self.assertEqual(self.saved(self.article, 'price'), 8)

    def test_other_columns(self):
        """columns that are not in the list stay as another user saved them meanwhile"""
        from unittest import mock
        from locking.rows import WriteLocks
        client, fields = self.open('bert')
        acquire = WriteLocks.acquire

        def write(*args):
            # The form has been read, and its row is not locked yet.
            self.sql("UPDATE newsroom_article SET body = 'Ann saved' WHERE id = 1")
            return acquire(*args)
        with mock.patch.object(WriteLocks, 'acquire', write):
            self.assertEqual(client.post(LIST, {**fields, self.row_of(fields, 1) + 'price': '9'}).status_code, 302)
        self.assertEqual(self.saved(self.article, 'body', 'price'), ['Ann saved', 9])

    def test_refused_late(self):
        """a refusal by the database itself is told the same way"""
        from django.db.models.signals import pre_save
        from newsroom.models import Article, Review
        self.lock('ann', 'newsroom_review', '1', 'Ann Ames')
        client, fields = self.open('bert')

        def also(instance, **kwargs):
            Review.objects.filter(article=instance).update(body='Bert types')
        pre_save.connect(also, sender=Article)
        try:
            errors = self.errors(client.post(LIST, {**fields, self.row_of(fields, 1) + 'title': 'Bert types'}))
        finally:
            pre_save.disconnect(also, sender=Article)
        self.assertIn('locked by Ann Ames (ann)', errors)
        self.assertIn('value="Bert types"', self.page)
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')

    def test_gone(self):
        """a row that was deleted meanwhile is no error 500"""
        client, fields = self.open('bert')
        self.sql('DELETE FROM newsroom_article WHERE id = 2')
        self.assertEqual(client.post(LIST, {**fields, self.row_of(fields, 2) + 'price': '9'}).status_code, 200)


class Actions(ListCase):
    def act(self, name, action, **more):
        return self.person(name).post(LIST, {'action': action, '_selected_action': ['1', '2'], 'index': '0', **more}, follow=True)

    def test_done(self):
        """actions write the rows"""
        self.act('ann', 'raise_price')
        self.assertEqual((self.saved(self.article, 'price'), self.saved(self.other, 'price')), (4, 5))

    def test_refused(self):
        """an action that meets a locked row does nothing, and says who and how long"""
        self.lock('ann', key='1', name='Ann Ames')
        reply = self.act('bert', 'raise_price')
        self.assertEqual(reply.status_code, 200)
        self.assertIn('Nothing was changed.', reply.content.decode())
        self.assertIn('locked by Ann Ames (ann)', reply.content.decode())
        self.assertEqual((self.saved(self.article, 'price'), self.saved(self.other, 'price')), (3, 4))

    def test_delete(self):
        """nor does deleting the selected rows"""
        self.lock('ann', key='2', name='Ann Ames')
        reply = self.act('bert', 'delete_selected', post='yes')
        self.assertIn('Ann Ames (ann) is editing this article, for another 2 minutes', reply.content.decode())
        self.assertEqual(self.sql('SELECT count(*) FROM newsroom_article'), '2')
        self.act('ann', 'delete_selected', post='yes')
        self.assertEqual(self.sql('SELECT count(*) FROM newsroom_article'), '0')

    def test_delete_required(self):
        """rows of a table that needs locks for writing are deleted as well"""
        from newsroom.models import Note
        notes = [str(Note.objects.create(body='x').pk) for _ in range(2)]
        self.person('ann').post('/admin/newsroom/note/', {
            'action': 'delete_selected', '_selected_action': notes, 'index': '0', 'post': 'yes'})
        self.assertEqual(self.sql('SELECT count(*) FROM newsroom_note'), '0')


if __name__ == '__main__':
    main('clients_django_lists')
