//! Who may call what: credentials, roles, and a table by RPC that denies whatever it does not name.

use crate::domain::decision::Digest;
use crate::domain::ids::MerchantId;
use crate::engine::Caller;
use crate::store::ApiKey;
use futures_util::future::{Either, Ready, ready};
use http::{Request, Response};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;

/// What a credential may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends purchases and reads its own.
    Merchant,
    /// Decides what people must decide.
    Reviewer,
    /// Runs the service.
    Operator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Merchant, Self::Reviewer, Self::Operator];

    /// The name in commands and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Reviewer => "reviewer",
            Self::Operator => "operator",
        }
    }

    /// The role of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What an RPC asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: probes and reflection.
    Nothing,
    /// A credential with this role.
    Role(Role),
}

/// Every RPC that may be called at all. What is not here is denied.
pub const TABLE: &[(&str, Needs)] = &[
    ("/aval.v1.DecisionService/QuotePlans", Needs::Role(Role::Merchant)),
    ("/aval.v1.DecisionService/Decide", Needs::Role(Role::Merchant)),
    ("/aval.v1.DecisionService/GetApplication", Needs::Role(Role::Merchant)),
    ("/aval.v1.DecisionService/ListApplications", Needs::Role(Role::Merchant)),
    ("/aval.v1.DecisionService/ReportOutcome", Needs::Role(Role::Merchant)),
    ("/aval.v1.DecisionService/ExplainDecision", Needs::Role(Role::Merchant)),
    ("/aval.v1.DecisionService/WatchApplication", Needs::Role(Role::Merchant)),
    ("/aval.v1.DecisionService/PayInFull", Needs::Role(Role::Merchant)),
    ("/aval.v1.DecisionService/Cancel", Needs::Role(Role::Merchant)),
    ("/aval.v1.VerificationService/SubmitCode", Needs::Role(Role::Merchant)),
    ("/aval.v1.VerificationService/ResendCode", Needs::Role(Role::Merchant)),
    ("/aval.v1.VerificationService/GrantConsent", Needs::Role(Role::Merchant)),
    ("/aval.v1.VerificationService/RefuseConsent", Needs::Role(Role::Merchant)),
    ("/aval.v1.VerificationService/CompleteRedirect", Needs::Role(Role::Merchant)),
    ("/aval.v1.ReviewService/RequestReview", Needs::Role(Role::Merchant)),
    ("/aval.v1.ReviewService/SubmitStatement", Needs::Role(Role::Merchant)),
    ("/aval.v1.ReviewService/ListReviews", Needs::Role(Role::Reviewer)),
    ("/aval.v1.ReviewService/ResolveReview", Needs::Role(Role::Reviewer)),
    ("/aval.v1.PlanService/GetPlan", Needs::Role(Role::Merchant)),
    ("/aval.v1.PlanService/PayAhead", Needs::Role(Role::Merchant)),
    ("/aval.v1.PlanService/MoveDueDate", Needs::Role(Role::Merchant)),
    ("/aval.v1.PlanService/ChangeCard", Needs::Role(Role::Merchant)),
    ("/aval.v1.PlanService/GetReceipt", Needs::Role(Role::Merchant)),
    ("/aval.v1.PlanService/ReportPayment", Needs::Role(Role::Merchant)),
    ("/aval.v1.PlanService/Refund", Needs::Role(Role::Merchant)),
    ("/grpc.health.v1.Health/Check", Needs::Nothing),
    ("/grpc.health.v1.Health/Watch", Needs::Nothing),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Needs::Nothing),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Needs::Nothing),
];

/// The live credentials, by the SHA-256 of the whole key.
#[derive(Debug, Default)]
struct Live {
    keys: HashMap<Digest, (Caller, Vec<Role>)>,
    /// Whether anybody may call, as the merchant `demo`.
    open: bool,
}

/// The credentials that the server accepts; shared, and replaced whole when keys are made or revoked.
#[derive(Debug, Clone, Default)]
pub struct Credentials(Arc<RwLock<Live>>);

impl Credentials {
    /// The keys of a store, revoked ones too. A store that never had one leaves the server open, to the merchant `demo`.
    pub fn of(keys: &[ApiKey]) -> Self {
        let credentials = Self::default();
        credentials.0.write().unwrap_or_else(PoisonError::into_inner).open = keys.is_empty();
        credentials.replace(keys);
        credentials
    }

    /// Takes over the keys of the store. The first key closes an open server for good: one whose keys are all revoked
    /// lets nobody in.
    pub fn replace(&self, keys: &[ApiKey]) {
        let live: HashMap<_, _> = (keys.iter().filter(|key| key.revoked_at.is_none()))
            .map(|key| {
                let roles = key.roles.split(',').filter_map(Role::from_name).collect();
                (key.digest, (Caller { merchant: key.merchant.clone(), actor: key.prefix.as_str().into() }, roles))
            })
            .collect();
        let mut shared = self.0.write().unwrap_or_else(PoisonError::into_inner);
        shared.keys = live;
        shared.open &= keys.is_empty();
    }

    /// Whether anybody may call, as the merchant `demo`: that is for loopback only.
    pub fn are_open(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).open
    }

    /// Whether a call may go on, and as whom.
    fn admit(&self, path: &str, authorization: Option<&[u8]>) -> Result<Option<Caller>, Status> {
        let Some((_, needs)) = TABLE.iter().find(|(rpc, _)| *rpc == path) else {
            return Err(Status::permission_denied("this RPC is not served"));
        };
        let Needs::Role(role) = needs else { return Ok(None) };
        let live = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if live.open {
            let merchant = MerchantId::parse("demo").map_err(|_| Status::internal("no demo merchant"))?;
            return Ok(Some(Caller { merchant, actor: "demo".into() }));
        }
        let unauthenticated = || Status::unauthenticated("expected `authorization: Bearer <api key>` with a live key");
        let key = authorization.and_then(|value| value.strip_prefix(b"Bearer ")).ok_or_else(unauthenticated)?;
        // The whole key is hashed and the hash looked up: there is no comparison whose time could tell anything.
        let (caller, roles) = live.keys.get(&Digest::of(key)).ok_or_else(unauthenticated)?;
        match roles.contains(role) {
            true => Ok(Some(caller.clone())),
            false => Err(Status::permission_denied(format!("this RPC is for the role {}", role.name()))),
        }
    }
}

/// Puts the [`Caller`] into every request that may go on, and answers all others.
#[derive(Debug, Clone)]
pub struct Gate(pub Credentials);

impl<S> tower::Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { credentials: self.0.clone(), inner }
    }
}

/// A service behind the gate.
#[derive(Debug, Clone)]
pub struct Gated<S> {
    credentials: Credentials,
    inner: S,
}

impl<S> tower::Service<Request<Body>> for Gated<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response<Body>, S::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let authorization = request.headers().get(http::header::AUTHORIZATION).map(|value| value.as_bytes());
        match self.credentials.admit(request.uri().path(), authorization) {
            Err(status) => Either::Left(ready(Ok(status.into_http()))),
            Ok(None) => Either::Right(self.inner.call(request)),
            Ok(Some(caller)) => {
                request.extensions_mut().insert(caller);
                Either::Right(self.inner.call(request))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use tonic::Code;

    fn key(text: &str, roles: &str, revoked: bool) -> ApiKey {
        ApiKey {
            prefix: text.chars().take(4).collect(),
            digest: Digest::of(text.as_bytes()),
            merchant: MerchantId::parse("shop").unwrap(),
            roles: roles.into(),
            created_at: Timestamp::default(),
            revoked_at: revoked.then(Timestamp::default),
        }
    }

    #[test]
    fn only_what_the_table_names_and_the_key_allows() {
        let keys = [key("good", "merchant", false), key("oper", "operator", false), key("gone", "merchant", true)];
        let credentials = Credentials::of(&keys);
        let decide = "/aval.v1.DecisionService/Decide";
        for (path, authorization, expected) in [
            (decide, Some("Bearer good"), Ok(Some("shop"))),
            (decide, Some("Bearer oper"), Err(Code::PermissionDenied)),
            (decide, Some("Bearer gone"), Err(Code::Unauthenticated)),
            (decide, Some("Bearer goo"), Err(Code::Unauthenticated)),
            (decide, Some("Basic good"), Err(Code::Unauthenticated)),
            (decide, None, Err(Code::Unauthenticated)),
            ("/aval.v1.ModelService/SetRoles", Some("Bearer oper"), Err(Code::PermissionDenied)),
            ("/grpc.health.v1.Health/Check", None, Ok(None)),
        ] {
            let admitted = credentials.admit(path, authorization.map(str::as_bytes));
            let shown = admitted.map(|caller| caller.map(|caller| caller.merchant.to_string())).map_err(|s| s.code());
            assert_eq!(shown, expected.map(|merchant| merchant.map(str::to_owned)), "{path} {authorization:?}");
        }
    }

    #[test]
    fn without_keys_the_caller_is_demo() {
        let credentials = Credentials::of(&[]);
        let caller = credentials.admit("/aval.v1.DecisionService/Decide", None).unwrap().unwrap();
        assert_eq!((caller.merchant.as_str(), caller.actor.as_ref()), ("demo", "demo"));
        credentials.replace(&[key("gone", "merchant", true)]);
        assert!(!credentials.are_open(), "the first key closes the server, though it be revoked");
        credentials.replace(&[]);
        assert!(credentials.admit("/aval.v1.DecisionService/Decide", None).is_err());
    }
}
