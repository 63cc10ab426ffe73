"""Who is the owner of what a request writes: locking.middleware."""
import asyncio
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))
from project import TestCase, main  # noqa: E402


class Requests(TestCase):
    paths = ('/rename/1/Ebb/', '/rename-twice/1/Ebb/', '/rename-async/1/Ebb/')

    def test_own(self):
        """the user of a request writes rows that the user has locked"""
        self.lock('ann')
        reply = self.person('ann').get('/rename/1/Ebb/')
        self.assertEqual((reply.status_code, self.saved(self.article, 'title')), (200, 'Ebb'))

    def test_transaction(self):
        """so it is in the view's own transaction, also after a savepoint was rolled back"""
        self.lock('ann')
        reply = self.person('ann').get('/rename-twice/1/Ebb/')
        self.assertEqual((reply.status_code, self.saved(self.article, 'title')), (200, 'Ebb'))

    def test_refused(self):
        """an exception that the middleware never sees becomes a page with who and how long"""
        self.lock('ann', name='Ann Ames')
        for path in self.paths:
            reply = self.person('bert').get(path, HTTP_ACCEPT='text/html')
            self.assertEqual(reply.status_code, 423)
            self.assertContains(reply, 'locked by Ann Ames (ann)', status_code=423)
            self.assertIn('For another 2 minutes.', reply.content.decode())
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')

    def assertContains(self, reply, text, status_code=200):
        self.assertEqual(reply.status_code, status_code)
        self.assertIn(text, reply.content.decode())

    def test_json(self):
        """or JSON, for a script"""
        self.lock('ann')
        reply = self.person('bert').get('/rename/1/Ebb/', HTTP_ACCEPT='application/json')
        self.assertEqual((reply.status_code, reply.json()['sqlstate']), (423, '55P03'))

    def test_other_errors(self):
        """other errors stay what they are"""
        with self.assertRaisesRegex(Exception, 'matching query does not exist'):
            self.person('bert').get('/rename/9/Ebb/')
        reply = self.person('bert', raise_request_exception=False).get('/rename/9/Ebb/')
        self.assertEqual(reply.status_code, 500)

    def test_leak(self):
        """the owner never leaks to the next request on the connection"""
        self.assertEqual(self.person('ann').get('/owner/').content, b'ann')
        self.assertEqual(self.client().get('/owner/').content, b'none')
        self.lock('ann')
        self.person('ann').get('/rename/1/Ebb/')
        reply = self.client().get('/rename/1/Flood/', HTTP_ACCEPT='application/json')
        self.assertEqual((reply.status_code, self.saved(self.article, 'title')), (500, 'Ebb'))

    def test_privilege(self):
        """a role that may not name owners: the error and the check say what to run"""
        from django.core.checks import run_checks
        from django.core.exceptions import ImproperlyConfigured
        function = 'EXECUTE ON FUNCTION locking.set_owner(text,text,boolean)'
        person = self.person('ann')
        self.assertEqual(run_checks(databases=['default']), [])
        self.sql(f'REVOKE {function} FROM webapp')
        self.addCleanup(self.sql, f'GRANT {function} TO webapp')
        self.connection.close()
        with self.assertRaisesRegex(ImproperlyConfigured, re.escape(f'GRANT {function} TO webapp')):
            person.get('/rename/1/Ebb/')
        self.assertEqual(self.saved(self.article, 'title'), 'Tides')
        warning, = run_checks(databases=['default'])
        self.assertEqual((warning.id, warning.obj), ('locking.W003', 'default'))
        self.assertIn(f'GRANT {function} TO webapp', warning.hint)

    def client(self):
        from django.test import Client
        return Client(raise_request_exception=False)

    def test_leak_after_error(self):
        """nor after a request that failed"""
        from locking.owner import current_owner
        self.lock('bert')
        self.person('ann').get('/rename-twice/1/Ebb/')
        self.assertIsNone(current_owner())
        self.assertEqual(self.client().get('/owner/').content, b'none')

    def test_leak_in_transaction(self):
        """nor within a transaction around two requests, as in Django's tests"""
        from django.db import transaction
        with transaction.atomic():
            self.assertEqual(self.person('ann').get('/owner/').content, b'ann')
            self.assertEqual(self.person('bert').get('/owner/').content, b'bert')
            self.assertEqual(self.client().get('/owner/').content, b'none')

    def test_acting_as(self):
        """a job names its owner"""
        from locking.owner import acting_as
        from newsroom.models import Article
        self.lock('job')
        with acting_as('job', 'Nightly job'):
            Article.objects.update(views=1, title='Ebb')
        self.assertEqual(self.saved(self.article, 'title', 'views'), ['Ebb', 1])
        with self.assertRaisesRegex(Exception, 'no lock owner has been named'):
            Article.objects.update(title='Flood')

    def test_queries(self):
        """queries cost nothing: neither a statement nor a look at the user"""
        from django.test.utils import CaptureQueriesContext
        from locking.owner import acting_for
        from newsroom.models import Article

        class Request:
            @property
            def user(self):
                raise AssertionError('looked up')
        with acting_for(Request()), CaptureQueriesContext(self.connection) as queries:
            list(Article.objects.all())
        self.assertEqual(len(queries), 1)

    def test_async(self):
        """async: requests at the same time keep their own owner"""
        from django.test import AsyncClient
        from newsroom import views
        self.lock('ann', key='1')
        self.lock('bert', key='2')
        clients = {name: AsyncClient() for name in ('ann', 'bert')}
        for name, client in clients.items():
            client.cookies = self.person(name).cookies

        async def both():
            allowed = []
            views.go_on.append(allowed)
            ann = asyncio.ensure_future(clients['ann'].get('/rename-async/1/Ebb/'))
            bert = asyncio.ensure_future(clients['bert'].get('/rename-async/2/Hills/'))
            while len(views.arrived) < 2:
                await asyncio.sleep(0)
            # The one that came first goes on first: the other has named its
            # owner since.
            allowed.append(views.arrived[0])
            await (ann if views.arrived[0] == 'Ebb' else bert)
            allowed.append(views.arrived[1])
            return await ann, await bert
        try:
            replies = asyncio.run(both())
        finally:
            views.go_on.clear()
            views.arrived.clear()
        self.assertEqual([reply.content for reply in replies], [b'ann', b'bert'])
        self.assertEqual((self.saved(self.article, 'title'), self.saved(self.other, 'title')), ('Ebb', 'Hills'))
        self.assertEqual(self.client().get('/owner/').content, b'none')


class AtomicRequests(Requests):
    # Django refuses async views then.
    paths = ('/rename/1/Ebb/', '/rename-twice/1/Ebb/')
    test_async = None

    def setUp(self):
        super().setUp()
        self.connection.settings_dict['ATOMIC_REQUESTS'] = True
        self.addCleanup(self.connection.settings_dict.update, ATOMIC_REQUESTS=False)

    def shortDescription(self):
        return f'with ATOMIC_REQUESTS: {super().shortDescription()}'


if __name__ == '__main__':
    main('clients_django_requests')
