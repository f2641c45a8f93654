"""An EHR in a few lines: post an order, wait for the decision, say what is next.

Run it against a served gateway: PA_URL and PA_TOKEN in the environment, the order file as argument.
"""

import os
import sys
from pathlib import Path

import httpx

order = Path(sys.argv[1]).read_bytes()
token = {"Authorization": f"Bearer {os.environ['PA_TOKEN']}"}
with httpx.Client(base_url=os.environ["PA_URL"], headers=token, timeout=60) as api:
    answer = api.post("/orders", content=order, headers={"Content-Type": "application/fhir+json"})
    answer.raise_for_status()
    for record in answer.json()["authorizations"]:
        print(record["id"], record["state"], record["determination"], record["next"])
    if answer.status_code == httpx.codes.ACCEPTED:
        print("not decided yet; follow it at", answer.headers["Location"])
