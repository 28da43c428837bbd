//! The handle of query parameters.

use std::ffi::c_char;
use std::sync::{Arc, OnceLock};

use super::client_builder::{change, httpx_client_builder};
use super::codes::{httpx_code, HTTPX_DONE, HTTPX_OK};
use super::error::httpx_error;
use super::form::httpx_form;
use super::handle::{another_owner, share, unshare, Handle, Kind};
use super::kit::{borrow, guard, guard_ok, guard_or, long_text, set_if_wanted, text, Out};
use super::request::httpx_request;
use super::text::{Fields, Text};
use super::url::hash_of;
use crate::error::{Code, Error, Result};
use crate::httpx::QueryParams;

/// The parameters of a query: keys, each with its values, in the order in which the keys first came. Immutable; any
/// thread may use it.
pub struct httpx_query_params {
    params: QueryParams,
    query: Text,
    items: OnceLock<Fields>,
    multi_items: OnceLock<Fields>,
}

impl Handle for httpx_query_params {
    const KIND: Kind = Kind::QueryParams;
}

impl httpx_query_params {
    /// A handle for C.
    pub(super) fn give(params: QueryParams) -> *mut httpx_query_params {
        share(Arc::new(httpx_query_params {
            params,
            query: Text::default(),
            items: OnceLock::new(),
            multi_items: OnceLock::new(),
        }))
    }

    pub(super) fn params(&self) -> &QueryParams {
        &self.params
    }

    fn items(&self) -> &Fields {
        self.items.get_or_init(|| Fields::new(self.params.items().map(as_bytes)))
    }

    fn multi_items(&self) -> &Fields {
        self.multi_items.get_or_init(|| Fields::new(self.params.multi_items().map(as_bytes)))
    }
}

fn as_bytes<'a>((key, value): (&'a str, &'a str)) -> (&'a [u8], &'a [u8]) {
    (key.as_bytes(), value.as_bytes())
}

/// Reads a query without its "?", such as "a=1&b=two+words", UTF-8. Nothing is an error: a key without "=" has an empty
/// value, and escapes that are not UTF-8 become U+FFFD.
///
/// `*out` is owned by the caller, who frees it with httpx_query_params_free.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_parse(
    query: *const c_char,
    len: usize,
    out: *mut *mut httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (query, out) = unsafe { (long_text(query, len, "query")?, Out::new(out, "out")?) };
        out.set(httpx_query_params::give(QueryParams::parse(query)));
        Ok(())
    })
}

/// Makes parameters of a form's names and values, as it is now: how many are made at once. `*out` is owned by the caller,
/// here and below.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_from_form(
    form: *const httpx_form,
    out: *mut *mut httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (form, out) = unsafe { (borrow(form, "form")?, Out::new(out, "out")?) };
        out.set(httpx_query_params::give(form.form()?.iter().collect()));
        Ok(())
    })
}

/// Adds an owner; returns `p`. NULL for NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_clone(p: *mut httpx_query_params) -> *mut httpx_query_params {
    guard_or(std::ptr::null_mut(), || match p.is_null() {
        true => std::ptr::null_mut(),
        // SAFETY: a live handle.
        false => share(unsafe { another_owner(p) }),
    })
}

/// Ends an ownership. NULL is fine.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_free(p: *mut httpx_query_params) {
    // SAFETY: a live handle or NULL, not used again by this owner.
    guard_or((), || drop(unsafe { unshare(p) }));
}

/// The parameters as a query without its "?", escaped like a form: a space is "+". `len` may be NULL. Borrowed from `p`;
/// NULL if `p` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_str(p: *const httpx_query_params, len: *mut usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        // SAFETY: the caller vouches for both.
        let given = unsafe { p.as_ref() }.map(|p| p.query.get(|| p.params.to_string()));
        let (query, length) = given.unwrap_or((std::ptr::null(), 0));
        unsafe { set_if_wanted(len, length) };
        query
    })
}

/// How many different keys there are; 0 if `p` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_count(p: *const httpx_query_params) -> usize {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { p.as_ref() }.map_or(0, |p| p.params.len()))
}

/// The key at `index` and its first value, UTF-8. Each place may be NULL. Borrowed from `p`. HTTPX_E_NOT_FOUND for an
/// index that is too high.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_item_at(
    p: *const httpx_query_params,
    index: usize,
    key: *mut *const c_char,
    key_len: *mut usize,
    value: *mut *const c_char,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let item = unsafe { borrow(p, "p") }?.items().get(index);
        // SAFETY: the caller vouches for the places.
        unsafe { give_item(item, index, [key, value], [key_len, value_len]) }
    })
}

/// How many values all keys have together; 0 if `p` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_multi_count(p: *const httpx_query_params) -> usize {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { p.as_ref() }.map_or(0, |p| p.params.multi_items().count()))
}

/// One of all keys with one of its values, as httpx_query_params_item_at; a key that has more values comes once with
/// each.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_multi_item_at(
    p: *const httpx_query_params,
    index: usize,
    key: *mut *const c_char,
    key_len: *mut usize,
    value: *mut *const c_char,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for it.
        let item = unsafe { borrow(p, "p") }?.multi_items().get(index);
        // SAFETY: the caller vouches for the places.
        unsafe { give_item(item, index, [key, value], [key_len, value_len]) }
    })
}

/// # Safety
/// Each place is NULL or writable.
unsafe fn give_item(
    item: Option<(&[u8], &[u8])>,
    index: usize,
    texts: [*mut *const c_char; 2],
    lengths: [*mut usize; 2],
) -> Result<()> {
    let (key, value) = item.ok_or_else(|| Error::new(Code::NOT_FOUND, format!("there is no parameter {index}")))?;
    for ((part, text), length) in [key, value].into_iter().zip(texts).zip(lengths) {
        // SAFETY: the caller vouches for it.
        unsafe {
            set_if_wanted(text, part.as_ptr().cast());
            set_if_wanted(length, part.len());
        }
    }
    Ok(())
}

/// The first value of a key, UTF-8, borrowed from `p`. The places may be NULL, to ask only whether the key is there.
/// HTTPX_DONE, and `*value` is NULL, if it is not.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_get(
    p: *const httpx_query_params,
    key: *const c_char,
    key_len: usize,
    value: *mut *const c_char,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    unsafe { httpx_query_params_get_list_at(p, key, key_len, 0, value, value_len, err) }
}

/// The value at `index` of those that a key has, as httpx_query_params_get: HTTPX_DONE behind the last one.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_get_list_at(
    p: *const httpx_query_params,
    key: *const c_char,
    key_len: usize,
    index: usize,
    value: *mut *const c_char,
    value_len: *mut usize,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard(err, || {
        // SAFETY: the caller vouches for pointers and length.
        let (p, key) = unsafe { (borrow(p, "p")?, text(key, key_len, "key")?) };
        let found = p.multi_items().iter().filter(|(other, _)| *other == key.as_bytes()).nth(index);
        let (pointer, length) = found.map_or((std::ptr::null(), 0), |(_, value)| (value.as_ptr(), value.len()));
        // SAFETY: NULL or writable.
        unsafe {
            set_if_wanted(value, pointer.cast());
            set_if_wanted(value_len, length);
        }
        Ok(if found.is_some() { HTTPX_OK } else { HTTPX_DONE })
    })
}

/// These parameters with a key set to one value, in the place of those that it has.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_set(
    p: *const httpx_query_params,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    out: *mut *mut httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    let set =
        |params: &QueryParams| unsafe { Ok(params.set(text(key, key_len, "key")?, text(value, value_len, "value")?)) };
    // SAFETY: as above.
    unsafe { give_changed(p, out, err, set) }
}

/// These parameters with one more value for a key, behind those that it has.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_add(
    p: *const httpx_query_params,
    key: *const c_char,
    key_len: usize,
    value: *const c_char,
    value_len: usize,
    out: *mut *mut httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and lengths.
    let add =
        |params: &QueryParams| unsafe { Ok(params.add(text(key, key_len, "key")?, text(value, value_len, "value")?)) };
    // SAFETY: as above.
    unsafe { give_changed(p, out, err, add) }
}

/// These parameters without a key, which need not be there.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_remove(
    p: *const httpx_query_params,
    key: *const c_char,
    key_len: usize,
    out: *mut *mut httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for pointers and length.
    unsafe { give_changed(p, out, err, |params| Ok(params.remove(text(key, key_len, "key")?))) }
}

/// These parameters with the keys of `other`, whose values take the place of those that are here.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_merge(
    p: *const httpx_query_params,
    other: *const httpx_query_params,
    out: *mut *mut httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe { give_changed(p, out, err, |params| Ok(params.merge(borrow(other, "other")?.params()))) }
}

/// # Safety
/// `p` is NULL or a live handle, `out` and `err` NULL or writable.
unsafe fn give_changed(
    p: *const httpx_query_params,
    out: *mut *mut httpx_query_params,
    err: *mut *mut httpx_error,
    copy: impl FnOnce(&QueryParams) -> Result<QueryParams>,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (p, out) = unsafe { (borrow(p, "p")?, Out::new(out, "out")?) };
        out.set(httpx_query_params::give(copy(&p.params)?));
        Ok(())
    })
}

/// Whether two have the same keys with the same values, in any order: 1 or 0. NULL equals nothing.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_equal(
    p: *const httpx_query_params,
    other: *const httpx_query_params,
) -> i32 {
    // SAFETY: the caller vouches for both.
    let pair = || unsafe { Some((p.as_ref()?, other.as_ref()?)) };
    guard_or(0, || i32::from(pair().is_some_and(|(p, other)| p.params == other.params)))
}

/// A number that is the same for equal parameters, as long as the process lives. 0 if `p` is NULL.
#[no_mangle]
pub unsafe extern "C" fn httpx_query_params_hash(p: *const httpx_query_params) -> u64 {
    // SAFETY: the caller vouches for it.
    guard_or(0, || unsafe { p.as_ref() }.map_or(0, |p| hash_of(&p.params)))
}

/// Gives every request of the clients to come these parameters, instead of those that the builder has; see
/// httpx_client_builder_param.
#[no_mangle]
pub unsafe extern "C" fn httpx_client_builder_params(
    b: *mut httpx_client_builder,
    params: *const httpx_query_params,
    err: *mut *mut httpx_error,
) -> httpx_code {
    // SAFETY: the caller vouches for the pointers.
    unsafe {
        change(b, err, |builder| {
            builder.params = borrow(params, "params")?.params.clone();
            Ok(())
        })
    }
}

/// Gives the request's URL these parameters: with `merge` not 0 in the place of those with the same keys, with 0, as
/// HTTPX's `params` do, instead of its whole query, which goes if there are none.
#[no_mangle]
pub unsafe extern "C" fn httpx_request_params(
    r: *mut httpx_request,
    params: *const httpx_query_params,
    merge: i32,
    err: *mut *mut httpx_error,
) -> httpx_code {
    guard_ok(err, || {
        // SAFETY: the caller vouches for the pointers.
        let (r, params) = unsafe { (borrow(r, "r")?, borrow(params, "params")?) };
        r.change(|request| request.set_params(&params.params, merge != 0))
    })
}
