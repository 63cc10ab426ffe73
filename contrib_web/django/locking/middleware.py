"""Names the user of a request as the owner of what it writes."""
from asgiref.sync import iscoroutinefunction
from django.db import DatabaseError
from django.http import JsonResponse
from django.shortcuts import render
from django.utils.decorators import sync_and_async_middleware

from .owner import acting_for
from .refusal import Refused, refusal_of


def refused(request, exception):
    """Reply to a refusal that a view did not handle, instead of a 500."""
    if not isinstance(exception, (DatabaseError, Refused)):
        return None
    refusal = refusal_of(exception)
    if refusal is None:
        return None
    if request.accepts('text/html'):
        return render(request, 'locking/refused.html', {'refusal': refusal}, status=refusal.status)
    return JsonResponse({'detail': str(refusal), 'sqlstate': refusal.sqlstate}, status=refusal.status)


@sync_and_async_middleware
def LockingMiddleware(get_response):
    """Goes after AuthenticationMiddleware.

    It runs outside of the transaction of ATOMIC_REQUESTS, so it names the
    owner to owner.NameOwner, which names it in each transaction.
    """
    if iscoroutinefunction(get_response):
        async def middleware(request):
            with acting_for(request):
                return await get_response(request)
    else:
        def middleware(request):
            with acting_for(request):
                return get_response(request)

    # Exceptions of a view become responses before the functions above see
    # them; Django calls this with them.
    middleware.process_exception = refused
    return middleware
