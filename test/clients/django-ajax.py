"""The calls of django-locking's own script, and those of the pages."""
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))
from project import TestCase, main  # noqa: E402

SCRIPT = {'HTTP_X_REQUESTED_WITH': 'XMLHttpRequest'}
STORY = 'newsroom/article/1'


class Ajax(TestCase):
    def setUp(self):
        super().setUp()
        self.ann, self.bert, self.chief, self.eve = (self.person(name) for name in ('ann', 'bert', 'chief', 'eve'))

    def call(self, client, path, **more):
        """What the script does: a GET, past caches."""
        return client.get(f'/admin/ajax/{path}/', {'_': '1290000000000'}, **{**SCRIPT, **more})

    def assertEmpty(self, reply, status):
        self.assertEqual((reply.status_code, reply.content), (status, b''))

    def assertLock(self, client, is_active, for_user, applies):
        reply = self.call(client, f'{STORY}/is_locked')
        self.assertEqual((reply.status_code, reply['Content-Type']), (200, 'application/json'))
        self.assertEqual(reply.json(), {'is_active': is_active, 'for_user': for_user, 'applies': applies})

    def test_two_editors(self):
        """one row, two editors"""
        self.assertLock(self.ann, False, None, False)
        self.assertEmpty(self.call(self.ann, f'{STORY}/unlock'), 403)
        self.assertEmpty(self.call(self.ann, f'{STORY}/lock'), 200)
        self.assertLock(self.ann, True, 'ann', False)
        self.assertLock(self.bert, True, 'ann', True)
        self.assertEmpty(self.call(self.ann, f'{STORY}/lock'), 200)
        self.assertEqual(self.sql('SELECT count(*) FROM locking.lock'), '1')
        self.assertEmpty(self.call(self.bert, f'{STORY}/lock'), 403)
        self.assertEmpty(self.call(self.bert, f'{STORY}/unlock'), 403)
        self.assertLock(self.bert, True, 'ann', True)
        self.assertEmpty(self.call(self.ann, f'{STORY}/unlock'), 200)
        self.assertLock(self.bert, False, None, False)

    def test_break(self):
        """a user with the permission unlocks a row of another"""
        self.call(self.ann, f'{STORY}/lock')
        self.assertEmpty(self.call(self.chief, f'{STORY}/unlock'), 200)
        self.assertLock(self.bert, False, None, False)

    def test_refused(self):
        """401 without session or permission, 404 for what is not there, 409 for a table without protection"""
        from django.test import Client
        for call in ('is_locked', 'lock', 'unlock'):
            self.assertEmpty(self.call(Client(), f'{STORY}/{call}'), 401)
            self.assertEmpty(self.call(self.eve, f'{STORY}/{call}'), 401)
            for path in ('newsroom/nowhere/1', 'nowhere/article/1', 'newsroom/article/99', 'newsroom/article/x',
                         'newsroom/article/99999999999999999999'):
                self.assertEmpty(self.call(self.ann, f'{path}/{call}'), 404)
        self.eve.logout()
        from django.contrib.auth.models import User
        self.eve.force_login(User.objects.create_superuser('root'))
        self.assertEmpty(self.call(self.eve, f'auth/user/{User.objects.get(username="ann").pk}/lock'), 409)

    def test_other_sites(self):
        """a GET that changes something must come from a script of the same site"""
        for call in ('lock', 'unlock'):
            self.assertEmpty(self.call(self.ann, f'{STORY}/{call}', HTTP_X_REQUESTED_WITH=''), 403)
        self.assertLock(self.bert, False, None, False)

    def test_variables(self):
        """variables.js needs no sign-in, and has LOCKING's times"""
        from django.test import Client, override_settings
        reply = Client().get('/admin/ajax/variables.js')
        self.assertEqual((reply.status_code, reply['Content-Type']), (200, 'text/javascript; charset=utf-8'))
        values = json.loads(re.fullmatch(r'var locking = (.*);\n', reply.content.decode()).group(1))
        self.assertEqual(values, {'base_url': '/admin/ajax', 'timeout': 1800, 'time_until_expiration': 120,
                                  'time_until_warning': 60, 'admin_url': '/admin'})
        with override_settings(LOCKING={}):
            # Of this file's database: other files share the role.
            setting = 'locking.time_until_expiration'
            self.sql(f'ALTER DATABASE {self.database} SET {setting} = 240')
            self.connection.close()
            try:
                self.assertIn('"time_until_expiration": 240', Client().get('/admin/ajax/variables.js').content.decode())
            finally:
                self.sql(f'ALTER DATABASE {self.database} RESET {setting}')
                self.connection.close()

    def test_texts(self):
        """jsi18n/ defines gettext and interpolate"""
        reply = self.call(self.ann, 'jsi18n')
        self.assertIn('function gettext', reply.content.decode())
        self.assertIn('function interpolate', reply.content.decode())


class Pages(TestCase):
    RENEW = f'/admin/ajax/{STORY}/renew/'

    def seconds_left(self):
        return float(self.sql('SELECT seconds_left FROM locking.locks'))

    def test_renew(self):
        """a page renews its lock, and shortens it when it is left"""
        token = self.lock('ann')
        self.sql("UPDATE locking.lock SET expires_at = clock_timestamp() + interval '9 s'")
        ann = self.person('ann')
        reply = ann.post(self.RENEW, {'token': token})
        self.assertGreater(reply.json()['seconds_left'], 100)
        self.assertGreater(self.seconds_left(), 100)
        ann.post(self.RENEW, {'token': token, 'leaving': '1'})
        self.assertLess(self.seconds_left(), 16)
        ann.post(self.RENEW, {'token': token})
        self.assertGreater(self.seconds_left(), 100)

    def test_lost(self):
        """a page whose lock is lost is told who has it"""
        token = self.lock('ann')
        self.sql("SELECT locking.set_owner('bert', 'Bert Brandt', false), locking.take_over('newsroom_article', '1', '')")
        reply = self.person('ann').post(self.RENEW, {'token': token})
        self.assertEqual(reply.status_code, 409)
        self.assertIn('Bert Brandt (bert) is editing this article, for another 2 minutes', reply.json()['detail'])

    def test_refused(self):
        """tokens of others, and what is none"""
        token = self.lock('bert')
        for text, status in ((token, 409), ('x', 400), ('', 400), ('9' * 30, 400)):
            self.assertEqual(self.person('ann').post(self.RENEW, {'token': text}).status_code, status)
        self.assertEqual(self.person('bert', enforce_csrf_checks=True).post(self.RENEW, {'token': token}).status_code, 403)


if __name__ == '__main__':
    main('clients_django_ajax')
