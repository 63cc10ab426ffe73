"""The calls of django-locking's pages, and those of LockableAdmin's.

The former are GET requests with empty answers. Those that change something
must come from a script of the same site: only that can set the header
X-Requested-With. The latter are POST requests with Django's CSRF token.
"""
import json
from functools import wraps

from django.apps import apps
from django.contrib import messages
from django.contrib.auth import get_permission_codename
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connections, router, transaction
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST, require_safe

from . import conf
from .owner import acting_for
from .pages import MAY_BREAK
from .refusal import sqlstate_of
from .rows import Row, is_token

JAVASCRIPT = 'text/javascript; charset=utf-8'
FORBIDDEN_BY_DATABASE = '42501'


class Reply(Exception):
    def __init__(self, status):
        super().__init__(status)
        self.status = status


# Which row, and whether the user may

def row_view(*actions):
    """Decorator: the view gets the row, if the user has one of these rights.

    Replies 401 without session or permission, 404 without such a row, 409
    if its table is not protected.
    """
    def decorate(view):
        @never_cache
        @csrf_protect
        @wraps(view)
        def wrapped(request, app, model, key):
            try:
                with acting_for(request):
                    return view(request, _row(request, actions, app, model, key))
            except Reply as reply:
                return HttpResponse(status=reply.status)
        return wrapped
    return decorate


def _row(request, actions, app, model, key):
    if not request.user.is_authenticated:
        raise Reply(401)
    try:
        model = apps.get_model(app, model)
    except LookupError:
        raise Reply(404) from None
    opts = model._meta
    if not any(request.user.has_perm(f'{opts.app_label}.{get_permission_codename(each, opts)}') for each in actions):
        raise Reply(401)
    using = router.db_for_write(model)
    try:
        with transaction.atomic(using=using):
            obj = model._base_manager.using(using).only('pk').get(pk=key)
    except (model.DoesNotExist, ValueError, ValidationError, OverflowError):
        raise Reply(404) from None
    except DatabaseError:  # not a key of the table
        raise Reply(404) from None
    row = Row.of(obj, using)
    if not row.is_protected():
        raise Reply(409)
    return row


def by_script(view):
    """Decorator: a GET must come from a script of the same site."""
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if request.method not in ('GET', 'POST'):
            return HttpResponse(status=405)
        if request.method == 'GET' and request.headers.get('X-Requested-With') != 'XMLHttpRequest':
            return HttpResponse(status=403)
        return view(request, *args, **kwargs)
    return wrapped


# django-locking's calls

@require_safe
@row_view('view', 'change')
def is_locked(request, row):
    lock = row.lock()
    return JsonResponse({
        'is_active': lock is not None,
        'for_user': None if lock is None else lock.owner,
        'applies': lock is not None and not lock.is_mine})


@by_script
@row_view('change')
def lock(request, row):
    lock = row.acquire()
    if lock is None:
        return HttpResponse(status=404)
    return HttpResponse(status=200 if lock.is_mine else 403)


@by_script
@row_view('change')
def unlock(request, row):
    """Also the button in lists, which expects a page."""
    lock = row.lock()
    if lock is None:
        status = 403
    elif lock.is_mine:
        status = 200 if row.release(lock.token) else 403
    else:
        status = 200 if _forces(request, row, row.break_lock, gettext('unlocked in the list')) else 403
    if request.method == 'POST':
        return _back(request, gettext('The row is unlocked.') if status == 200 else '')
    return HttpResponse(status=status)


def _forces(request, row, function, reason):
    """Run a function that ends other users' locks, if the user may."""
    if not request.user.has_perm(MAY_BREAK):
        return False
    try:
        with transaction.atomic(using=row.using):
            return bool(function(reason))
    except DatabaseError as error:
        if sqlstate_of(error) != FORBIDDEN_BY_DATABASE:
            raise
        return False


def _back(request, done):
    if done:
        messages.success(request, done)
    else:
        messages.error(request, gettext('You may not end this lock, or it has ended.'))
    address = request.headers.get('Referer', '')
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure()):
        address = reverse('admin:index')
    return HttpResponseRedirect(address)


# The calls of LockableAdmin's pages

@require_POST
@row_view('change')
def renew(request, row):
    """Keep the lock of a page; `leaving`: for a short time only."""
    token = request.POST.get('token', '')
    if not is_token(token):
        return HttpResponse(status=400)
    try:
        with transaction.atomic(using=row.using):
            seconds = row.renew(token, leaving='leaving' in request.POST)
    except DatabaseError as error:
        return JsonResponse({'detail': str(row.refusal_of(error))}, status=409)
    return JsonResponse({'seconds_left': seconds})


@require_POST
@row_view('change')
def take_over(request, row):
    reason = request.POST.get('locking_reason') or gettext('taken over in the admin')
    done = _forces(request, row, row.take_over, reason)
    return _back(request, gettext('You have the row now. The other user is told.') if done else '')


# Scripts

@require_safe
@never_cache
def variables(request):
    expiration, warning = _times()
    base = reverse('locking:variables').rsplit('/', 1)[0]
    try:
        admin = reverse('admin:index').rstrip('/')
    except NoReverseMatch:
        admin = ''
    values = {'base_url': base, 'timeout': 1800, 'time_until_expiration': expiration,
              'time_until_warning': warning, 'admin_url': admin}
    return HttpResponse(f'var locking = {json.dumps(values)};\n', JAVASCRIPT)


def _times():
    """The setting LOCKING's, or the shortest of all tables."""
    with connections['default'].cursor() as cursor:
        cursor.execute('SELECT extract(epoch FROM ttl)::integer, extract(epoch FROM warning)::integer'
                       ' FROM locking.shortest_times')
        shortest = cursor.fetchone()
    return [conf.get(name) or value
            for name, value in zip(('time_until_expiration', 'time_until_warning'), shortest)]


TEXTS = '''function gettext(text) { return text; }
function interpolate(format, data, named) {
	var n = 0;
	function value(found, placeholder) { return found === undefined || found === null ? placeholder : String(found); }
	data = data || {};
	return named
		? format.replace(/%\\((\\w+)\\)s/g, function (placeholder, name) { return value(data[name], placeholder); })
		: format.replace(/%s/g, function (placeholder) { return value(data[n++], placeholder); });
}
'''


@require_safe
def texts(request):
    return HttpResponse(TEXTS, JAVASCRIPT)
