"""Audits every request of a FastAPI application (or any other that speaks ASGI).

    app.add_middleware(AuditMiddleware, audit=audit, actor=lambda scope: {"id": scope["state"]["user"]})

The event is emitted when the application has answered, and never holds the answer up.
"""

import collections.abc


class AuditMiddleware:
    """`actor` says who asked: from the ASGI scope to `data.actor`, called when the application is done with the
    request. None: nobody has logged in."""

    def __init__(self, app, audit, actor: collections.abc.Callable[[dict], dict | None]):
        self._app = app
        self._audit = audit
        self._actor = actor

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # what the caller gets where the application raises

        async def send_and_note(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._emit(scope, status)

    def _emit(self, scope: dict, status: int):
        # The path without its query: that may hold anything.
        route = getattr(scope.get("route"), "path", None)
        data = {"actor": self._actor(scope) or {"type": "anonymous", "id": "anonymous"}, "action": scope["method"],
                "outcome": outcome(status), "resource": {"type": route or "path", "id": scope["path"]},
                "status": status}
        attributes = {}
        if traceparent := dict(scope["headers"]).get(b"traceparent"):
            attributes["traceparent"] = traceparent.decode("latin-1")
        self._audit.emit("http.request", data, **attributes)


def outcome(status: int) -> str:
    if status in (401, 403):
        return "denied"
    return "success" if status < 400 else "failure"
