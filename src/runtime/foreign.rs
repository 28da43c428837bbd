//! Foreign values: user data with a destroy function. A destroy function is foreign code, so it must not run inside a
//! poll, nor on a library thread. Dropped there, a [`Foreign`] is set aside for the thread that drives.

use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// Some while this thread polls.
    static SET_ASIDE: RefCell<Option<Vec<SetAside>>> = const { RefCell::new(None) };
}

/// What was dropped inside a poll, waiting to be dropped outside.
pub(super) type SetAside = Box<dyn Any + Send>;

/// Holds a value whose drop runs foreign code.
#[derive(Debug)]
pub struct Foreign<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Foreign<T> {
    /// Wraps `value`.
    pub fn new(value: T) -> Foreign<T> {
        Foreign(Some(value))
    }

    /// The value.
    pub fn get(&self) -> &T {
        self.0.as_ref().expect("a foreign value is there until it is dropped")
    }

    /// The value, which is the caller's to drop outside polls.
    pub fn into_inner(mut self) -> T {
        self.0.take().expect("a foreign value is there until it is dropped")
    }

    /// The value, to be changed.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("a foreign value is there until it is dropped")
    }
}

impl<T: Send + 'static> Drop for Foreign<T> {
    fn drop(&mut self) {
        let Some(value) = self.0.take() else { return };
        // Where the thread's storage is gone already, nothing polls any more.
        let _ = SET_ASIDE.try_with(|cell| match cell.borrow_mut().as_mut() {
            Some(list) => {
                list.push(Box::new(value));
                None
            }
            None => Some(value),
        });
    }
}

/// Runs `poll`, which polls futures, and returns beside its result what foreign values were dropped in it.
pub(super) fn setting_aside<T>(poll: impl FnOnce() -> T) -> (T, Vec<SetAside>) {
    /// The outer list, until it is put back.
    struct Outer(Option<Option<Vec<SetAside>>>);
    impl Outer {
        /// Returns the inner one.
        fn put_back(&mut self) -> Option<Vec<SetAside>> {
            let outer = self.0.take()?;
            SET_ASIDE.with(|cell| cell.replace(outer))
        }
    }
    impl Drop for Outer {
        fn drop(&mut self) {
            // After a panic. Dropped once the cell is free: foreign code may come back here.
            drop(self.put_back());
        }
    }
    let mut outer = Outer(Some(SET_ASIDE.with(|cell| cell.borrow_mut().replace(Vec::new()))));
    let result = poll();
    let aside = outer.put_back().unwrap_or_default();
    (result, aside)
}

/// True if values wait on this thread to be dropped outside the poll that runs now.
pub(super) fn anything_set_aside() -> bool {
    SET_ASIDE.with(|cell| cell.borrow().as_ref().is_some_and(|list| !list.is_empty()))
}
