"""The Django application's texts in other languages, and the database's."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))
from project import HERE, TestCase, main  # noqa: E402

APPLICATION = HERE.parents[2] / 'contrib_web' / 'django' / 'locking'
CATALOGUES = sorted(APPLICATION.glob('locale/*/LC_MESSAGES/django.po'))
ARTICLE = '/admin/newsroom/article/1/change/'


def output(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


class Catalogues(TestCase):
    def test_languages(self):
        """the languages are those of the pages of locking-web"""
        pages = {path.stem for path in (HERE.parents[2] / 'contrib_web/static/js/lang').glob('??.js')}
        self.assertEqual({path.parts[-3] for path in CATALOGUES}, pages - {'en'})

    def test_complete(self):
        """each text has a translation, and no translation is left over"""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / 'locking'
            shutil.copytree(APPLICATION, copy)
            for path in CATALOGUES:
                self.check(path, copy / path.relative_to(APPLICATION))

    def check(self, path, copy):
        texts = output('msgattrib', '--no-obsolete', '--no-wrap', path).count(b'\nmsgid ')
        output(sys.executable, '-m', 'django', 'makemessages', '-l', path.parts[-3], cwd=copy.parents[3])
        self.assertEqual(output('msgattrib', '--untranslated', copy), b'')
        self.assertEqual(output('msgattrib', '--only-fuzzy', copy), b'')
        self.assertEqual(output('msgattrib', '--no-obsolete', '--no-wrap', copy).count(b'\nmsgid '), texts)

    def test_compiled(self):
        """the compiled catalogues are those of the texts"""
        for path in CATALOGUES:
            compiled = output('msgfmt', '--check-format', '-o', '-', path)
            self.assertEqual(compiled, path.with_suffix('.mo').read_bytes(), f'{path}: django-admin compilemessages')


class German(TestCase):
    def page(self, name, path=ARTICLE, **data):
        client = self.person(name)
        reply = client.post(path, data, follow=True) if data else client.get(path)
        return reply.content.decode()

    def test_form(self):
        """a form of a row that another user has, and a refused one"""
        self.lock('ann', name='Ann Ames')
        self.assertIn('Ann Ames (ann) bearbeitet dies gerade, noch 2 Minuten. Sie können es lesen.', self.page('bert'))
        self.assertIn('Es wurde nichts gespeichert; Ihre Eingaben stehen unten.', self.page('bert', title='Ebb'))

    def test_list(self):
        """the list, and a refused deletion"""
        self.lock('ann', name='Ann Ames')
        self.assertIn('title="Noch 2 Minuten gesperrt."', self.page('bert', '/admin/newsroom/article/'))
        self.assertIn('Es wurde nichts geändert. Ann Ames (ann) bearbeitet dies gerade (article), noch 2 Minuten.',
                      self.page('bert', ARTICLE.replace('change', 'delete'), post='yes'))

    def test_numbers(self):
        """numbers whose digits the templates would group"""
        self.sql("SELECT setval('locking.token_seq', 1234567)")
        client = self.person('ann')
        reply = client.get(ARTICLE)
        token = self.sql('SELECT token FROM locking.locks')
        self.assertIn(f'name="locking_token" value="{token}"', reply.content.decode())
        self.assertRegex(reply.content.decode(), r'data-seconds-left="\d+" data-warning="1200"')

    def test_locked(self):
        """the database's refusals of locked rows"""
        self.lock('ann', name='Ann Ames')
        self.assertEqual(self.refused('UPDATE newsroom_article SET title = 1'),
                         'Article „1“ ist von Ann Ames (ann) gesperrt. Noch 2 Minuten.')
        self.assertEqual(self.refused('UPDATE newsroom_review SET body = 1'),
                         'Article „1“ ist von Ann Ames (ann) gesperrt. Noch 2 Minuten.')
        self.assertEqual(self.refused("SELECT locking.acquire('newsroom_article', '1', client => 'x')", 'ann'), None)
        self.assertEqual(self.refused("SELECT locking.acquire('newsroom_article', '1', client => 'y')", 'ann'),
                         'Article „1“ ist von Ihnen in einem anderen Programm gesperrt.')

    def test_reserved(self):
        """of rows that it is another user's turn to lock"""
        token = self.lock('ann')
        self.sql("SELECT locking.set_owner('eve', 'Eve', false); SELECT locking.request('newsroom_article', '1')")
        self.sql(f"SELECT locking.set_owner('ann', '', false); SELECT locking.renew({token}, '1 ms'); SELECT pg_sleep(0.01)")
        self.assertRegex(self.refused("SELECT locking.acquire('newsroom_article', '1')"),
                         r'^Article „1“ ist für Eve \(eve\) reserviert\. Noch \d+ (Sekunden|Minuten)\.$')

    def test_required(self):
        """of rows that need a lock"""
        from newsroom.models import Note
        from locking.owner import acting_as
        self.sql("SET locking.enforce = off; INSERT INTO newsroom_note VALUES (gen_random_uuid(), 'x')")
        with acting_as('bert'):
            self.assertEqual(self.refused('UPDATE newsroom_note SET body = body'),
                             'Note: Datensätze können nur geändert werden, wenn Sie sie gesperrt haben.')
        self.assertEqual(Note.objects.count(), 1)

    def test_lost(self):
        """and how a lock has ended"""
        end = "SELECT locking.set_owner('chief', 'Carla Chief', false); SELECT locking."
        for ending, pattern in (
                ("SELECT locking.set_owner('bert', '', false); SELECT locking.release_all()", r'Sie wurde am AT freigegeben\.'),
                (f"{end}break_lock('newsroom_article', '1', NULL)", r'Sie wurde am AT von Carla Chief \(chief\) aufgehoben\.'),
                (f"{end}break_lock('newsroom_article', '1', 'lunch: now')",
                 r'Sie wurde am AT von Carla Chief \(chief\) aufgehoben: lunch: now\.'),
                (f"{end}take_over('newsroom_article', '1', 'urgent')",
                 r'Sie wurde am AT von Carla Chief \(chief\) übernommen: urgent\.'),
                ("SET locking.enforce = off; DELETE FROM newsroom_review; DELETE FROM newsroom_article WHERE id = 1",
                 'Der Datensatz wurde geändert, gelöscht oder entsperrt, oder Sie dürfen ihn nicht mehr ändern.')):
            with self.subTest(pattern):
                self.setUp()
                token = self.lock('bert')
                self.sql(ending)
                self.assertRegex(self.refused(f'SELECT locking.confirm({token})'), '^Ihre Sperre ist beendet. '
                                 + pattern.replace('AT', r'\d\d\.\d\d\.\d{4} \d\d:\d\d') + '$')

    def test_expired(self):
        """by its time, and another user locked the row"""
        token = self.lock('bert')
        self.sql(f"SELECT locking.set_owner('bert', '', false); SELECT locking.renew({token}, '1 ms'); SELECT pg_sleep(0.01)")
        self.sql("SELECT locking.set_owner('ann', 'Ann Ames', false); SELECT locking.acquire('newsroom_article', '1')")
        self.assertRegex(self.refused(f'SELECT locking.confirm({token})'),
                         r'^Ihre Sperre ist beendet\. Sie ist abgelaufen, und Ann Ames \(ann\) hat'
                         r' den Datensatz am .* gesperrt\.$')

    def test_deadlock(self):
        """PostgreSQL's own refusals"""
        self.assertEqual(self.refused("DO $$ BEGIN RAISE lock_not_available; END $$"),
                         'Ein anderer Benutzer speichert gerade dieselben Datensätze. Versuchen Sie es noch einmal.')

    def refused(self, sql, owner='bert'):
        """What a user is told of a refused statement, or None."""
        from django.db import DatabaseError, connection, transaction
        from locking.owner import acting_as
        from locking.refusal import refusal_of
        try:
            with acting_as(owner), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
        except DatabaseError as error:
            return str(refusal_of(error))


if __name__ == '__main__':
    main('clients_django_language', LANGUAGE_CODE='de', USE_L10N=True, USE_THOUSAND_SEPARATOR=True,
         LOCKING={'time_until_warning': 1200})
