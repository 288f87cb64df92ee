"""Run by HealthChain's own Python: its `SandboxClient` sends one call and prints what it got.

`python healthchain_client.py URL HOOK CONTEXT FILE`: the context as JSON, and a file of prefetch. The client's own loaders
make contexts up, so the call is built by its constructor.
"""

import json
import logging
import sys
from pathlib import Path

from healthchain.sandbox import SandboxClient
from healthchain.sandbox.requestconstructors import CdsRequestConstructor


def main(url: str, hook: str, context: str, file: str) -> None:
    logging.disable()
    client = SandboxClient(url=url, workflow=hook)
    prefetch = json.loads(Path(file).read_bytes())
    client.requests = [CdsRequestConstructor().construct_request(prefetch, client.workflow, json.loads(context))]
    sys.stdout.write(json.dumps(client.send_requests()[0]))


main(*sys.argv[1:])
