"""The change form of LockableAdmin, two users, two tabs: locking.admin."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))
from project import TestCase, main  # noqa: E402

ARTICLE = '/admin/newsroom/article/1/change/'


def fields_of(reply):
    """The names and values that the page's form would send."""
    from html import unescape
    fields = {}
    text = reply.content.decode()
    for tag in re.findall(r'<input [^>]*>', text):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if 'name' in found and found.get('type') not in ('submit', 'checkbox'):
            fields[found['name']] = unescape(found.get('value', ''))
    for name, value in re.findall(r'<textarea name="(\w+)"[^>]*>\r?\n?([^<]*)</textarea>', text):
        fields[name] = unescape(value)
    for name, options in re.findall(r'<select name="([\w-]+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        fields[name] = (re.findall(r'value="([^"]*)" selected', options) or [''])[0]
    return fields


class AdminCase(TestCase):
    def open(self, name, path=ARTICLE):
        """A user opens a form. Return the client, and the fields."""
        client = self.person(name)
        reply = client.get(path)
        self.assertEqual(reply.status_code, 200)
        return client, fields_of(reply)

    def errors(self, reply):
        """The messages of a form that was not saved."""
        self.assertEqual(reply.status_code, 200)
        self.page = reply.content.decode()
        return ' '.join(re.sub(r'<[^>]*>', ' ', each)
                        for each in re.findall(r'<ul class="errorlist[^>]*>.*?</ul>', self.page, re.DOTALL))

    def assertSaved(self, reply):
        self.assertEqual(reply.status_code, 302, getattr(reply, 'content', b'')[-3000:].decode() if reply.status_code == 500
                         else reply.status_code == 200 and self.errors(reply))


class Forms(AdminCase):
    def test_save(self):
        """a form locks its row, carries the token, and is saved and unlocked in one"""
        client, fields = self.open('ann')
        self.assertEqual(self.owner_of(), 'ann')
        self.assertEqual(fields['locking_token'], self.sql('SELECT token FROM locking.locks'))
        self.assertEqual(self.sql('SELECT owner_name FROM locking.locks'), 'Ann Ames')
        self.assertSaved(client.post(ARTICLE, {**fields, 'title': 'Ebb'}))
        self.assertEqual(self.saved(self.article, 'title', 'views'), ['Ebb', 0])
        self.assertEqual(self.owner_of(), '')

    def test_times(self):
        """the lock lasts as long as LOCKING says, or as Protect() does"""
        self.open('ann')
        self.assertEqual(self.sql('SELECT round(seconds_left / 10) FROM locking.locks'), '12')
        from django.test import override_settings
        with override_settings(LOCKING={'time_until_expiration': 300}):
            self.open('ann')
        self.assertEqual(self.sql('SELECT round(seconds_left / 10) FROM locking.locks'), '30')
        from newsroom.models import Note
        note = Note.objects.create(body='x')
        self.open('ann', f'/admin/newsroom/note/{note.pk}/change/')
        self.assertEqual(self.sql("SELECT round(seconds_left / 10) FROM locking.locks WHERE table_name = 'newsroom_note'"), '60')

    def test_read_only(self):
        """another user reads the form, with who and how long, and cannot save"""
        self.open('ann')
        client = self.person('bert')
        reply = client.get(ARTICLE)
        page = reply.content.decode()
        self.assertIn('Ann Ames (ann) is editing this, for another 2 minutes', page)
        self.assertIn('Twice a day.', page)
        self.assertNotIn('name="title"', page)
        self.assertNotIn('name="review_set-0-body"', page)
        self.assertNotIn('name="_save"', page)
        self.assertNotIn('take_over', page)

    def test_refused(self):
        """a form that another user's lock refuses keeps the text, with who and how long"""
        client, fields = self.open('bert')
        self.sql("SET locking.hand_over_time = 0; SELECT locking.break_lock('newsroom_article', '1', '')")
        self.lock('ann', name='Ann Ames')
        typed = {**fields, 'title': 'Bert types', 'body': 'a long text', 'review_set-0-body': 'child text'}
        errors = self.errors(client.post(ARTICLE, typed))
        self.assertIn('Ann Ames (ann) is editing this article, for another 2 minutes', errors)
        for text in ('Bert types', 'a long text', 'child text'):
            self.assertIn(text, self.page)
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')
        self.assertEqual(self.owner_of(), 'ann')

    def test_lost(self):
        """a lost lock: nothing is saved, what is saved now is shown, and a second save succeeds"""
        client, fields = self.open('bert')
        self.sql("SELECT locking.break_lock('newsroom_article', '1', 'lunch');"
                 "UPDATE newsroom_article SET title = 'Of others'; UPDATE newsroom_review SET body = 'Others too'")
        reply = client.post(ARTICLE, {**fields, 'body': 'Bert types'})
        errors = self.errors(reply)
        self.assertIn('broken by postgres', errors)
        self.assertIn('Saved now: Of others', errors)
        self.assertIn('Saved now: Twice a day.', errors)
        self.assertIn('Saved now: Others too', errors)
        self.assertIn('Bert types', self.page)
        self.assertEqual(self.saved(self.article, 'title', 'body'), ['Of others', 'Twice a day.'])
        again = fields_of(reply)
        self.assertNotEqual(again['locking_token'], fields['locking_token'])
        self.assertSaved(client.post(ARTICLE, again))
        self.assertEqual(self.saved(self.article, 'title', 'body'), ['Tides', 'Bert types'])

    def test_no_token(self):
        """a form without its token is not saved"""
        client, fields = self.open('ann')
        for token in ('', 'x', '-1', '99999999999999999999', self.lock('ann', key='2')):
            errors = self.errors(client.post(ARTICLE, {**fields, 'title': 'Ebb', 'locking_token': token}))
            self.assertIn('Nothing was saved', errors)
            self.assertEqual(self.saved(self.article, 'title'), 'Tides')
        del fields['locking_token']
        self.errors(client.post(ARTICLE, {**fields, 'title': 'Ebb'}))
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')

    def test_other_user(self):
        """nor one that another user of the browser opened"""
        _, fields = self.open('ann')
        errors = self.errors(self.person('bert').post(ARTICLE, {**fields, 'title': 'Ebb'}))
        self.assertIn('Ann Ames (ann) is editing this article', errors)
        self.sql("SELECT locking.set_owner('ann', NULL, false), locking.release_all()")
        self.lock('bert', key='2')
        self.errors(self.person('bert').post(ARTICLE, {**fields, 'title': 'Ebb'}))
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')

    def test_two_tabs(self):
        """two tabs of one user: the second save is refused, and says what the first saved"""
        ann, first = self.open('ann')
        second = fields_of(ann.get(ARTICLE))
        self.assertSaved(ann.post(ARTICLE, {**first, 'title': 'First tab'}))
        reply = ann.post(ARTICLE, {**second, 'title': 'Second tab'})
        self.assertIn('Saved now: First tab', self.errors(reply))
        self.assertIn('Second tab', self.page)
        self.assertEqual(self.saved(self.article, 'title'), 'First tab')

    def test_invalid(self):
        """a form with an error keeps its lock and its token"""
        client, fields = self.open('ann')
        reply = client.post(ARTICLE, {**fields, 'title': 'Forbidden'})
        self.assertIn('This title is forbidden', self.errors(reply))
        self.assertEqual(self.owner_of(), 'ann')
        self.assertEqual(fields_of(reply)['locking_token'], fields['locking_token'])
        self.assertSaved(client.post(ARTICLE, {**fields_of(reply), 'title': 'Ebb'}))

    def test_lapsed(self):
        """a lock that lapsed is resumed by the save, unless another user wrote"""
        client, fields = self.open('ann')
        self.sql("UPDATE locking.lock SET expires_at = now() - interval '1 s', renewed_at = now() - interval '3 min'")
        self.assertSaved(client.post(ARTICLE, {**fields, 'title': 'Ebb'}))
        self.assertEqual(self.saved(self.article, 'title'), 'Ebb')
        client, fields = self.open('ann')
        self.sql("UPDATE locking.lock SET expires_at = now() - interval '1 s', renewed_at = now() - interval '3 min';"
                 "UPDATE newsroom_article SET title = 'Of others' WHERE id = 1")
        self.assertIn('Saved now: Of others', self.errors(client.post(ARTICLE, {**fields, 'title': 'Flood'})))
        self.assertEqual(self.saved(self.article, 'title'), 'Of others')

    def test_confirmed_in_transaction(self):
        """the lock is confirmed in the transaction that saves"""
        from django.db.models.signals import post_save
        from newsroom.models import Article
        seen = []

        def look(**kwargs):
            seen.append((self.connection.in_atomic_block, self.fails(
                "SET lock_timeout = '100ms'; SELECT locking.break_lock('newsroom_article', '1', '')")))
        client, fields = self.open('ann')
        post_save.connect(look, sender=Article)
        try:
            self.assertSaved(client.post(ARTICLE, {**fields, 'title': 'Ebb'}))
        finally:
            post_save.disconnect(look, sender=Article)
        self.assertEqual(seen, [(True, True)])

    def fails(self, text):
        import subprocess
        try:
            self.sql(text)
        except subprocess.CalledProcessError:
            return True
        return False

    def test_continue(self):
        """saving and continuing ends in the form, with a lock"""
        client, fields = self.open('ann')
        reply = client.post(ARTICLE, {**fields, 'title': 'Ebb', '_continue': '1'}, follow=True)
        self.assertEqual(fields_of(reply)['title'], 'Ebb')
        self.assertEqual(self.owner_of(), 'ann')

    def test_viewer(self):
        """a user who may only read locks nothing"""
        from django.contrib.auth.models import Permission, User
        User.objects.get(username='eve').user_permissions.set(
            Permission.objects.filter(codename='view_article'))
        self.assertEqual(self.person('eve').get(ARTICLE).status_code, 200)
        self.assertEqual(self.owner_of(), '')

    def test_gone(self):
        """a row that is gone, and keys that are none"""
        client = self.person('ann')
        for key in ('99', 'x', '99999999999'):
            if key != '99999999999':
                self.assertEqual(client.get(f'/admin/newsroom/article/{key}/change/').status_code, 302)
        client, fields = self.open('ann')
        self.sql('SET locking.enforce = off; DELETE FROM newsroom_review; DELETE FROM newsroom_article WHERE id = 1')
        self.assertEqual(client.post(ARTICLE, fields).status_code, 302)

    def test_unlocked(self):
        """a form of a plain ModelForm, and a table that needs locks for writing"""
        from newsroom.models import Note
        note = Note.objects.create(body='x')
        path = f'/admin/newsroom/note/{note.pk}/change/'
        client, fields = self.open('ann', path)
        self.assertSaved(client.post(path, {**fields, 'body': 'y'}))
        self.assertEqual(self.saved(note, 'body'), 'y')

    def test_add(self):
        """adding needs no lock"""
        client = self.person('ann')
        fields = fields_of(client.get('/admin/newsroom/article/add/'))
        self.assertSaved(client.post('/admin/newsroom/article/add/', {**fields, 'title': 'New'}))

    def test_saved_by_shell(self):
        """who writes past the admin is refused, too"""
        self.open('ann')
        from locking.owner import acting_as
        with acting_as('bert'), self.assertRaisesRegex(Exception, 'locked by Ann Ames'):
            self.article.title = 'Bert types'
            self.article.save()


class Inlines(AdminCase):
    def test_saved(self):
        """rows of inlines are saved under the lock of their parent"""
        client, fields = self.open('ann')
        self.assertSaved(client.post(ARTICLE, {**fields, 'review_set-0-body': 'Better', 'review_set-1-body': 'New'}))
        self.assertEqual(self.sql("SELECT string_agg(body, ' ' ORDER BY id) FROM newsroom_review"), 'Better New')

    def test_child_alone(self):
        """a child's own form is refused while another user has its parent"""
        self.open('ann')
        path = '/admin/newsroom/review/1/change/'
        client, fields = self.open('bert', path)
        errors = self.errors(client.post(path, {**fields, 'body': 'Bert types'}))
        self.assertIn('locked by Ann Ames (ann)', errors)
        self.assertIn('For another', errors)
        self.assertIn('Bert types', self.page)
        self.assertEqual(self.saved(self.review, 'body'), 'Good')

    def test_child_added(self):
        """and so is a new child"""
        self.open('ann')
        client = self.person('bert')
        fields = fields_of(client.get('/admin/newsroom/review/add/'))
        errors = self.errors(client.post('/admin/newsroom/review/add/', {**fields, 'article': '1', 'body': 'Bert types'}))
        self.assertIn('locked by Ann Ames (ann)', errors)
        self.assertIn('Bert types', self.page)

    def test_child_locked(self):
        """a form whose inline another user has locked keeps its text"""
        self.lock('ann', 'newsroom_review', '1', 'Ann Ames')
        client, fields = self.open('bert')
        errors = self.errors(client.post(ARTICLE, {**fields, 'title': 'Bert types', 'review_set-0-body': 'Worse'}))
        self.assertIn('locked by Ann Ames (ann)', errors)
        self.assertIn('Bert types', self.page)
        self.assertIn('Worse', self.page)
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')

    def test_automatic(self):
        """inlines of a LockableAdmin are protected by their parent, without a migration"""
        from newsroom.models import Member, Team
        team = Team.objects.create(name='Desk')
        member = Member.objects.create(team=team, name='Dora')
        self.lock('ann', 'newsroom_team', team.pk)
        from locking.owner import acting_as
        with acting_as('bert'), self.assertRaisesRegex(Exception, 'locked by ann'):
            member.save()


class Deleting(AdminCase):
    def test_deleted(self):
        """deleting a free row, also of a table that needs locks for writing"""
        from newsroom.models import Note
        note = Note.objects.create(body='x')
        client = self.person('bert')
        for path in ('newsroom/article/1', f'newsroom/note/{note.pk}'):
            self.assertSaved(client.post(f'/admin/{path}/delete/', {'post': 'yes'}))
        self.assertEqual(self.sql('SELECT count(*) FROM newsroom_article'), '1')
        self.assertEqual(self.sql('SELECT count(*) FROM newsroom_note'), '0')
        self.assertEqual(self.sql('SELECT count(*) FROM locking.locks'), '0')

    def test_refused(self):
        """the delete view of a locked row says who has it and how long"""
        self.open('ann')
        reply = self.person('bert').post('/admin/newsroom/article/1/delete/', {'post': 'yes'}, follow=True)
        self.assertEqual(reply.status_code, 200)
        self.assertIn('Nothing was changed. Ann Ames (ann) is editing this article, for another 2 minutes.',
                      reply.content.decode())
        self.assertEqual(self.sql('SELECT count(*) FROM newsroom_article'), '2')

    def test_cascade(self):
        """and so does one whose cascade reaches a locked row"""
        self.lock('ann', 'newsroom_review', '1', 'Ann Ames')
        reply = self.person('bert').post('/admin/newsroom/article/1/delete/', {'post': 'yes'}, follow=True)
        self.assertEqual(reply.status_code, 200)
        self.assertIn('locked by Ann Ames (ann)', reply.content.decode())
        self.assertEqual(self.sql('SELECT count(*) FROM newsroom_article'), '2')


class Forcing(AdminCase):
    PATH = '/admin/ajax/newsroom/article/1/take_over/'

    def test_offered(self):
        """taking over is offered to those who have the permission"""
        self.open('ann')
        self.assertIn(self.PATH, self.person('chief').get(ARTICLE).content.decode())

    def test_taken_over(self):
        """and ends the other's lock, whose text is not lost"""
        ann, fields = self.open('ann')
        chief = self.person('chief')
        reply = chief.post(self.PATH, HTTP_REFERER='http://testserver' + ARTICLE)
        self.assertEqual((reply.status_code, reply['Location']), (302, 'http://testserver' + ARTICLE))
        self.assertEqual(self.owner_of(), 'chief')
        errors = self.errors(ann.post(ARTICLE, {**fields, 'title': 'Ann types'}))
        self.assertIn('Carla Chief (chief) is editing this article', errors)
        self.assertIn('Ann types', self.page)
        chief, fields = self.open('chief')
        self.assertSaved(chief.post(ARTICLE, {**fields, 'title': 'Ebb'}))

    def test_refused(self):
        """others may not, nor without the CSRF token"""
        self.open('ann')
        self.person('bert').post(self.PATH)
        self.assertEqual(self.owner_of(), 'ann')
        self.assertEqual(self.person('chief', enforce_csrf_checks=True).post(self.PATH).status_code, 403)
        self.assertEqual(self.person('chief').get(self.PATH).status_code, 405)
        self.assertEqual(self.owner_of(), 'ann')

    def test_elsewhere(self):
        """nor are they sent to another site afterwards"""
        reply = self.person('chief').post(self.PATH, HTTP_REFERER='https://example.com/')
        self.assertEqual(reply['Location'], '/admin/')


class Beside(AdminCase):
    """With locking-web beside, whose <locking-form> locks and sends the token."""

    def setUp(self):
        super().setUp()
        from django.test import override_settings
        settings = override_settings(LOCKING={'web': 'https://locks.example.org/'})
        settings.enable()
        self.addCleanup(settings.disable)

    def test_page(self):
        """the form is wrapped, and says with which lock it was read"""
        client = self.person('ann')
        page = client.get(ARTICLE).content.decode()
        self.assertIn('<script type="module" src="https://locks.example.org/static/locking-form.js">', page)
        self.assertIn('<locking-form table="&quot;newsroom_article&quot;" key="1">', page)
        self.assertNotIn('name="locking_token"', page)
        self.assertIn('name="title"', self.person('bert').get(ARTICLE).content.decode())

    def send(self, client, fields, **more):
        token = self.sql("SELECT token FROM locking.locks WHERE owner = 'ann'")
        return client.post(ARTICLE, {**fields, 'locking_token': token, **more})

    def test_saved(self):
        """it is saved with the token of <locking-form>, and drafts end"""
        client, fields = self.open('ann')
        self.sql("SELECT locking.set_owner('ann', NULL, false), locking.save_draft_of('newsroom_article', '1', '{}')")
        self.assertSaved(self.send(client, fields, title='Ebb'))
        self.assertEqual(self.saved(self.article, 'title'), 'Ebb')
        self.assertEqual(self.sql('SELECT count(*) FROM locking.draft'), '0')

    def test_locked_again(self):
        """a reload locks again: that is no loss, unless another user wrote in between"""
        client, fields = self.open('ann')
        again = "SELECT locking.set_owner('ann', NULL, false), locking.release_all();"
        self.sql(again)
        self.lock('ann')
        self.assertSaved(self.send(client, fields, title='Ebb'))
        client, fields = self.open('ann')
        self.sql(again + "UPDATE newsroom_article SET title = 'Of others' WHERE id = 1")
        self.lock('ann')
        self.assertIn('Saved now: Of others', self.errors(self.send(client, fields, title='Flood')))
        self.assertEqual(self.saved(self.article, 'title'), 'Of others')

    def test_waited(self):
        """a page that was read while another user had the row is not saved"""
        token = self.lock('bert')
        client, fields = self.open('ann')
        self.sql(f"SELECT locking.set_owner('bert', NULL, false), locking.release({token})")
        self.lock('ann')
        self.assertIn('Another user may have changed it', self.errors(self.send(client, fields, title='Ebb')))
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')


class AtomicForms(Forms):
    def setUp(self):
        super().setUp()
        self.connection.settings_dict['ATOMIC_REQUESTS'] = True
        self.addCleanup(self.connection.settings_dict.update, ATOMIC_REQUESTS=False)

    def shortDescription(self):
        return f'with ATOMIC_REQUESTS: {super().shortDescription()}'


if __name__ == '__main__':
    main('clients_django_admin')
