//! Event hooks (checklist P05): user code that sees every request before it is sent, and every response before it is
//! read, at each hop of a redirect and each round of an authentication flow.

use std::sync::Arc;

use super::{Request, Response};
use crate::error::Error;
use crate::runtime::{Call, Interrupt};

/// What is lent to it can be interrupted in the same way as the call that it is part of.
type Interruptible = Option<Arc<Interrupt>>;
/// Gets a request that is complete, and gives what is sent instead; an error ends the request with it.
pub type RequestHook = dyn Fn(Arc<Request>, Interruptible) -> Result<Arc<Request>, Error> + Send + Sync;
/// Gets a response that is unread, and gives what goes on in its place; an error ends the request with it.
pub type ResponseHook = dyn Fn(Response, Interruptible) -> Result<Response, Error> + Send + Sync;

/// A client's hooks, in the order in which they run.
#[derive(Clone, Default)]
pub struct EventHooks {
    /// For requests.
    pub request: Vec<Arc<RequestHook>>,
    /// For responses.
    pub response: Vec<Arc<ResponseHook>>,
}

impl EventHooks {
    /// What the hooks make of a request.
    pub(super) async fn on_request(
        &self,
        call: &Call,
        request: Arc<Request>,
        interrupt: Interruptible,
    ) -> Result<Arc<Request>, Error> {
        let hooks = self.request.clone();
        let run = move || hooks.iter().try_fold(request, |request, hook| hook(request, interrupt.clone()));
        call.upcall(run).await
    }

    /// What the hooks make of a response.
    pub(super) async fn on_response(
        &self,
        call: &Call,
        response: Response,
        interrupt: Interruptible,
    ) -> Result<Response, Error> {
        let hooks = self.response.clone();
        let run = move || hooks.iter().try_fold(response, |response, hook| hook(response, interrupt.clone()));
        call.upcall(run).await
    }
}
