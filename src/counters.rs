//! How often the library has done what, since it was loaded. Each thread counts in a block of its own, which costs a
//! load and a store; who asks adds the blocks up. A block whose thread has ended is the next thread's.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::OnceLock;

/// What is counted, numbered as in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// URLs and references that were parsed.
    Urls = 1,
    /// Header lines that were set or received.
    HeaderFields,
    /// Cookies that were stored.
    CookiesStored,
    /// Cookies that were put into requests.
    CookiesSent,
    /// Multipart bodies that requests were given.
    Multiparts,
    /// Redirects that were followed.
    Redirects,
    /// Authorizations that were made.
    Authorizations,
    /// Bytes that came out of content decoders.
    BytesDecoded,
    /// Texts, and pieces of streamed text, that were decoded.
    TextsDecoded,
    /// Connections that were opened.
    Connections,
    /// Requests that transports were given.
    Requests,
}

const COUNTERS: usize = 12;

struct Block {
    counts: [AtomicI64; COUNTERS],
    /// A thread counts here.
    taken: AtomicBool,
    next: OnceLock<&'static Block>,
}

/// Where threads count that are about to end.
static FIRST: Block = Block::new(true);

impl Block {
    const fn new(taken: bool) -> Block {
        Block { counts: [const { AtomicI64::new(0) }; COUNTERS], taken: AtomicBool::new(taken), next: OnceLock::new() }
    }

    /// A block that nobody else counts in. No lock: a forked child finds the list as it was.
    fn take() -> &'static Block {
        let mut block = &FIRST;
        loop {
            let next = *block.next.get_or_init(|| Box::leak(Box::new(Block::new(false))));
            if !next.taken.swap(true, Ordering::Acquire) {
                return next;
            }
            block = next;
        }
    }

    fn all() -> impl Iterator<Item = &'static Block> {
        std::iter::successors(Some(&FIRST), |block| block.next.get().copied())
    }
}

/// A thread's block, given back when the thread ends.
struct Own(Cell<Option<&'static Block>>);

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(block) = self.0.get() {
            block.taken.store(false, Ordering::Release);
        }
    }
}

thread_local! {
    static OWN: Own = const { Own(Cell::new(None)) };
}

impl Counter {
    /// Counts once.
    #[inline]
    pub fn count(self) {
        self.add(1);
    }

    /// Counts `by` at once.
    #[inline]
    pub fn add(self, by: usize) {
        let by = by as i64;
        let counted = OWN.try_with(|own| {
            let block = own.0.get().unwrap_or_else(|| {
                let block = Block::take();
                own.0.set(Some(block));
                block
            });
            let count = &block.counts[self as usize];
            // Only this thread writes here.
            count.store(count.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
        });
        if counted.is_err() {
            FIRST.counts[self as usize].fetch_add(by, Ordering::Relaxed);
        }
    }
}

/// The count of what has that number; None for a number that is none.
pub fn counted(what: i32) -> Option<i64> {
    let what = usize::try_from(what).ok().filter(|what| (1..COUNTERS).contains(what))?;
    Some(Block::all().map(|block| block.counts[what].load(Ordering::Relaxed)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_have_counted_outlives_them() {
        // Other tests count as well: never less.
        let before = counted(Counter::Multiparts as i32).unwrap();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    for _ in 0..1000 {
                        Counter::Multiparts.count();
                    }
                    Counter::Multiparts.add(10);
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(counted(Counter::Multiparts as i32).unwrap() >= before + 4040);
    }

    #[test]
    fn there_are_no_other_numbers() {
        assert_eq!((counted(0), counted(-1), counted(12)), (None, None, None));
        assert!(counted(Counter::Requests as i32).is_some());
    }
}
