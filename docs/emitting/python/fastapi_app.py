"""A FastAPI application whose requests are audited.

    AUDIT_URL=http://127.0.0.1:8000/v1/auditmanager uvicorn fastapi_app:app --port 8080
    curl -H 'x-user: ann' http://127.0.0.1:8080/records/4711
"""

import contextlib
import os

from fastapi import FastAPI, HTTPException, Request

from audit import AuditSender
from audit_middleware import AuditMiddleware

audit = AuditSender(os.environ["AUDIT_URL"], source="/registry")


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI):
    yield
    audit.close()


app = FastAPI(lifespan=lifespan)
# The user of your own login stands here: what the application has written into request.state.
app.add_middleware(AuditMiddleware, audit=audit,
                   actor=lambda scope: {"id": user} if (user := scope.get("state", {}).get("user")) else None)


@app.get("/records/{record_id}")
def read_record(record_id: str, request: Request) -> dict:
    request.state.user = request.headers.get("x-user")
    if not request.state.user:
        raise HTTPException(401)
    return {"id": record_id}
