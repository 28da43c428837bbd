//! Event hooks: foreign functions that see every request and every response of a client.

use std::ffi::c_void;
use std::sync::Arc;
use std::task::{ready, Poll};

use super::callbacks::httpx_destroy_fn;
use super::client_builder::{change, httpx_client_builder};
use super::codes::{httpx_code, HTTPX_AGAIN, HTTPX_OK};
use super::error::httpx_error;
use super::kit::UserData;
use super::lent::{outcome, LentRequest, LentResponse};
use super::request::httpx_request;
use super::response::httpx_response;
use crate::error::{Code, Error, Result};
use crate::httpx::{ClientBuilder, RequestHook, ResponseHook};
use crate::runtime::{Attempt, Foreign};

/// Gets a request before it is sent, and may change it. `request` is there until the function has answered, and not to
/// be freed.
///
/// HTTPX_OK goes on, HTTPX_AGAIN answers later (see httpx_upcall_waker). Anything else ends the request: with `*error` if the function puts a handle there (from httpx_error_new or from
/// a call that failed), which then is the library's, else with the code, or with HTTPX_E_CANCELLED for a code that is
/// no error.
pub type httpx_request_hook_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        request: *mut httpx_request,
        error: *mut *mut httpx_error,
    ) -> httpx_code,
>;

/// Gets a response before its body is read, and may read it (httpx_response_read). `response` is there until the
/// function has answered, and not to be freed. What it returns counts as for httpx_request_hook_fn; the response is closed
/// if that ends the request.
pub type httpx_response_hook_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        response: *mut httpx_response,
        error: *mut *mut httpx_error,
    ) -> httpx_code,
>;

/// # Safety
/// As for `outcome`.
pub(super) unsafe fn hook_outcome(code: httpx_code, error: *mut httpx_error, what: &str) -> Poll<Result<()>> {
    // SAFETY: the caller vouches for it.
    match unsafe { outcome(code, error, what) }? {
        HTTPX_OK => Poll::Ready(Ok(())),
        HTTPX_AGAIN => Poll::Pending,
        _ => Poll::Ready(Err(Error::new(Code::CANCELLED, format!("{what} ended the request")))),
    }
}

fn request_hook(fn_: httpx_request_hook_fn, user_data: Foreign<UserData>) -> Option<Arc<RequestHook>> {
    let (run, user_data) = (fn_?, Arc::new(user_data));
    Some(Arc::new(move |request, interrupt| {
        let user_data = Arc::clone(&user_data);
        let lent = Arc::new(LentRequest::new(request, interrupt));
        let kept = Arc::clone(&lent);
        Attempt::new(move || {
            let mut error = std::ptr::null_mut();
            // SAFETY: the caller has handed both in together, and vouches for what it puts into `error`.
            ready!(unsafe {
                let code = run(user_data.get().pointer(), lent.pointer(), &raw mut error);
                hook_outcome(code, error, "the request hook")
            })?;
            Poll::Ready(lent.request())
        })
        .lending(Some(kept))
    }))
}

fn response_hook(fn_: httpx_response_hook_fn, user_data: Foreign<UserData>) -> Option<Arc<ResponseHook>> {
    let (run, user_data) = (fn_?, Arc::new(user_data));
    Some(Arc::new(move |response, interrupt| {
        let user_data = Arc::clone(&user_data);
        let lent = Borrowed(Arc::new(LentResponse::new(response, interrupt)));
        let kept = Arc::clone(&lent.0);
        Attempt::new(move || {
            let mut error = std::ptr::null_mut();
            // SAFETY: the caller has handed both in together, and vouches for what it puts into `error`.
            ready!(unsafe {
                let code = run(user_data.get().pointer(), lent.0.pointer(), &raw mut error);
                hook_outcome(code, error, "the response hook")
            })?;
            Poll::Ready(lent.0.take())
        })
        .lending(Some(kept))
    }))
}

/// A response as long as its request goes on. Its connection does not wait for whoever still has the handle.
struct Borrowed(Arc<LentResponse>);

impl Drop for Borrowed {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

/// Has `fn_` get every request right before it is sent: complete with credentials and cookies, at each hop of a redirect
/// and each round of an authentication flow; on the thread that waits or dispatches, where it may make blocking calls. What it
/// changes is sent. Several functions run in the order in which they were added; NULL removes them all.
///
/// `destroy` runs when neither the builder nor a client nor a response of it is left, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_on_request(
    b: *mut httpx_client_builder,
    fn_: httpx_request_hook_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |builder: &mut ClientBuilder| {
        match request_hook(fn_, user_data) {
            Some(hook) => builder.event_hooks.request.push(hook),
            None => builder.event_hooks.request.clear(),
        }
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}

/// Has `fn_` get every response as soon as its head is there, before redirects are followed and before credentials are
/// looked at; on the thread that waits or dispatches, where it may make blocking calls, such as httpx_response_read. Several
/// functions run in the order in which they were added; NULL removes them all.
///
/// `destroy` runs when neither the builder nor a client nor a response of it is left, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_on_response(
    b: *mut httpx_client_builder,
    fn_: httpx_response_hook_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    let set = |builder: &mut ClientBuilder| {
        match response_hook(fn_, user_data) {
            Some(hook) => builder.event_hooks.response.push(hook),
            None => builder.event_hooks.response.clear(),
        }
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { change(b, err, set) }
}
