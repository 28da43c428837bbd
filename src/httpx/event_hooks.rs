//! Event hooks (checklist P05): user code that sees every request before it is sent, and every response before it is
//! read, at each hop of a redirect and each round of an authentication flow.

use std::sync::Arc;

use super::{Request, Response};
use crate::error::Error;
use crate::runtime::{Attempt, Call, Interrupt};

/// What is lent to it can be interrupted in the same way as the call that it is part of.
type Interruptible = Option<Arc<Interrupt>>;
/// User code that has been given something, and is asked what goes on in its place.
pub type Hooked<T> = Attempt<Result<T, Error>>;
/// Gets a request that is complete, and gives what is sent instead; an error ends the request with it.
pub type RequestHook = dyn Fn(Arc<Request>, Interruptible) -> Hooked<Arc<Request>> + Send + Sync;
/// Gets a response that is unread, and gives what goes on in its place; an error ends the request with it.
pub type ResponseHook = dyn Fn(Response, Interruptible) -> Hooked<Response> + Send + Sync;

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
    pub(super) async fn on_request(&self, call: &Call, mut request: Arc<Request>) -> Result<Arc<Request>, Error> {
        for hook in &self.request {
            request = call.ask(hook(request, call.interrupt().cloned())).await??;
        }
        Ok(request)
    }

    /// What the hooks make of a response.
    pub(super) async fn on_response(&self, call: &Call, mut response: Response) -> Result<Response, Error> {
        for hook in &self.response {
            response = call.ask(hook(response, call.interrupt().cloned())).await??;
        }
        Ok(response)
    }
}
