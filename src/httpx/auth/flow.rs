//! Authentication flows (checklist F11, F12): what a request is sent as, and what is sent after each response, until the
//! last one is the user's. User code can be one; the schemes that are built in are, too.

use std::sync::Arc;
use std::task::{ready, Poll};
use std::time::Instant;

use super::Auth;
use crate::counters::Counter;
use crate::error::{Code, Error};
use crate::httpx::{Request, Response};
use crate::runtime::{Attempt, Call, Foreign, Interrupt, Lent};

/// How user code authenticates. All of it runs outside polls, on the thread that waits or dispatches.
pub trait CustomAuth: Send + Sync {
    /// Whether the request's body has to be in memory when a flow begins.
    fn requires_request_body(&self) -> bool;

    /// Whether responses have to be read before the flow gets them.
    fn requires_response_body(&self) -> bool;

    /// Begins a flow for one request. What it lends of it to user code is interrupted by `interrupt`. An error of the user
    /// code ends the request with it.
    fn begin(self: Arc<Self>, request: Arc<Request>, interrupt: Option<Arc<Interrupt>>) -> Beginning;
}

/// What begins a flow.
pub type Beginning = Attempt<Result<Foreign<Box<dyn AuthFlow>>, Error>>;

/// One flow of a [`CustomAuth`]. It is dropped when it has ended, however that came.
pub trait AuthFlow: Send {
    /// The request to be sent now; None if `response` is the last one, which is then left there. It is the response to
    /// what was sent before, None at first. Not ready, it may keep the response until it is asked again.
    ///
    /// # Errors
    /// Those of the user code; the request then ends with them.
    fn next(&mut self, response: &mut Option<Response>) -> Poll<Result<Option<Arc<Request>>, Error>>;

    /// What user code may use that is still to answer, though the flow is no more.
    fn lent(&self) -> Option<Lent> {
        None
    }
}

/// A flow of any kind.
pub(in crate::httpx) enum Flow {
    Scheme { auth: Auth, request: Arc<Request>, state: State },
    Custom { flow: Option<Foreign<Box<dyn AuthFlow>>>, requires_response_body: bool },
}

/// How far a scheme that is built in has come.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::httpx) enum State {
    Begins,
    Sent,
    /// A challenge was answered; a second one is the user's.
    Answered,
}

impl Flow {
    /// A flow of `auth` for `request`.
    ///
    /// # Errors
    /// Those of reading the request's body, if the flow wants that, and of user code.
    pub(in crate::httpx) async fn begin(
        call: &Call,
        auth: &Auth,
        request: &Arc<Request>,
        deadline: Option<Instant>,
    ) -> Result<Flow, Error> {
        let Auth::Custom(custom) = auth else {
            return Ok(Flow::Scheme { auth: auth.clone(), request: Arc::clone(request), state: State::Begins });
        };
        let request = match custom.requires_request_body() {
            true => request.loaded(call, deadline).await?,
            false => Arc::clone(request),
        };
        let requires_response_body = custom.requires_response_body();
        let begun = call.ask(Arc::clone(custom).begin(request, call.interrupt().cloned())).await??;
        Ok(Flow::Custom { flow: Some(begun), requires_response_body })
    }

    /// See [`AuthFlow::next`].
    pub(in crate::httpx) async fn next(
        &mut self,
        call: &Call,
        response: &mut Option<Response>,
    ) -> Result<Option<Arc<Request>>, Error> {
        match self {
            Flow::Scheme { auth, request, state } => {
                if !scheme_sends(auth, request, state, response.as_ref())? {
                    return Ok(None);
                }
                if *state == State::Answered && request.is_alone() {
                    // Its server may have set a cookie with the challenge.
                    Arc::make_mut(request).join_client();
                }
                authorized(call, request, auth).await.map(Some)
            }
            Flow::Custom { flow, requires_response_body } => {
                if let (Some(response), true) = (response.as_mut(), *requires_response_body) {
                    response.read(call).await?;
                }
                let cut_off = || Error::new(Code::INTERNAL, "an authentication flow was cut off");
                let mut running = Some(flow.take().ok_or_else(cut_off)?);
                let kept = running.as_ref().and_then(|running| running.get().lent());
                let mut lent = response.take();
                let step = move || {
                    let next = running.as_mut().map(|running| running.get_mut().next(&mut lent));
                    let next = ready!(next.unwrap_or_else(|| Poll::Ready(Err(cut_off()))));
                    Poll::Ready((running.take(), lent.take(), next))
                };
                let (running, lent, next) = call.ask(Attempt::new(step).lending(kept)).await?;
                *flow = running;
                *response = lent;
                next
            }
        }
    }
}

/// Whether a scheme that is built in sends the request now, for the first time or the second.
fn scheme_sends(auth: &Auth, request: &Request, state: &mut State, response: Option<&Response>) -> Result<bool, Error> {
    match (*state, response) {
        (State::Begins, _) => *state = State::Sent,
        (State::Sent, Some(response)) => {
            let head = response.head();
            // Of a response that was made by hand nobody may know where it came from.
            let asked = head.status() == 401 && head.url().is_none_or(|url| url.same_origin(request.url()));
            if !asked || !auth.challenged(head.headers())? {
                return Ok(false);
            }
            *state = State::Answered;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A flow that the program runs by hand, as with HTTPX's `auth.sync_auth_flow(request)`: it sends the requests itself.
pub struct HandFlow {
    flow: Flow,
}

impl HandFlow {
    /// A flow of `auth` for `request`.
    ///
    /// # Errors
    /// Those of reading the request's body, if the flow wants that, and of user code.
    pub async fn begin(call: &Call, auth: &Auth, request: &Arc<Request>) -> Result<HandFlow, Error> {
        Ok(HandFlow { flow: Flow::begin(call, auth, request, None).await? })
    }

    /// The request to be sent now; None if `response`, which is the one to what was sent before, is the last.
    ///
    /// # Errors
    /// ProtocolError for a challenge that is none; those of reading the response's body, if the flow wants that, and of
    /// user code.
    pub async fn next(&mut self, call: &Call, response: &mut Option<Response>) -> Result<Option<Arc<Request>>, Error> {
        let mut next = self.flow.next(call, response).await?;
        if let (Flow::Scheme { .. }, Some(request), Some(response)) = (&self.flow, &mut next, response) {
            // No client does.
            Arc::make_mut(request).add_cookies(&response.head().cookies())?;
        }
        Ok(next)
    }

    /// Whether nothing of it is foreign.
    pub fn is_only_memory(&self) -> bool {
        matches!(self.flow, Flow::Scheme { .. })
    }
}

/// The request with its credentials, if it goes with any from the start. They take the place of a header that the user
/// has set (checklist F02).
pub(in crate::httpx) async fn authorized(
    call: &Call,
    request: &Arc<Request>,
    auth: &Auth,
) -> Result<Arc<Request>, Error> {
    let value = match auth.asks_foreign_code() {
        false => auth.authorization(request)?,
        true => {
            let (auth, request) = (auth.clone(), Arc::clone(request));
            call.upcall(move || auth.authorization(&request)).await?
        }
    };
    let Some(value) = value else { return Ok(Arc::clone(request)) };
    Counter::Authorizations.count();
    let mut request = Request::clone(request);
    request.headers.override_with(b"Authorization", &value)?;
    Ok(Arc::new(request))
}
