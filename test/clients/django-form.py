"""LockingForm in a view that is not the admin's."""
import re
import sys
from html import unescape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))
from project import TestCase, main  # noqa: E402

PATH = '/form/1/'


class Form(TestCase):
    def open(self, name):
        client = self.person(name)
        return client, self.fields_of(client.get(PATH))

    def fields_of(self, reply):
        self.page = unescape(reply.content.decode())
        fields = {}
        for tag in re.findall(r'<input [^>]*>', self.page):
            found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            fields[found['name']] = found.get('value', '')
        fields.update(re.findall(r'<textarea name="(\w+)"[^>]*>\r?\n?([^<]*)</textarea>', self.page))
        return fields

    def test_saved(self):
        """the form locks the row, and its save unlocks it"""
        client, fields = self.open('ann')
        self.assertEqual(self.owner_of(), 'ann')
        self.assertEqual(client.post(PATH, {**fields, 'title': 'Ebb'}).status_code, 302)
        self.assertEqual(self.saved(self.article, 'title'), 'Ebb')
        self.assertEqual(self.owner_of(), '')

    def test_refused(self):
        """a user who does not have the lock gets the form back, with who and how long"""
        self.open('ann')
        client, fields = self.open('bert')
        self.assertEqual(fields['locking_token'], '')
        reply = client.post(PATH, {**fields, 'title': 'Bert types'})
        self.assertEqual(self.fields_of(reply)['title'], 'Bert types')
        self.assertIn('Ann Ames (ann) is editing this article, for another 2 minutes', self.page)
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')

    def test_lost(self):
        """a lost lock: what is saved now is shown, and a second save succeeds"""
        client, fields = self.open('bert')
        self.sql("SELECT locking.break_lock('newsroom_article', '1', 'lunch');"
                 "UPDATE newsroom_article SET title = 'Of others'")
        again = self.fields_of(client.post(PATH, {**fields, 'body': 'Bert types'}))
        self.assertIn('Saved now: Of others', self.page)
        self.assertEqual(again['body'], 'Bert types')
        self.assertEqual(client.post(PATH, again).status_code, 302)
        self.assertEqual(self.saved(self.article, 'body'), 'Bert types')

    def test_lost_between(self):
        """a lock that is lost between is_valid() and save() refuses the save, too"""
        from locking.owner import acting_as
        from locking.refusal import Refused
        from newsroom.views import ArticleForm
        with acting_as('ann'):
            page = ArticleForm(instance=self.article).locked()
            form = ArticleForm({**page.initial, 'title': 'Ebb'}, instance=self.article)
            self.assertTrue(form.is_valid())
            self.sql("SELECT locking.break_lock('newsroom_article', '1', 'lunch')")
            with self.assertRaisesRegex(Refused, 'Your lock has ended'):
                form.save()
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')

    def test_read_after_lock(self):
        """the page shows the row as it is once it is locked"""
        from django.db.models.signals import post_init
        from newsroom.models import Article

        def write(**kwargs):
            post_init.disconnect(write, sender=Article)
            self.sql("UPDATE newsroom_article SET title = 'Ann saved' WHERE id = 1")
        post_init.connect(write, sender=Article)
        _, fields = self.open('bert')
        self.assertEqual(fields['title'], 'Ann saved')


if __name__ == '__main__':
    main('clients_django_form')
