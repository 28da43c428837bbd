//! The handle of credentials: the schemes that are built in, and flows that are foreign code.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::task::{ready, Poll};

use super::callbacks::httpx_destroy_fn;
use super::client_builder::{self, httpx_client_builder};
use super::codes::{httpx_code, HTTPX_AGAIN, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::event_hooks::{hook_outcome, httpx_request_hook_fn};
use super::handle::{another_owner, share, unshare, Handle, Kind};
use super::kit::{guard_ok, guard_or, path, short_bytes, Out, UserData};
use super::lent::{known_flags, outcome, required, vtable, LentRequest, LentResponse};
use super::request::{self, httpx_request};
use super::response::httpx_response;
use crate::error::{Code, Error, Result};
use crate::httpx::{Auth, AuthFlow, Beginning, ClientBuilder, CustomAuth, Given, Netrc, Request, Response};
use crate::runtime::{Attempt, Foreign, Interrupt, Lent};

/// The flow needs the request's body in memory: a body that can be read once is read, and can be sent more than once.
pub const HTTPX_AUTH_REQUEST_BODY: u32 = 1;
/// The flow needs responses whose bodies were read.
pub const HTTPX_AUTH_RESPONSE_BODY: u32 = 2;

/// Credentials, and the way in which they are shown. Immutable, but for what Digest learns from servers; any thread may
/// use it.
pub struct httpx_auth {
    auth: Auth,
}

impl httpx_auth {
    /// The credentials.
    pub(super) fn auth(&self) -> &Auth {
        &self.auth
    }
}

impl Handle for httpx_auth {
    const KIND: Kind = Kind::Auth;
}

/// Begins a flow for one request. What it puts into `*flow` is handed to the other functions of the flow, and may stay
/// NULL. `request` is there until the flow is destroyed, and not to be freed; it is a copy, which the flow may change.
/// For `error` and what is returned see httpx_request_hook_fn; if that ends the request, the flow is not destroyed. One
/// that has put something into `*flow` and never answers is.
pub type httpx_auth_new_flow_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        request: *mut httpx_request,
        flow: *mut *mut c_void,
        error: *mut *mut httpx_error,
    ) -> httpx_code,
>;

/// The next step of a flow. `response` is the one to what was sent before, after redirects; NULL at first. It is there
/// until the function has answered, and not to be freed.
///
/// HTTPX_OK: send `*next`, which then is the library's, or `request` as it is now if that stays NULL. HTTPX_DONE: `response`
/// is the last one. HTTPX_AGAIN: later (see httpx_upcall_waker). Anything else ends the request; for `error` see httpx_request_hook_fn.
pub type httpx_auth_next_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        flow: *mut c_void,
        request: *mut httpx_request,
        response: *mut httpx_response,
        next: *mut *mut httpx_request,
        error: *mut *mut httpx_error,
    ) -> httpx_code,
>;

/// Ends a flow: called exactly once for each that was begun, however its request ended.
pub type httpx_auth_destroy_flow_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, flow: *mut c_void)>;

/// An authentication scheme in foreign code. All of it runs on the thread that waits or dispatches, where it may make
/// blocking calls; flows for different requests may run on different threads at once.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct httpx_auth_vtable {
    /// sizeof(httpx_auth_vtable).
    pub size: usize,
    /// HTTPX_AUTH_REQUEST_BODY and so on, added up.
    pub flags: u32,
    /// May be NULL: flows without anything of their own.
    pub new_flow: httpx_auth_new_flow_fn,
    /// Not NULL.
    pub next: httpx_auth_next_fn,
    /// May be NULL.
    pub destroy_flow: httpx_auth_destroy_flow_fn,
    /// Destroys the scheme's user data; may be NULL.
    pub destroy: httpx_destroy_fn,
}

/// A scheme in foreign code.
struct ForeignAuth {
    table: httpx_auth_vtable,
    next: unsafe extern "C" fn(
        *mut c_void,
        *mut c_void,
        *mut httpx_request,
        *mut httpx_response,
        *mut *mut httpx_request,
        *mut *mut httpx_error,
    ) -> httpx_code,
    user_data: Foreign<UserData>,
}

impl CustomAuth for ForeignAuth {
    fn requires_request_body(&self) -> bool {
        self.table.flags & HTTPX_AUTH_REQUEST_BODY != 0
    }

    fn requires_response_body(&self) -> bool {
        self.table.flags & HTTPX_AUTH_RESPONSE_BODY != 0
    }

    fn begin(self: Arc<Self>, request: Arc<Request>, interrupt: Option<Arc<Interrupt>>) -> Beginning {
        let request = Arc::new(LentRequest::new(request, interrupt.clone()));
        let kept = Arc::clone(&request);
        let (flow, lent) = (std::ptr::null_mut(), None);
        let mut begun = Some(Foreign::new(ForeignFlow { auth: self, flow, is_begun: false, request, interrupt, lent }));
        Attempt::new(move || {
            if let Some(flow) = &mut begun {
                ready!(flow.get_mut().begin())?;
            }
            let flow = begun.take().ok_or_else(|| Error::new(Code::INTERNAL, "a flow was begun twice"))?;
            Poll::Ready(Ok(Foreign::new(Box::new(flow.into_inner()) as Box<dyn AuthFlow>)))
        })
        .lending(Some(kept))
    }
}

/// A flow in foreign code.
struct ForeignFlow {
    auth: Arc<ForeignAuth>,
    flow: *mut c_void,
    is_begun: bool,
    request: Arc<LentRequest>,
    interrupt: Option<Arc<Interrupt>>,
    /// What `next` is still to look at.
    lent: Option<LentResponse>,
}

// SAFETY: the ABI's rules say that a flow may go on on another thread.
unsafe impl Send for ForeignFlow {}

impl ForeignFlow {
    fn begin(&mut self) -> Poll<Result<()>> {
        let Some(new_flow) = self.auth.table.new_flow else {
            self.is_begun = true;
            return Poll::Ready(Ok(()));
        };
        let mut error = std::ptr::null_mut();
        // SAFETY: as the table's author vouches for; the rest is this value's own.
        let outcome = ready!(unsafe {
            let user_data = self.auth.user_data.get().pointer();
            let code = new_flow(user_data, self.request.pointer(), &raw mut self.flow, &raw mut error);
            hook_outcome(code, error, "the authentication flow")
        });
        self.is_begun = outcome.is_ok();
        if outcome.is_err() {
            self.flow = std::ptr::null_mut();
        }
        Poll::Ready(outcome)
    }
}

impl AuthFlow for ForeignFlow {
    fn next(&mut self, response: &mut Option<Response>) -> Poll<Result<Option<Arc<Request>>>> {
        if let Some(response) = response.take() {
            self.lent = Some(LentResponse::new(response, self.interrupt.clone()));
        }
        let answered = self.lent.as_ref().map_or(std::ptr::null_mut(), LentResponse::pointer);
        let (user_data, request) = (self.auth.user_data.get().pointer(), self.request.pointer());
        let (mut next, mut error) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: as the table's author vouches for; the rest is this function's own.
        let (code, next) = unsafe {
            let code = (self.auth.next)(user_data, self.flow, request, answered, &raw mut next, &raw mut error);
            // Taken in any case, so that it is freed.
            (outcome(code, error, "the authentication flow"), self.request.or_given(next))
        };
        if matches!(code, Ok(HTTPX_AGAIN)) {
            return Poll::Pending;
        }
        // Whoever runs the flow by hand has it back, also from one that fails.
        *response = self.lent.take().map(|lent| lent.take()).transpose()?;
        Poll::Ready(match code? {
            HTTPX_OK => next.map(Some),
            HTTPX_DONE => Ok(None),
            _ => Err(Error::new(Code::CANCELLED, "the authentication flow ended the request")),
        })
    }
}

impl Drop for ForeignFlow {
    fn drop(&mut self) {
        // One that has said "not yet" may have something of its own already.
        if !self.is_begun && self.flow.is_null() {
            return;
        }
        if let Some(destroy_flow) = self.auth.table.destroy_flow {
            // SAFETY: called once, with what was made for it.
            unsafe { destroy_flow(self.auth.user_data.get().pointer(), self.flow) };
        }
    }
}

/// A function that puts credentials into a request.
struct ForeignFunction {
    run: unsafe extern "C" fn(*mut c_void, *mut httpx_request, *mut *mut httpx_error) -> httpx_code,
    user_data: Foreign<UserData>,
}

impl CustomAuth for ForeignFunction {
    fn requires_request_body(&self) -> bool {
        false
    }

    fn requires_response_body(&self) -> bool {
        false
    }

    fn begin(self: Arc<Self>, request: Arc<Request>, interrupt: Option<Arc<Interrupt>>) -> Beginning {
        let request = Arc::new(LentRequest::new(request, interrupt));
        Attempt::new(move || {
            let flow = FunctionFlow { auth: Arc::clone(&self), request: Arc::clone(&request) };
            Poll::Ready(Ok(Foreign::new(Box::new(flow) as Box<dyn AuthFlow>)))
        })
    }
}

struct FunctionFlow {
    auth: Arc<ForeignFunction>,
    request: Arc<LentRequest>,
}

impl AuthFlow for FunctionFlow {
    fn lent(&self) -> Option<Lent> {
        Some(Arc::clone(&self.request) as _)
    }

    fn next(&mut self, response: &mut Option<Response>) -> Poll<Result<Option<Arc<Request>>>> {
        if response.is_some() {
            return Poll::Ready(Ok(None));
        }
        let mut error = std::ptr::null_mut();
        // SAFETY: the caller has handed both in together, and vouches for what it puts into `error`.
        ready!(unsafe {
            let code = (self.auth.run)(self.auth.user_data.get().pointer(), self.request.pointer(), &raw mut error);
            hook_outcome(code, error, "the authentication function")
        })?;
        Poll::Ready(self.request.request().map(Some))
    }
}

fn give(auth: Auth) -> *mut httpx_auth {
    share(Arc::new(httpx_auth { auth }))
}

/// Makes credentials for Basic (RFC 7617), which are sent without being asked for. Any bytes.
///
/// `*out` is owned by the caller, who frees it with httpx_auth_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_basic(
    username: *const u8,
    username_len: usize,
    password: *const u8,
    password_len: usize,
    out: *mut *mut httpx_auth,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (username, password, out) = unsafe {
            let username = short_bytes(username, username_len, "username")?;
            (username, short_bytes(password, password_len, "password")?, Out::new(out, "out")?)
        };
        out.set(give(Auth::basic(username, password)));
        Ok(())
    })
}

/// Makes credentials for Digest (RFC 7616): the first request is sent without any, a challenge in a 401 is answered, and
/// later requests go with an answer at once, whichever clients and requests share the handle.
///
/// `*out` is owned by the caller, who frees it with httpx_auth_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_digest(
    username: *const u8,
    username_len: usize,
    password: *const u8,
    password_len: usize,
    out: *mut *mut httpx_auth,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and lengths.
        let (username, password, out) = unsafe {
            let username = short_bytes(username, username_len, "username")?;
            (username, short_bytes(password, password_len, "password")?, Out::new(out, "out")?)
        };
        out.set(give(Auth::digest(username, password)));
        Ok(())
    })
}

/// Makes credentials from a netrc file: Basic, with what the file, as it is now, has for a request's host; (NULL, 0) is
/// ~/.netrc. HTTPX_E_IO or a code below it if it cannot be read, HTTPX_E_INVALID_CONFIG, with the line, if it cannot be
/// understood.
///
/// `*out` is owned by the caller, who frees it with httpx_auth_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_netrc(
    file: *const c_char,
    len: usize,
    out: *mut *mut httpx_auth,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        let file = match file.is_null() && len == 0 {
            true => None,
            // SAFETY: the caller vouches for pointer and length.
            false => Some(unsafe { path(file, len, "file") }?),
        };
        out.set(give(Auth::Netrc(Arc::new(Netrc::load(file)?))));
        Ok(())
    })
}

/// Makes a scheme of one function that gets each request before it is sent first, and puts credentials into it; not at
/// redirects. It runs on the thread that waits or dispatches.
///
/// `destroy` runs when nobody owns the scheme any more, or when this call fails. `*out` is owned by the caller, who frees
/// it with httpx_auth_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_function(
    fn_: httpx_request_hook_fn,
    user_data: *mut c_void,
    destroy: httpx_destroy_fn,
    out: *mut *mut httpx_auth,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let user_data = Foreign::new(UserData::new(user_data, destroy));
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        let run = required(fn_, "fn_")?;
        out.set(give(Auth::Custom(Arc::new(ForeignFunction { run, user_data }))));
        Ok(())
    })
}

/// Makes a scheme of a table of functions, which is copied. Each request that a flow has sent goes through redirects, cookies
/// and event hooks; responses before the last stand in its history.
///
/// The table's `destroy` runs when nobody owns the scheme any more, or when this call fails, unless that is for the table's
/// size. `*out` is owned by the caller, who frees it with httpx_auth_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_flow(
    table: *const httpx_auth_vtable,
    user_data: *mut c_void,
    out: *mut *mut httpx_auth,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let table = unsafe { vtable(table, "table") }?;
        let user_data = Foreign::new(UserData::new(user_data, table.destroy));
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(out, "out") }?;
        known_flags(table.flags, HTTPX_AUTH_REQUEST_BODY | HTTPX_AUTH_RESPONSE_BODY)?;
        let next = required(table.next, "table.next")?;
        out.set(give(Auth::Custom(Arc::new(ForeignAuth { table, next, user_data }))));
        Ok(())
    })
}

/// Adds an owner; returns `a`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_clone(a: *mut httpx_auth) -> *mut httpx_auth {
    guard_or(std::ptr::null_mut(), || match a.is_null() {
        true => std::ptr::null_mut(),
        // SAFETY: a live handle.
        false => share(unsafe { another_owner(a) }),
    })
}

/// Ends an ownership; builders, clients and requests that use it own it, too. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_auth_free(a: *mut httpx_auth) {
    // SAFETY: a live handle or NULL, not used again by this owner.
    guard_or((), || drop(unsafe { unshare(a) }));
}

/// Has all requests authenticate by `a` that have no credentials of their own. NULL: none, the default.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_auth(
    b: *mut httpx_client_builder,
    a: *const httpx_auth,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |builder: &mut ClientBuilder| {
        // SAFETY: a live handle or NULL.
        builder.auth = unsafe { a.as_ref() }.map(|a| a.auth.clone());
        Ok(())
    };
    // SAFETY: the caller vouches for `b`.
    unsafe { client_builder::change(b, err, set) }
}

/// Has this request authenticate by `a`, instead of as the client says. NULL: without the client's credentials; those in
/// its URL still count.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_auth(
    r: *mut httpx_request,
    a: *const httpx_auth,
    err: *mut *mut httpx_error,
) -> httpx_code {
    let set = |request: &mut Request| {
        // SAFETY: a live handle or NULL.
        request.auth = unsafe { a.as_ref() }.map_or(Given::Nothing, |a| Given::Set(a.auth.clone()));
        Ok(())
    };
    // SAFETY: the caller vouches for `r`.
    unsafe { request::change(r, err, set) }
}
