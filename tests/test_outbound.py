"""The one door outward: which URLs and addresses are refused before anything is sent, and what is never followed."""

import http.server
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from smartapp.outbound import (
    MAX_BYTES,
    MAX_DOCUMENT_BYTES,
    MAX_STATEMENT_BYTES,
    Allowed,
    NoAnswer,
    NotAllowed,
    Outbound,
    Redirected,
    TooLarge,
    check_address,
    origin_of,
)
from smartapp.outbound.connections import checked_session

EHR = Allowed(origins=frozenset({"https://ehr.example.org"}))


class Server(http.server.BaseHTTPRequestHandler):
    """Answers by path, and remembers what came."""

    seen: list[tuple[str, str, str]] = []

    def do_GET(self) -> None:
        Server.seen.append((self.command, self.path, self.headers.get("Authorization", "")))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
        elif self.path in ("/drip", "/slow-headers"):
            self.send_response(200)
            if self.path == "/drip":
                self.end_headers()
            else:
                self.flush_headers()
            self._slowly(b"x" * 200, 0.05)
        elif self.path.startswith("/large/"):
            status, size = self.path.split("/")[2:]
            self.send_response(int(status))
            self.send_header("Content-Length", size)
            self.end_headers()
            self._slowly(bytes(int(size)), 0)
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

    do_POST = do_GET

    def _slowly(self, body: bytes, pause: float) -> None:
        step = 1 if pause else len(body)
        try:
            for start in range(0, len(body), step):
                self.wfile.write(body[start : start + step])
                time.sleep(pause)
        except OSError:
            return

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def here() -> Iterator[str]:
    Server.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def loopback(url: str) -> Outbound:
    return Outbound(Allowed(origins=frozenset({origin_of(url)}), insecure=True, private_hosts=frozenset({"127.0.0.1"})))


@pytest.mark.req("SEC-10", "SEC-12", "SEC-13")
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/",
        "http://ehr.example.org/",
        "https://ehr.example.org:8443/",
        "https://ehr.example.org.evil.test/",
        "https://user:pass@ehr.example.org/",
        "https://ehr.example.org\\@evil.test/",
        "https://ehr.example.org/\n",
        "https://ehr.exämple.org/",
        "file:///etc/passwd",
        "ftp://ehr.example.org/",
        "https:///nohost",
        "https://ehr.example.org:99999/",
        "",
        # what one parser takes for the host and another does not
        "https://ehr.example.org@evil.test/",
        "https://ehr.example.org;@evil.test/",
        "https://ehr.example.org#@evil.test/\\",
        "https://ehr.example.org%40evil.test/",
        "https://ehr.example.org%2f@evil.test/",
        "https://ehr.example.org\t.evil.test/",
        "https://evil.test?ehr.example.org/",
        "https://evil.test#ehr.example.org/",
        "https:ehr.example.org/",
        "https:\\\\ehr.example.org/",
        "https://[ehr.example.org]/",
        "https://[::ffff:127.0.0.1]/",
        "https://ehr.example.org:443:80/",
        "https://ehr.example.org:+443/",
        "https://ehr.example.org:0443x/",
        "https://ehr.example.org./",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "https://\u24d4hr.example.org/",
        "//ehr.example.org/",
        "https://@ehr.example.org/",
        "https://:@ehr.example.org/",
    ],
)
def test_a_url_outside_the_list_is_never_asked(url: str) -> None:
    with pytest.raises(NotAllowed):
        Outbound(EHR, resolve=lambda *_: pytest.fail("resolved")).get(url)


@pytest.mark.req("SEC-11")
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fd00:ec2::254",
        "fe80::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "100.64.0.1",
        "198.18.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "fec0::1",
        "ff02::1",
        "::",
        "fe80::1%eth0",
    ],
)
def test_an_inner_address_is_refused(address: str) -> None:
    with pytest.raises(OSError, match="not allowed"):
        check_address("ehr.example.org", address, EHR)


@pytest.mark.req("SEC-11")
def test_a_listed_host_may_be_inside_but_never_link_local() -> None:
    inside = Allowed(origins=EHR.origins, private_hosts=frozenset({"ehr.example.org"}))
    check_address("ehr.example.org", "10.0.0.1", inside)
    check_address("ehr.example.org", "8.8.8.8", EHR)
    for address in ("169.254.169.254", "224.0.0.1", "0.0.0.0"):
        with pytest.raises(OSError, match="not allowed"):
            check_address("ehr.example.org", address, inside)


@pytest.mark.req("SEC-11")
def test_a_name_that_resolves_inside_is_not_connected_to(here: str) -> None:
    port = here.rsplit(":", 1)[1]
    outbound = Outbound(
        Allowed(origins=frozenset({f"https://ehr.example.org:{port}"})), resolve=lambda *_: ["8.8.8.8", "127.0.0.1"]
    )
    with pytest.raises(NoAnswer):
        outbound.get(f"https://ehr.example.org:{port}/")
    assert Server.seen == []


@pytest.mark.req("SEC-11")
def test_a_name_that_resolves_otherwise_the_second_time_is_asked_once(here: str) -> None:
    port, asked = here.rsplit(":", 1)[1], []
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]])

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    url = f"http://localhost:{port}"
    allowed = Allowed(origins=frozenset({url}), insecure=True, private_hosts=frozenset({"localhost"}))
    assert Outbound(allowed, resolve=resolve).get(f"{url}/").status == 200
    assert asked == ["localhost"]


@pytest.mark.req("SEC-11", "SEC-12")
def test_a_connection_goes_only_where_the_list_says_whoever_made_it() -> None:
    pools = checked_session(EHR, lambda *_: pytest.fail("resolved")).get_adapter("https://x").poolmanager
    for host, port in (("evil.test", 443), ("ehr.example.org", 8443), ("127.0.0.1", 443)):
        connection = pools.connection_from_host(host, port, scheme="https").ConnectionCls(host, port)
        with pytest.raises(OSError, match="registered"):
            connection.connect()


@pytest.mark.req("SEC-10", "SEC-38")
@pytest.mark.parametrize("cap", [MAX_DOCUMENT_BYTES, MAX_STATEMENT_BYTES, MAX_BYTES])
def test_an_answer_larger_than_its_cap_is_not_read_on(here: str, cap: int) -> None:
    assert len(loopback(here).get(f"{here}/large/200/{cap}", largest=cap).body) == cap
    with pytest.raises(TooLarge):
        loopback(here).get(f"{here}/large/200/{cap + 1}", largest=cap)


@pytest.mark.req("SEC-38")
def test_of_an_error_that_is_too_large_the_status_is_known_and_nothing_else(here: str) -> None:
    outbound = loopback(here)
    whole, cut_off = (outbound.send("GET", f"{here}/large/403/{MAX_DOCUMENT_BYTES + more}") for more in (0, 1))
    assert (whole.status, len(whole.body)) == (403, MAX_DOCUMENT_BYTES)
    assert (cut_off.status, cut_off.body) == (403, b"")


@pytest.mark.req("SEC-38")
def test_clinical_data_may_be_larger_than_a_document(here: str) -> None:
    sent = loopback(here).send("GET", f"{here}/large/200/{MAX_STATEMENT_BYTES + 1}")
    assert len(sent.body) == MAX_STATEMENT_BYTES + 1


@pytest.mark.req("SEC-13")
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with secured(tmp_path) as port:
        url = f"https://localhost:{port}"
        allowed = Allowed(origins=frozenset({url}), private_hosts=frozenset({"localhost"}))
        with pytest.raises(NoAnswer, match="certificate could not be verified"):
            Outbound(allowed).get(f"{url}/")
    assert Server.seen == []


@pytest.mark.req("SEC-13")
def test_a_hospital_s_own_authority_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    with secured(tmp_path) as port:
        url = f"https://localhost:{port}"
        hosts = {"origins": frozenset({url}), "private_hosts": frozenset({"localhost"})}
        assert Outbound(Allowed(**hosts, ca_file=tmp_path / "ca.pem")).get(f"{url}/").status == 200
        with pytest.raises(NoAnswer, match="set ca_file"):
            Outbound(Allowed(**hosts)).get(f"{url}/")


class Proxy(socketserver.StreamRequestHandler):
    """Tunnels to whatever port is asked for, and remembers it."""

    asked: list[str] = []

    def handle(self) -> None:
        line = self.rfile.readline().decode()
        while self.rfile.readline().strip():
            pass
        Proxy.asked.append(line.split()[1])
        with socket.create_connection(("127.0.0.1", int(line.split()[1].rpartition(":")[2]))) as there:
            self.wfile.write(b"HTTP/1.1 200 tunnel\r\n\r\n")
            threading.Thread(target=self._copied, args=(there,), daemon=True).start()
            while data := there.recv(65536):
                self.connection.sendall(data)

    def _copied(self, there: socket.socket) -> None:
        with suppress(OSError):
            while data := self.connection.recv(65536):
                there.sendall(data)


@pytest.mark.req("SEC-11", "SEC-13")
def test_a_configured_proxy_is_the_way_and_names_are_left_to_it(tmp_path: Path) -> None:
    Proxy.asked = []
    proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
    proxy.daemon_threads = True
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    with secured(tmp_path) as port:
        url = f"https://localhost:{port}"
        address = f"http://127.0.0.1:{proxy.server_address[1]}"
        allowed = Allowed(origins=frozenset({url}), ca_file=tmp_path / "ca.pem", proxy=address)
        unresolved = Outbound(allowed, resolve=lambda *_: pytest.fail("resolved here"))
        assert unresolved.get(f"{url}/").status == 200
        with pytest.raises(NotAllowed):
            unresolved.get(f"https://localhost:{port + 1}/")
    proxy.shutdown()
    proxy.server_close()
    assert Proxy.asked == [f"localhost:{port}"]


@pytest.mark.req("SEC-11")
def test_a_private_address_is_told_with_its_setting() -> None:
    refused = Outbound(EHR, resolve=lambda *_: ["10.1.2.3"])
    with pytest.raises(
        NoAnswer, match=r"private.*allow_private_address = true for ehr\.example\.org; nothing was sent"
    ):
        refused.get("https://ehr.example.org/")


@contextmanager
def secured(folder: Path) -> Iterator[int]:
    """A server with a certificate of its own making."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, SHA256())
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.pem").write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    Server.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.handle_error = lambda *_: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.req("FHIR-16", "SAL-42")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_an_error_and_is_not_followed(here: str, method: str) -> None:
    with pytest.raises(Redirected):
        loopback(here).send(method, f"{here}/moved", body=b"secret=1")
    assert [path for _, path, _ in Server.seen] == ["/moved"]


@pytest.mark.req("FHIR-17")
def test_a_netrc_does_not_replace_our_token(here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    loopback(here).get(f"{here}/", headers={"Authorization": "Bearer ours"})
    assert Server.seen[0][2] == "Bearer ours"


@pytest.mark.req("FHIR-17")
def test_a_proxy_of_the_environment_is_not_used(here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert loopback(here).get(f"{here}/").status == 200


@pytest.mark.req("FHIR-15")
@pytest.mark.parametrize("path", ["/drip", "/slow-headers"])
def test_a_slow_drip_ends_at_the_deadline(here: str, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="in time"):
        loopback(here).get(f"{here}{path}", seconds=0.6)
    assert time.monotonic() - began < 5


@pytest.mark.req("FHIR-15")
def test_nobody_listening_is_no_answer() -> None:
    outbound = loopback("http://127.0.0.1:9")
    with pytest.raises(NoAnswer, match="could not be reached"):
        outbound.get("http://127.0.0.1:9/", seconds=2)
