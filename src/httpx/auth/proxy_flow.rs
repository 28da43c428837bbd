//! Authentication flows for proxies: what a flow puts into Proxy-Authorization goes with a request that the proxy forwards,
//! or with the CONNECT for a tunnel, and the flow sees each 407, until one side is content.

use std::sync::Arc;
use std::time::Instant;

use super::{Auth, Flow};
use crate::error::{Code, Error};
use crate::httpcore::{self, ConnectionPool, Refusal, Scheme};
use crate::httpx::{Reading, Request, Response};
use crate::runtime::Call;

/// A request on its way through a proxy that asks for credentials.
pub(in crate::httpx) struct ThroughProxy<'a> {
    pub(in crate::httpx) pool: &'a Arc<ConnectionPool>,
    pub(in crate::httpx) auth: &'a Auth,
    pub(in crate::httpx) reading: &'a Arc<Reading>,
    pub(in crate::httpx) request: &'a Arc<Request>,
}

impl ThroughProxy<'_> {
    /// Sends it until the proxy lets it pass, or the flow gives up.
    pub(in crate::httpx) async fn handle(
        &self,
        call: &Call,
        mut core: httpcore::Request<'_>,
        started: Instant,
    ) -> Result<Response, Error> {
        let forwarded = core.origin.scheme == Scheme::Http && !core.origin.websocket;
        let shown = match forwarded {
            true => Arc::clone(self.request),
            false => Arc::new(self.request.as_connect()?),
        };
        let mut flow = Flow::begin(call, self.auth, &shown, core.deadline).await?;
        let (mut last, mut refused): (Option<Response>, Option<Error>) = (None, None);
        while let Some(next) = flow.next(call, &mut last).await? {
            if let Some(mut before) = last.take() {
                // Read to its end, so that its connection serves again.
                before.read(call).await?;
            }
            let authorization = next.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"proxy-authorization"));
            core.proxy_authorization = authorization.map(|(_, value)| value.clone());
            match self.pool.handle(call, &core, Instant::now()).await {
                // Through a tunnel it is the origin that speaks.
                Ok(response) if response.head.status != 407 || !forwarded || !core.body.is_replayable() => {
                    return Ok(Response::new(response, Arc::clone(self.request), started, self.reading));
                }
                Ok(response) => last = Some(Response::new(response, Arc::clone(&shown), started, self.reading)),
                Err(error) => {
                    let Some(refusal) = error.response::<Refusal>() else { return Err(error) };
                    let response = Response::of_refusal(&refusal, Arc::clone(&shown), started, self.reading);
                    if response.head().status() != 407 {
                        return Err(error.with_response(Arc::new(response)));
                    }
                    last = Some(response.snapshot());
                    refused = Some(error.with_response(Arc::new(response)));
                }
            }
        }
        match (refused, last) {
            (Some(error), _) => Err(error),
            (None, Some(response)) => Ok(response),
            (None, None) => {
                Err(Error::new(Code::INVALID_STATE, "the authentication flow for the proxy has sent no request"))
            }
        }
    }
}
