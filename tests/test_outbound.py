"""The one door outward: which URLs and addresses are refused before anything is sent, and what is never followed."""

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartapp.outbound import Allowed, NoAnswer, NotAllowed, Outbound, Redirected, check_address, origin_of

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
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(60):
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            except OSError:
                return
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

    do_POST = do_GET

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
def test_a_slow_drip_ends_at_the_deadline(here: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="in time"):
        loopback(here).get(f"{here}/drip", seconds=0.6)
    assert time.monotonic() - began < 30


@pytest.mark.req("FHIR-15")
def test_nobody_listening_is_no_answer() -> None:
    outbound = loopback("http://127.0.0.1:9")
    with pytest.raises(NoAnswer, match="could not be reached"):
        outbound.get("http://127.0.0.1:9/", seconds=2)
