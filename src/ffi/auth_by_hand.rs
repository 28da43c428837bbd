//! The handle of an authentication flow that the program runs by hand.

use std::ffi::c_void;
use std::sync::Arc;

use super::auth::httpx_auth;
use super::callbacks::httpx_destroy_fn;
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::handle::{give, take_back, Handle, Inherited, Kind, Slot};
use super::kit::{borrow, guard, guard_ok, guard_or, Out, UserData};
use super::lent::required;
use super::request::httpx_request;
use super::response::httpx_response;
use crate::error::{Code, Error};
use crate::httpx::{Auth, HandFlow, Response};
use crate::runtime::{block_on, Foreign, Interrupt};

/// The longest cnonce that a function may give.
const MAX_CNONCE: usize = 256;

/// A flow: what a request is sent as, and what is sent after each response. One thread at a time.
pub struct httpx_flow {
    slot: Arc<Slot<HandFlow>>,
    interrupt: Option<Arc<Interrupt>>,
}

impl Handle for httpx_flow {
    const KIND: Kind = Kind::Flow;
}

impl Inherited for HandFlow {
    fn is_only_memory(&self) -> bool {
        HandFlow::is_only_memory(self)
    }
}

/// Makes a client's nonce for Digest, visible ASCII without quotes: writes it to `cnonce`, where there is room for
/// `capacity` bytes, and its length to `*len`. `nonce` is the server's, and this is its `nonce_count`th answer. Anything
/// but HTTPX_OK ends the request. The function must not use the credentials.
pub type httpx_cnonce_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        nonce_count: u32,
        nonce: *const u8,
        nonce_len: usize,
        cnonce: *mut u8,
        capacity: usize,
        len: *mut usize,
    ) -> httpx_code,
>;

/// Has `fn_` give the client's nonces of Digest credentials, instead of the system's random numbers: to check published
/// examples. It runs on the thread that waits or dispatches.
///
/// HTTPX_E_INVALID_ARGUMENT if `a` is no Digest, HTTPX_E_INVALID_STATE if it has such a function already. `destroy` runs
/// when nobody owns the credentials any more, or when this call fails.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_digest_cnonce(
    a: *mut httpx_auth,
    fn_: httpx_cnonce_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let (a, make) = (unsafe { borrow(a, "a") }?, required(fn_, "fn_")?);
        let Auth::Digest(digest) = a.auth() else {
            return Err(Error::new(Code::INVALID_ARGUMENT, "only Digest has cnonces"));
        };
        digest.set_cnonces(Arc::new(move |count, nonce| {
            let (mut cnonce, mut len) = ([0; MAX_CNONCE], 0);
            let data = user_data.get().pointer();
            // SAFETY: the caller has handed both in together; the rest is this function's own.
            let code = unsafe {
                make(data, count, nonce.as_ptr(), nonce.len(), cnonce.as_mut_ptr(), MAX_CNONCE, &raw mut len)
            };
            if code != HTTPX_OK {
                let code = if Code(code).is_error() { Code(code) } else { Code::CANCELLED };
                return Err(Error::new(code, "the function for cnonces has failed"));
            }
            let cnonce = cnonce.get(..len).and_then(|cnonce| std::str::from_utf8(cnonce).ok());
            let is_plain = |text: &&str| text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'));
            let cnonce = cnonce.filter(is_plain).map(str::to_owned);
            cnonce.ok_or_else(|| Error::new(Code::INVALID_ARGUMENT, "what the function for cnonces gives is none"))
        }))
    })
}

/// Whether flows of these credentials look at the request's body: 1 or 0; it is read when they are started. 0 if `a` is
/// NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_requires_request_body(a: *const httpx_auth) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { a.as_ref() }.map_or(0, |a| i32::from(a.auth().requires_request_body())))
}

/// Whether flows of these credentials look at responses' bodies: 1 or 0. 0 if `a` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_requires_response_body(a: *const httpx_auth) -> i32 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { a.as_ref() }.map_or(0, |a| i32::from(a.auth().requires_response_body())))
}

/// Starts a flow of `a` for a copy of `r`, which the program runs by hand: it sends what httpx_flow_next gives, and hands
/// each response in. Sent by a client, such a request should go without credentials of its own
/// (httpx_request_auth_none).
///
/// `*out` is owned by the caller, who frees it with httpx_flow_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_start(
    a: *const httpx_auth,
    r: *const httpx_request,
    out: *mut *mut httpx_flow,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (a, r, out) = unsafe { (borrow(a, "a")?, borrow(r, "r")?, Out::new(out, "out")?) };
        let (request, interrupt) = (r.request()?, r.interrupt.clone());
        let begin = |call| async move { HandFlow::begin(&call, a.auth(), &request).await };
        let begun = block_on(interrupt.as_deref(), begin);
        out.set(give(httpx_flow { slot: Slot::new(begun?), interrupt }));
        Ok(())
    })
}

/// The flow's next step. `response` is the one to what was sent before, and stays the caller's; NULL at first. HTTPX_OK:
/// `*next` is to be sent, and owned by the caller, who frees it with httpx_request_free. HTTPX_DONE, and `*next` is NULL:
/// `response` is the last one.
///
/// A response whose body the flow looks at is read. HTTPX_E_PROTOCOL for a challenge that cannot be understood; what
/// foreign flows say.
#[no_mangle]
pub unsafe extern "C" fn httpx_flow_next(
    f: *mut httpx_flow,
    response: *mut httpx_response,
    next: *mut *mut httpx_request,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (f, response, next) = unsafe { (borrow(f, "f")?, response.as_ref(), Out::new(next, "next")?) };
        next.set(std::ptr::null_mut());
        let mut flow = f.slot.lend()?;
        let mut answered = response.map(|response| response.parts().0.lend()).transpose()?;
        let mut nothing: Option<Response> = None;
        let place = answered.as_mut().map_or(&mut nothing, |answered| answered.place());
        let flow = &mut *flow;
        let request = block_on(f.interrupt.as_deref(), |call| async move { flow.next(&call, place).await })?;
        let Some(request) = request else { return Ok(HTTPX_DONE) };
        next.set(httpx_request::give_of(request, f.interrupt.clone()));
        Ok(HTTPX_OK)
    })
}

/// Frees a flow, wherever it is. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_flow_free(f: *mut httpx_flow) {
    // SAFETY: a live handle or NULL, not used again.
    guard_or((), || unsafe { take_back(f, |f| f.slot.generation()) });
}
