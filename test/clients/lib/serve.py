"""Serves the project to a browser: serve.py DATABASE [ADDRESS OF LOCKING-WEB].

Creates the database if there is none, prints the address, and serves until
it is ended.
"""
import sys

import project


def main(database, web=None):
    locking = {'time_until_expiration': 60, 'time_until_warning': 30, 'web': web}
    if project.psql('postgres', f"SELECT count(*) FROM pg_database WHERE datname = '{database}'") == '0':
        project.create(database, LOCKING=locking)
    else:
        project.configure(database, LOCKING=locking)
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application
    from django.conf import settings
    settings.DEBUG = True  # or static files are not served
    server = ThreadedWSGIServer(('127.0.0.1', 0), WSGIRequestHandler)
    server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
    print(f'listening on http://127.0.0.1:{server.server_port}', flush=True)
    server.serve_forever()


main(*sys.argv[1:])
