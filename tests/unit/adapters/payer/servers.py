"""A real payer on a loopback port whose every byte a test decides."""

import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread

Handler = Callable[[socket.socket, "Server"], None]


class Server:
    """Accepts connections, one thread each, and gives them to `handler`; remembers every byte it got."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.received: list[bytes] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.over = Event()
        self._handler, self._tls, self._lock = handler, tls, Lock()
        self._threads: list[Thread] = []
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = int(self._listener.getsockname()[1])
        self._acceptor = Thread(target=self._accept)
        self._acceptor.start()

    def url(self, path: str = "/fhir", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def read_request(self, connection: socket.socket) -> bytes:
        """One whole request with a Content-Length; what came of it when the peer stops early."""
        request = b""
        while b"\r\n\r\n" not in request or len(request) < self._length(request):
            piece = connection.recv(65536)
            if not piece:
                break
            with self._lock:
                self.received.append(piece)
            request += piece
        if request:
            with self._lock:
                self.requests.append(request)
        return request

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for thread in self._threads:
            thread.join()

    @staticmethod
    def _length(request: bytes) -> int:
        head, _, _ = request.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return len(head) + 4 + int(line.split(b":")[1])
        return len(head) + 4

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            thread = Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if self._tls:
                with self._tls.wrap_socket(connection, server_side=True) as secured:
                    self._handler(secured, self)
            else:
                self._handler(connection, self)


def reset(connection: socket.socket) -> None:
    """End a connection with a TCP reset instead of a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def answer(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer; `content_type` style names become headers."""
    rows = {"content-type": "application/fhir+json", "content-length": str(len(body))}
    rows |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in rows.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def replying(reply: bytes) -> Handler:
    """Answers every request of a connection with the same bytes, as long as requests come."""

    def handle(connection: socket.socket, server: Server) -> None:
        while server.read_request(connection):
            connection.sendall(reply)

    return handle
