"""A payment gateway that asks aval: one purchase, sent safely, its answer read, its outcome reported."""

import json
import pathlib
import sys
import time
import uuid

import grpc
from aval.v1 import decision_pb2, decision_pb2_grpc, types_pb2
from google.protobuf import json_format

REQUESTS = pathlib.Path(__file__).parents[2] / "fixtures" / "requests"
# What may be sent again with the same request_id: the server then repeats its answer, and decides only once.
AGAIN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}


def call(method, request, attempts: int = 4):
    """Calls with a deadline, and again where that is safe."""
    for attempt in range(attempts):
        try:
            return method(request, timeout=2.0)
        except grpc.RpcError as error:
            if error.code() not in AGAIN or attempt == attempts - 1:
                raise
            time.sleep(0.1 * 2**attempt)


def main():
    with grpc.insecure_channel(sys.argv[1]) as channel:
        aval = decision_pb2_grpc.DecisionServiceStub(channel)
        purchase = json.loads((REQUESTS / "regular.json").read_text())
        request = json_format.ParseDict(purchase, decision_pb2.DecideRequest())
        request.request_id = f"order-{uuid.uuid4()}"

        quote_request = decision_pb2.QuotePlansRequest(amount=request.purchase.amount, country="FR")
        for quote in call(aval.QuotePlans, quote_request).quotes:
            dates = ", ".join(f"{part.due_date} {part.total_amount_minor / 100:.2f}" for part in quote.schedule.instalments)
            print(f"{quote.plan.instalment_count:2} instalments: {dates if quote.eligible else 'not offered'}")

        application = call(aval.Decide, request)
        state = types_pb2.State.Name(application.state)
        print(f"{application.application_id}: {state}")
        for reason in application.decision.reasons:
            print(f"  {reason.code}: {reason.text}")

        again = call(aval.Decide, request)
        assert again == application, "the same request has the same answer, field for field"

        report = decision_pb2.ReportOutcomeRequest(
            request_id=f"outcome-{uuid.uuid4()}",
            application_id=application.application_id,
            outcome=types_pb2.REPAYMENT_OUTCOME_PAID,
        )
        print(f"{len(call(aval.ReportOutcome, report).outcomes)} outcome reported")


main()
