//! What a handle is: counted while C has it, owned by one or shared by several, and, where it belongs to one thread at a
//! time, lent to the call that uses it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Code, Error, Result};
use crate::runtime::generation;

/// The kinds of handles, numbered as in the header.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Error = 1,
    ClientBuilder,
    Client,
    Request,
    Pipe,
    Response,
    Stream,
    Queue,
    Op,
    Form,
    Multipart,
    Cookies,
    Transport,
    Tls,
    Proxy,
    NetworkStream,
    Url,
    Headers,
    QueryParams,
    UrlParts,
    Connections,
    ResponseBuilder,
    Auth,
    Reply,
    Waker,
    UrlPattern,
    ProxyMap,
    Flow,
}

const KINDS: usize = 29;
static LIVE: [AtomicI64; KINDS] = [const { AtomicI64::new(0) }; KINDS];

/// How many handles of a kind C has, of all kinds for 0; None for a number that is no kind.
pub(super) fn live(kind: i32) -> Option<i64> {
    match usize::try_from(kind).ok()? {
        0 => Some(LIVE.iter().map(|count| count.load(Ordering::Relaxed)).sum()),
        kind => LIVE.get(kind).map(|count| count.load(Ordering::Relaxed)),
    }
}

/// A type that C has handles of.
pub(super) trait Handle {
    const KIND: Kind;
}

/// Gives C a handle with one owner.
pub(super) fn give<T: Handle>(value: T) -> *mut T {
    LIVE[T::KIND as usize].fetch_add(1, Ordering::Relaxed);
    Box::into_raw(Box::new(value))
}

/// Takes a handle with one owner back. In a forked child, what the parent made is left alone.
///
/// # Safety
/// `pointer` is NULL or came from `give`, and is not used again.
pub(super) unsafe fn take_back<T: Handle>(pointer: *mut T, born: impl FnOnce(&T) -> u64) {
    if pointer.is_null() {
        return;
    }
    LIVE[T::KIND as usize].fetch_sub(1, Ordering::Relaxed);
    // SAFETY: the caller vouches for it.
    unsafe {
        if born(&*pointer) == generation() {
            drop(Box::from_raw(pointer));
        }
    }
}

/// Gives C an owner of something shared.
pub(super) fn share<T: Handle>(value: Arc<T>) -> *mut T {
    LIVE[T::KIND as usize].fetch_add(1, Ordering::Relaxed);
    Arc::into_raw(value).cast_mut()
}

/// Takes an owner of something shared back; None for NULL.
///
/// # Safety
/// `pointer` is NULL or came from `share`, and is not used again by this owner.
pub(super) unsafe fn unshare<T: Handle>(pointer: *mut T) -> Option<Arc<T>> {
    if pointer.is_null() {
        return None;
    }
    LIVE[T::KIND as usize].fetch_sub(1, Ordering::Relaxed);
    // SAFETY: the caller vouches for it.
    Some(unsafe { Arc::from_raw(pointer) })
}

/// One more owner, on this side of the border.
///
/// # Safety
/// `pointer` came from `share` and its owner keeps it during the call.
pub(super) unsafe fn another_owner<T: Handle>(pointer: *const T) -> Arc<T> {
    // SAFETY: the caller vouches for it.
    unsafe {
        Arc::increment_strong_count(pointer);
        Arc::from_raw(pointer)
    }
}

/// What a forked child may do with the values of its parent's handles.
pub(super) trait Inherited {
    /// True if the value is only memory: nothing open in it belongs to the parent.
    fn is_only_memory(&self) -> bool;
}

/// The changeable part of a handle that belongs to one thread at a time. A call borrows it; a second call meanwhile gets
/// an error. A call that panics with it leaves it poisoned.
pub(super) struct Slot<T> {
    state: Mutex<State<T>>,
    generation: u64,
}

enum State<T> {
    Here(T),
    Lent,
    /// Taken for good.
    Gone,
    Poisoned,
}

/// A slot's value in the hands of a call. Goes back when it is dropped.
pub(super) struct Lent<T> {
    value: Option<T>,
    slot: Arc<Slot<T>>,
}

impl<T: Inherited> Slot<T> {
    pub(super) fn new(value: T) -> Arc<Slot<T>> {
        Arc::new(Slot { state: Mutex::new(State::Here(value)), generation: generation() })
    }

    /// The process in which it was made.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Takes the value until the guard is dropped.
    pub(super) fn lend(self: &Arc<Self>) -> Result<Lent<T>> {
        let mut state = match self.generation == generation() {
            true => self.lock(),
            false => self.inherited()?,
        };
        match std::mem::replace(&mut *state, State::Lent) {
            State::Here(value) => Ok(Lent { value: Some(value), slot: Arc::clone(self) }),
            State::Lent => Err(Error::new(Code::CONCURRENT_USE, "another call is using it")),
            State::Gone => {
                *state = State::Gone;
                Err(Error::new(Code::INVALID_STATE, "it is over: what it was part of has ended, or goes on elsewhere"))
            }
            State::Poisoned => {
                *state = State::Poisoned;
                Err(Error::new(Code::POISONED, "the library panicked in an earlier call on it"))
            }
        }
    }
}

impl<T: Inherited> Slot<T> {
    /// In a forked child: what is only memory may be used, unless a thread of the parent had it in its hands.
    fn inherited(&self) -> Result<MutexGuard<'_, State<T>>> {
        match self.state.try_lock() {
            Ok(state) if matches!(&*state, State::Here(value) if value.is_only_memory()) => Ok(state),
            _ => Err(Error::new(Code::FORKED, "it belongs to the parent process")),
        }
    }
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Lent<T> {
    /// The value's place. What is not put back into it is gone, and the handle with it.
    pub(super) fn place(&mut self) -> &mut Option<T> {
        &mut self.value
    }

    /// The value for good: its slot is of no more use.
    pub(super) fn into_value(mut self) -> T {
        self.value.take().expect("lent until dropped")
    }

    /// The same, unless `give` brings the value back.
    pub(super) fn give_away(mut self, give: impl FnOnce(Box<T>) -> Result<(), (Error, Box<T>)>) -> Result<()> {
        match self.value.take().map(Box::new).map(give) {
            Some(Err((error, value))) => {
                self.value = Some(*value);
                Err(error)
            }
            _ => Ok(()),
        }
    }
}

impl<T> std::ops::Deref for Lent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("lent until dropped")
    }
}

impl<T> std::ops::DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("lent until dropped")
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        let value = self.value.take();
        let next = match value {
            _ if std::thread::panicking() => State::Poisoned,
            Some(value) => State::Here(value),
            None => State::Gone,
        };
        *self.slot.lock() = next;
    }
}
