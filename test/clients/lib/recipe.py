"""Runs the pages of doc/recipes as a reader would.

A page is a script: its ```sh blocks, in one shell, after those of the page
on which all recipes depend. The ```text block after an ```sh block is a part
of that block's output. A command that fails is a failure unless an error is
shown. Times, tokens and seconds may differ.

A program in the place of sudo runs commands as the superuser of the cluster,
and checks that packages are installed instead of installing them.
"""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RECIPES = ROOT / 'doc' / 'recipes'

# Each page has a database of its own, which it calls "recipes". All share
# the roles, so flock keeps two pages from changing one at the same time.
SUDO = '''#!/bin/bash
if [ "$1 $2" = "apt-get install" ]; then
    set -- "${@:3}"
    [ "$*" = pgbouncer ] || exec dpkg-query -W "$@" >/dev/null
    exit 0
fi
[ "$1 $2" = "-u postgres" ] || exit 1
unset PGDATABASE PGPASSWORD
export PGHOST=$SERVER_HOST PGPORT=$SERVER_PORT PGUSER=$SERVER_USER
shift 2
for word; do
    shift
    [ "$word" != recipes ] || word=$RECIPES_DATABASE
    set -- "$@" "$word"
done
exec flock "$SERVER_LOCK" "$@"
'''
# The package of PgBouncer would start a service, so it is unpacked instead,
# once for all pages, with the libraries that it needs.
UNPACK = '''
[ ! -x /usr/sbin/pgbouncer ] || exec echo /usr/sbin/pgbouncer
mkdir -p "$0" && cd "$0" || exit 1
exec 9>lock
flock 9
[ ! -x pgbouncer ] || exec echo "$0/pgbouncer"
libraries=$(apt-cache depends pgbouncer | sed -nE 's/^ *Depends: (libc-?ares.*|libevent.*)/\\1/p')
apt-get -qq download pgbouncer $libraries >&2 || exit 1
for package in *.deb; do dpkg-deb -x "$package" .; done
printf '#!/bin/sh\\nLD_LIBRARY_PATH=%s exec %s/usr/sbin/pgbouncer "$@"\\n' "$(echo "$0"/usr/lib/*-linux-gnu*)" "$0" >pgbouncer
chmod 755 pgbouncer
echo "$0/pgbouncer"
'''
MARK = '=== end of block'
START = '''set -o pipefail
trap '[ -z "${RECIPES_POOLER-}" ] || "$RECIPES/pooler" stop' EXIT
trap 'failed=$?' ERR
failed=0
'''
# Tokens that lose digits in a program that keeps them as a double.
LARGE_TOKENS = '''sudo -u postgres psql -q -d recipes -o /dev/null -c "SELECT setval('locking.token_seq', 9007199254740993)"
'''
# The tour leaves no owner behind, on neither connection of the pooler.
NO_OWNER = '''for turn in 1 2; do [ "$(psql -XqAt -c "SELECT coalesce(locking.owner(), 'none')")" = none ]; done
'''
# Other clients have left one on each.
LEFT_OWNER = '''cd ..
turns='1 2 3 4 5 6'
for turn in $turns; do psql -q -o /dev/null -c "SELECT locking.set_owner('mallory', 'Mallory', false)"; done
for turn in $turns; do [ "$(psql -XqAt -c 'SELECT locking.owner()')" = mallory ]; done
[ "$(for turn in $turns; do psql -XqAt -c 'SELECT pg_backend_pid()'; done | sort -u | wc -l)" = 2 ]
'''
LEFT_OWNER_GOES = "for turn in 1 2 3 4 5 6; do psql -q -c 'RESET ALL'; done\n"


def blocks(path):
    """Return the ```sh blocks of a page: line, commands, and what is shown."""
    text = path.read_text()
    found = []
    for match in re.finditer(r'^```(\w+)\n(.*?)^```$', text, re.M | re.S):
        if match[1] == 'sh':
            found.append({'line': 1 + text[:match.start()].count('\n'), 'sh': match[2], 'shown': ''})
        elif match[1] == 'text':
            found[-1]['shown'] = match[2]
    return found


def added(name, commands):
    """Return a step that no page has."""
    return Path(name), {'line': 0, 'sh': commands, 'shown': ''}


def normal(text):
    """Leave out what differs between two runs."""
    text = re.sub(r'\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:\d\d)?|Z)?', 'TIME', text)
    text = re.sub(r'\btoken \d+', 'token TOKEN', text)
    text = re.sub(r'\b\d+ seconds', 'SECONDS', text)
    text = re.sub(r'"token":"\d+"', '"token":"TOKEN"', text)
    text = re.sub(r'"seconds_left":1[12]\d(\.\d+)?', '"seconds_left":SECONDS', text)
    text = re.sub(r'^ *\d+ \|', ' N |', text, flags=re.M)
    text = re.sub(r'\b1[12]\d$', '120', text, flags=re.M)
    text = re.sub(r'^ *token *\|', ' token |', text, flags=re.M)
    text = re.sub(r'^-+\+', '-+', text, flags=re.M)
    text = re.sub(r'[ \t]+$', '', text, flags=re.M)
    return re.sub(r'\n\n+', '\n', text).strip()


def find_pgbouncer():
    """Return the path of PgBouncer, or None if it is not available."""
    folder = tempfile.gettempdir() + '/pgbouncer'
    done = subprocess.run(['bash', '-c', UNPACK, folder], stdout=subprocess.PIPE, universal_newlines=True)
    return done.stdout.strip() or None


def missing_packages(page):
    """Return the packages of a page that test/run has not installed."""
    names = re.findall(r'^sudo apt-get install (.*)$', page.read_text(), re.M)
    return [name for name in ' '.join(names).split()
            if name != 'pgbouncer' and subprocess.run(['dpkg-query', '-W', name], capture_output=True).returncode]


class Recipe:
    """The page of a folder, and the shell in which it is run."""

    def __init__(self, name, pgbouncer):
        self.name = name
        self.pgbouncer = pgbouncer
        self.pages = [RECIPES / 'README.md', RECIPES / name / 'README.md']
        self.folder = Path(tempfile.mkdtemp(prefix='recipe.'))
        self.seen = 0
        self.failed = 0

    def ok(self, passed, name, *diagnosis):
        self.seen += 1
        self.failed += not passed
        print(f'{"ok" if passed else "not ok"} {self.seen} - {name}')
        if not passed:
            print(''.join(f'# {line}\n' for line in '\n'.join(diagnosis).splitlines()), end='')

    def environment(self):
        """Return that of a reader: the server, and a folder for files."""
        bin_folder = self.folder / 'bin'
        bin_folder.mkdir()
        sudo = bin_folder / 'sudo'
        sudo.write_text(SUDO)
        sudo.chmod(0o755)
        # Debian's modules are for Debian's Python.
        (bin_folder / 'python3').symlink_to('/usr/bin/python3')
        return {
            **os.environ,
            'PATH': f'{bin_folder}:{os.environ["PATH"]}',
            'TMPDIR': str(self.folder),
            'PGBOUNCER': self.pgbouncer,
            'RECIPES_DATABASE': 'recipes_' + re.sub(r'\W', '', self.name),
            'SERVER_HOST': os.environ['PGHOST'], 'SERVER_PORT': os.environ['PGPORT'], 'SERVER_USER': os.environ['PGUSER'],
            'SERVER_LOCK': f'{tempfile.gettempdir()}/recipes.lock',
        }

    def run(self, all_blocks):
        """Run blocks, and return the status and the output of each."""
        script = START + ''.join(f'{block["sh"]}\necho "{MARK} $failed"\nfailed=0\n' for block in all_blocks)
        copy = self.folder / 'recipes'
        shutil.copytree(RECIPES, copy, ignore=shutil.ignore_patterns('node_modules'))
        done = subprocess.run(
            ['bash', '-c', script], cwd=copy, env={**self.environment(), 'RECIPES': str(copy)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
        outputs = re.split(rf'^{MARK} (\d+)\n', done.stdout, flags=re.M)
        return list(zip(map(int, outputs[1::2]), outputs[0::2]))

    def check_table(self, output):
        """Compare the table of errors with what the recipe's program prints."""
        table = re.search(r'^[|] SQLSTATE .*\n(?:[|].*\n)*', self.pages[0].read_text(), re.M)[0]
        header, _, *rows = [line.strip('| ').split(' | ') for line in table.splitlines()]
        column, = [at for at, cell in enumerate(header) if f'({self.name}/' in cell]
        shown = [f'{row[0].strip("`")}: {row[column]}' for row in rows]
        self.ok(shown == output.splitlines(), 'README.md: the table of errors is right', *shown, 'printed:', output)

    def steps(self):
        """Return the setting up, the blocks of the page, and what the test adds."""
        (set_up, *_), page = [[(page, block) for block in blocks(page)] for page in (self.pages[0], self.pages[-1])]
        steps = [set_up, added('tokens have 54 bits', LARGE_TOKENS)]
        for step in page[self.name == '.':]:
            steps.append(step)
            if re.search(r'\b[Tt]our\b', step[1]['sh']):
                steps += [added('no owner is left behind', NO_OWNER), added('others leave one', LEFT_OWNER), step,
                          added('that goes', LEFT_OWNER_GOES)]
        return steps

    def check(self):
        where = self.steps()
        results = self.run([block for _, block in where])
        self.ok(len(results) == len(where), f'{self.name}: the shell runs all {len(where)} steps')
        for (page, block), (status, output) in zip(where, results):
            name = f'{page.relative_to(RECIPES)}, line {block["line"]}' if block['line'] else str(page)
            self.ok(status == 0 or 'ERROR:' in block['shown'], f'{name}: succeeds', f'status {status}', output)
            if block['shown']:
                shown, printed = normal(block['shown']), normal(output)
                self.ok(f'\n{shown}\n' in f'\n{printed}\n', f'{name}: prints what is shown', 'shown:', shown, 'printed:', printed)
            if re.search(r'\b[Ee]rrors\b', block['sh']):
                self.check_table(output)


def main(name, reason='this release of Debian has no such package'):
    """For a test file: run the page of a folder, and print TAP."""
    missing = missing_packages(RECIPES / name / 'README.md')
    pgbouncer = find_pgbouncer()
    if missing or not pgbouncer:
        print(f'1..0 # SKIP {" and ".join(missing) or "pgbouncer"} not installed: {reason}')
        return 0
    recipe = Recipe(name, pgbouncer)
    try:
        recipe.check()
    finally:
        shutil.rmtree(recipe.folder)
    print(f'1..{recipe.seen}')
    return recipe.failed > 0
