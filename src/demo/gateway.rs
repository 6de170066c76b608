//! The shop's gateway: calls to the server's port, as any gateway makes them.

use crate::rpc::client::{CallError, Client, Method};
use crate::rpc::{json, proto};
use serde_json::{Value, json};

/// A connection to the server.
#[derive(Clone)]
pub struct Gateway {
    client: Client,
}

impl Gateway {
    /// Connects to a server such as `http://127.0.0.1:50051`.
    pub async fn connect(server: &str) -> Result<Self, CallError> {
        Ok(Self { client: Client::connect(server, None).await? })
    }

    /// Which plans an amount in cents may be paid with in a country.
    pub async fn quotes(&self, amount_minor: i64, country: &str) -> Result<Vec<proto::PlanQuote>, CallError> {
        let request = json!({ "amount": { "amountMinor": amount_minor, "currency": "EUR" }, "country": country });
        let answer = self.ask("DecisionService/QuotePlans", &request).await?;
        let answer: proto::QuotePlansResponse = json::read(ANSWER, &answer)?;
        Ok(answer.quotes)
    }

    /// Asks for a decision.
    pub async fn decide(&self, request: &Value) -> Result<proto::Application, CallError> {
        self.application("DecisionService/Decide", request).await
    }

    /// An application as it stands.
    pub async fn look(&self, application_id: &str) -> Result<proto::Application, CallError> {
        self.application("DecisionService/GetApplication", &json!({ "applicationId": application_id })).await
    }

    /// An accepted plan as it stands, with what is to be collected now.
    pub async fn plan(&self, application_id: &str) -> Result<proto::Plan, CallError> {
        let answer = self.ask("PlanService/GetPlan", &json!({ "applicationId": application_id })).await?;
        Ok(json::read(ANSWER, &answer)?)
    }

    /// Tells what came of a payment: of an instalment, from 1, or of the whole amount, 0. `name` names the try.
    pub async fn report(
        &self,
        application_id: &str,
        name: &str,
        instalment: usize,
        paid: bool,
    ) -> Result<(), CallError> {
        let result = if paid { "PAYMENT_RESULT_PAID" } else { "PAYMENT_RESULT_FAILED" };
        let request = json!({
            "requestId": name, "applicationId": application_id, "instalment": instalment, "result": result,
            "paymentReference": name,
        });
        self.ask("PlanService/ReportPayment", &request).await.map(|_| ())
    }

    async fn application(&self, method: &str, request: &Value) -> Result<proto::Application, CallError> {
        let answer = self.ask(method, request).await?;
        Ok(json::read(ANSWER, &answer)?)
    }

    async fn ask(&self, method: &str, request: &Value) -> Result<String, CallError> {
        let answer = self.client.call(&Method::find(method)?, "the shop's request", &request.to_string()).await?;
        Ok(answer.message.to_string())
    }
}

/// What answers are called in refusals.
const ANSWER: &str = "the server's answer";

/// What a message in proto3 JSON says of an application, as the server's messages carry it.
pub fn read_application(value: &Value) -> Option<proto::Application> {
    json::read(ANSWER, &value.to_string()).ok()
}
