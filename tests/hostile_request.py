"""Makes the bytes of one line of hostile_requests.ndjson.

A line is a request: `line`, `path`, `headers` (null leaves one out, a list repeats it), `extra` (more header lines)
and a body (`body`, or `event` for one made from a valid event), or `raw` for everything from the first byte.
Text is UTF-8. Where text can stand there can also be

    [part, ...]                           one after the other
    {"repeat": part, "times": n}
    {"hex": "c0af"}                       these bytes
    {"gzip": part}   {"chunk": part}      the part compressed, or as one chunk of a chunked body
    {"event": {...}}                      a valid event with changes by path ("data.actor.id"):
                                            set: a JSON value (or a part with its text), raw and hex: a JSON token,
                                            drop: [paths], append: text before the closing brace of that object
    {"pause": s}  {"wait": true}          send nothing for a while, or until the server ends it
    {"drip": part, "every": s}            one byte at a time
    {"half_close": true}  {"reset": true}
"""

import copy
import dataclasses
import gzip
import json

import harness

EVENT = {"source": '"/hostile"', "type": '"hostile.tried"',
         "data": {"actor": {"id": '"u1"'}, "action": '"try"', "outcome": '"success"'}}


@dataclasses.dataclass
class Action:
    """Something other than sending bytes."""
    name: str
    seconds: float = 0
    data: bytes = b""


def flatten(part) -> list:
    """The part as bytes and Actions, in order, neighbouring bytes joined."""
    if isinstance(part, str):
        return [part.encode()]
    if isinstance(part, list):
        return join([piece for item in part for piece in flatten(item)])
    if "repeat" in part:
        pieces = flatten(part["repeat"])
        return [pieces[0] * part["times"]] if len(pieces) == 1 and isinstance(pieces[0], bytes) else pieces * part["times"]
    if "hex" in part:
        return [bytes.fromhex(part["hex"])]
    if "gzip" in part:
        return [gzip.compress(text(part["gzip"]), 9)]
    if "chunk" in part:
        data = text(part["chunk"])
        return [b"%x\r\n%s\r\n" % (len(data), data)]
    if "event" in part:
        return [event(**part["event"])]
    if "drip" in part:
        return [Action("drip", part["every"], text(part["drip"]))]
    (name, value), = part.items()
    return [Action(name, value if name == "pause" else 0)]


def join(pieces: list) -> list:
    joined = []
    for piece in pieces:
        if joined and isinstance(piece, bytes) and isinstance(joined[-1], list):
            joined[-1].append(piece)
        else:
            joined.append([piece] if isinstance(piece, bytes) else piece)
    return [b"".join(piece) if isinstance(piece, list) else piece for piece in joined]


def text(part) -> bytes:
    return b"".join(piece for piece in flatten(part) if isinstance(piece, bytes))


def is_part(value) -> bool:
    return isinstance(value, dict) and "repeat" in value or isinstance(value, list) and any(map(is_part, value))


def token(value) -> bytes:
    """A JSON value; texts made of parts may be anywhere in it."""
    if is_part(value):
        return b'"%s"' % text(value)
    if isinstance(value, dict):
        return b"{%s}" % b",".join(json.dumps(key).encode() + b":" + token(item) for key, item in value.items())
    return json.dumps(value).encode()


def event(set=None, raw=None, hex=None, drop=(), append=None) -> bytes:  # named as in the file
    tree = copy.deepcopy(EVENT)

    def put(path, value):
        *parents, name = path.split(".")
        node = tree
        for parent in parents:
            node = node[parent]
        if value is None:
            del node[name]
        else:
            node[name] = value

    for path, value in (set or {}).items():
        put(path, token(value))
    for path, value in (raw or {}).items():
        put(path, text(value))
    for path, value in (hex or {}).items():
        put(path, bytes.fromhex(value))
    for path in drop:
        put(path, None)

    def write(node, path):
        if isinstance(node, str):
            return node.encode()
        if isinstance(node, bytes):
            return node
        members = b",".join(b'"%s":%s' % (key.encode(), write(value, f"{path}.{key}" if path else key))
                            for key, value in node.items())
        return b"{%s%s}" % (members, text((append or {}).get(path, "")))

    return write(tree, "")


def request(case: dict) -> list:
    """Everything to send for the case, as flatten gives it."""
    if "raw" in case:
        return flatten(case["raw"])
    body = [event(**case["event"])] if "event" in case else flatten(case["body"])
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    if case.get("encode") == "gzip":
        body = [gzip.compress(b"".join(body), 9)]
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(sum(len(piece) for piece in body if isinstance(piece, bytes)))
    headers |= case.get("headers", {})

    head = text(case.get("line", f"POST {harness.BASE}{case.get('path', '/events')} HTTP/1.1")) + b"\r\n"
    for name, values in headers.items():
        for value in [] if values is None else values if isinstance(values, list) else [values]:
            head += b"%s: %s\r\n" % (name.encode(), text(value))
    return join([head + text(case.get("extra", "")) + b"\r\n", *body])
