"""Sends the events on standard input, each a line of JSON such as

    {"type": "record.read", "data": {"actor": {"id": "ann"}, "action": "read", "outcome": "success"}}

through an AuditSender, and says at the end what became of them. To see the sender work, and to test it.
"""

import json
import logging
import os
import sys
from datetime import datetime

from audit import AuditSender


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    audit = AuditSender(os.environ["AUDIT_URL"], source="/emit-lines/python",
                        buffer_events=int(os.environ.get("AUDIT_BUFFER_EVENTS", "10000")),
                        timeout_seconds=float(os.environ.get("AUDIT_TIMEOUT_SECONDS", "10")))
    for line in sys.stdin:
        event = json.loads(line)
        if "time" in event:
            event["time"] = datetime.fromisoformat(event["time"])
        audit.emit(event.pop("type"), event.pop("data"), **event)
    unsent = audit.close(float(os.environ.get("AUDIT_CLOSE_SECONDS", "10")))
    print(json.dumps({"accepted": audit.accepted, "refused": audit.refused, "dropped": audit.dropped,
                      "unsent": unsent}))
    return 1 if audit.refused or audit.dropped or unsent else 0


if __name__ == "__main__":
    sys.exit(main())
