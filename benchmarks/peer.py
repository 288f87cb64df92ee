"""HealthChain as a peer: one trivial rule on the dicts it gives, nothing audited, no events, no CORS, no access log.

Run by the Python of its own environment. What it does not need for answering is off, so that the comparison favours it.
"""

import sys

import uvicorn
from healthchain.gateway import CDSHooksService, HealthChainAPI
from healthchain.models.requests.cdsrequest import CDSRequest
from healthchain.models.responses.cdsresponse import Card, CDSResponse, IndicatorEnum, Source

service = CDSHooksService(use_events=False)


@service.hook("patient-view", id="low-fibrinogen")
def low_fibrinogen(request: CDSRequest) -> CDSResponse:
    """One card if the latest fibrinogen is below 1.5 g/L."""
    found = [entry["resource"] for entry in (request.prefetch or {})["fibrinogen"].get("entry", ())]
    latest = max(found, key=lambda resource: resource["effectiveDateTime"], default=None)
    if latest is None or latest["valueQuantity"]["value"] >= 1.5:
        return CDSResponse(cards=[])
    summary = f"Fibrinogen {latest['valueQuantity']['value']} g/L"
    return CDSResponse(cards=[Card(summary=summary, indicator=IndicatorEnum.warning, source=Source(label="peer"))])


app = HealthChainAPI(enable_cors=False, enable_events=False)
app.register_service(service)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """It answers."""
    return {}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", access_log=False)
