//! What every service does: knows its caller, sends a request on its way, shows what the log holds.

use super::convert::{self, Shown, Step, Unshowable};
use super::{deadline, proto, status};
use crate::engine::{Act, Answered, Caller, Deadlines, Engine, Mailbox};
use crate::store::{Entry, ListQuery};
use std::borrow::Borrow;
use std::sync::Arc;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Request, Response, Status};

/// The metadata that marks the answer to a repeated request.
pub(super) const REPLAYED: &str = "aval-replayed";

/// What the services of one worker have in common.
#[derive(Clone)]
pub struct Service {
    /// The engine.
    pub engine: Arc<Engine>,
    /// Where its answers arrive.
    pub mailbox: Mailbox,
    /// The bounds on deadlines.
    pub deadlines: Deadlines,
}

/// The caller that the gate let in.
pub(super) fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    request.extensions().get().cloned().ok_or_else(|| Status::permission_denied("no caller was let in"))
}

impl Service {
    /// Moves a journey on.
    pub async fn step<S: Step>(&self, request: Request<S>) -> Result<Response<proto::Application>, Status> {
        let caller = caller(&request)?;
        let act = request.get_ref().act(&self.engine).map_err(status::invalid)?;
        self.take(caller, act, request.metadata()).await
    }

    /// Takes a step that has been read from a request.
    pub async fn take(
        &self,
        caller: Caller,
        act: Act,
        metadata: &MetadataMap,
    ) -> Result<Response<proto::Application>, Status> {
        let deadline = deadline::of(metadata, self.deadlines);
        let answered = self.engine.act(caller, act, deadline, &self.mailbox).await.map_err(status::refused)?;
        self.answer(&answered)
    }

    /// One application from its entries, oldest first.
    pub fn application<E: Borrow<Entry>>(&self, history: &[E], with: &Told) -> Result<proto::Application, Status> {
        let unseal = |sealed: &_| self.engine.unseal(sealed);
        let journey_url = |id| self.engine.journey_url(id);
        let plan_url = |id| self.engine.plan_url(id);
        let shown = Shown {
            unseal: &unseal,
            journey_url: &journey_url,
            plan_url: &plan_url,
            history: with.history,
            statements: with.statements,
        };
        convert::application(history.iter().map(Borrow::borrow), &shown).map_err(|error| match error {
            Unshowable::NotThere => Status::not_found(error.to_string()),
            Unshowable::Impossible(_) => {
                tracing::error!(%error, "an application cannot be told from its entries");
                Status::data_loss("the store is damaged: the application cannot be told from its entries")
            }
        })
    }

    /// The answer to a command.
    pub fn answer(&self, answered: &Answered) -> Result<Response<proto::Application>, Status> {
        let mut response = Response::new(self.application(&answered.history, &Told::default())?);
        if answered.replayed {
            response.metadata_mut().insert(REPLAYED, MetadataValue::from_static("true"));
        }
        Ok(response)
    }

    /// A page of applications, and the token of the next.
    pub async fn page(&self, query: ListQuery, with: &Told) -> Result<(Vec<proto::Application>, String), Status> {
        let page = self.engine.list(query).await.map_err(status::refused)?;
        let applications = page.applications.iter().map(|history| self.application(history, with));
        let next_page_token = page.next.map(convert::page_token).unwrap_or_default();
        Ok((applications.collect::<Result<_, _>>()?, next_page_token))
    }
}

/// What is told beside where an application stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told {
    /// Everything that happened.
    pub history: bool,
    /// What the customer stated.
    pub statements: bool,
}
