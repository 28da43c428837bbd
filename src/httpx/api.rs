//! Requests in one call: HTTPX's helpers for the usual methods (checklist B02), and its top-level functions, which do
//! without a client (checklist B39).

use std::sync::Arc;

use bytes::Bytes;

use super::{Client, ClientBuilder, Request, Response, SendOptions};
use crate::error::Error;

/// A body, and what it is.
#[derive(Clone, Debug, Default)]
pub struct RequestContent<'a> {
    /// Empty is none.
    pub bytes: &'a [u8],
    /// The Content-Type.
    pub content_type: Option<&'a str>,
}

impl Client {
    /// A request with this body.
    ///
    /// # Errors
    /// What [`Client::build_request`] says; LocalProtocolError for a content type that could not be sent.
    pub fn build_request_with(&self, method: &str, url: &str, content: &RequestContent<'_>) -> Result<Request, Error> {
        let mut request = self.build_request(method, url)?;
        if let Some(content_type) = content.content_type {
            request.headers.override_with(b"Content-Type", content_type.as_bytes())?;
        }
        request.set_bytes(Bytes::copy_from_slice(content.bytes));
        Ok(request)
    }

    /// Builds a request, sends it, and waits for its response.
    ///
    /// # Errors
    /// What building and sending say.
    pub fn request(
        self: &Arc<Client>,
        method: &str,
        url: &str,
        content: &RequestContent<'_>,
        how: SendOptions,
    ) -> Result<Response, Error> {
        let request = Arc::new(self.build_request_with(method, url, content)?);
        let sending = self.send(request, how)?;
        self.block_on(|call| sending.run(call))
    }
}

impl ClientBuilder {
    /// Makes a client for one request, which ends with it; a body that is to be streamed keeps its connection until it
    /// has ended.
    ///
    /// # Errors
    /// What [`ClientBuilder::build`] and [`Client::request`] say.
    pub fn request(
        &self,
        method: &str,
        url: &str,
        content: &RequestContent<'_>,
        how: SendOptions,
    ) -> Result<Response, Error> {
        self.build()?.request(method, url, content, how)
    }
}
