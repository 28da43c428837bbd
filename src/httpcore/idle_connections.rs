//! The idle connections of a pool: by origin, newest first, for those who want one; by age, oldest first, for those who
//! must go. Every operation takes constant time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;

use super::Origin;

/// See the module. `C` is a connection.
pub(super) struct IdleConnections<C> {
    entries: Slab<Entry<C>>,
    /// Positions in `entries`, oldest first.
    by_origin: HashMap<Arc<Origin>, VecDeque<usize>>,
    oldest: usize,
    newest: usize,
}

struct Entry<C> {
    connection: C,
    origin: Arc<Origin>,
    expires: Option<Instant>,
    older: usize,
    newer: usize,
}

const NONE: usize = usize::MAX;

impl<C> Default for IdleConnections<C> {
    fn default() -> Self {
        IdleConnections { entries: Slab::new(), by_origin: HashMap::new(), oldest: NONE, newest: NONE }
    }
}

impl<C> IdleConnections<C> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds the newest. `expires` must not go back from one call to the next: they expire in the order of their age.
    pub(super) fn push(&mut self, origin: Arc<Origin>, connection: C, expires: Option<Instant>) {
        let older = self.newest;
        let index = self.entries.insert(Entry { connection, origin: Arc::clone(&origin), expires, older, newer: NONE });
        match self.entries.get_mut(older) {
            Some(entry) => entry.newer = index,
            None => self.oldest = index,
        }
        self.newest = index;
        self.by_origin.entry(origin).or_default().push_back(index);
    }

    /// Takes the newest one to `origin`.
    pub(super) fn take(&mut self, origin: &Origin) -> Option<C> {
        let index = self.by_origin.get_mut(origin)?.pop_back()?;
        if self.by_origin.len() > 2 * self.entries.len() + 32 {
            // Lists are kept for those who come back, but not for ever.
            self.by_origin.retain(|_, list| !list.is_empty());
        }
        Some(self.unlink(index).connection)
    }

    /// Takes the oldest one.
    pub(super) fn pop_oldest(&mut self) -> Option<C> {
        let index = self.oldest;
        if index == NONE {
            return None;
        }
        let entry = self.unlink(index);
        if let Some(list) = self.by_origin.get_mut(&entry.origin) {
            // The oldest of all is the oldest of its origin.
            list.pop_front();
            if list.is_empty() {
                self.by_origin.remove(&entry.origin);
            }
        }
        Some(entry.connection)
    }

    /// Takes the oldest one if its time is over at `now`.
    pub(super) fn pop_expired(&mut self, now: Instant) -> Option<C> {
        let expires = self.entries.get(self.oldest)?.expires?;
        if expires > now {
            return None;
        }
        self.pop_oldest()
    }

    fn unlink(&mut self, index: usize) -> Entry<C> {
        let entry = self.entries.remove(index);
        match self.entries.get_mut(entry.older) {
            Some(older) => older.newer = entry.newer,
            None => self.oldest = entry.newer,
        }
        match self.entries.get_mut(entry.newer) {
            Some(newer) => newer.older = entry.older,
            None => self.newest = entry.older,
        }
        entry
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Scheme;
    use super::*;

    fn origin(host: &str) -> Arc<Origin> {
        Arc::new(Origin { scheme: Scheme::Http, host: host.into(), port: 80, server_name: None })
    }

    #[test]
    fn the_newest_connection_of_an_origin_is_taken_first() {
        let (a, b) = (origin("a"), origin("b"));
        let mut idle = IdleConnections::default();
        for (origin, name) in [(&a, 1), (&b, 2), (&a, 3)] {
            idle.push(Arc::clone(origin), name, None);
        }
        assert_eq!([idle.take(&a), idle.take(&a), idle.take(&a)], [Some(3), Some(1), None]);
        assert_eq!(idle.len(), 1);
    }

    #[test]
    fn the_oldest_connection_of_all_goes_first() {
        let (a, b) = (origin("a"), origin("b"));
        let mut idle = IdleConnections::default();
        for (origin, name) in [(&a, 1), (&b, 2), (&a, 3), (&b, 4)] {
            idle.push(Arc::clone(origin), name, None);
        }
        assert_eq!(idle.take(&b), Some(4));
        let rest: Vec<_> = std::iter::from_fn(|| idle.pop_oldest()).collect();
        assert_eq!(rest, [1, 2, 3]);
        assert_eq!((idle.len(), idle.take(&a)), (0, None));
    }

    #[test]
    fn only_connections_whose_time_is_over_expire() {
        let a = origin("a");
        let mut idle = IdleConnections::default();
        let now = Instant::now();
        let later = now + Duration::from_secs(3600);
        idle.push(Arc::clone(&a), 1, Some(now));
        idle.push(Arc::clone(&a), 2, Some(later));
        idle.push(Arc::clone(&a), 3, None);
        assert_eq!([idle.pop_expired(now), idle.pop_expired(now)], [Some(1), None]);
        assert_eq!(idle.pop_expired(later), Some(2));
        assert_eq!(idle.pop_expired(later), None);
    }

    #[test]
    fn origins_that_are_gone_are_forgotten() {
        let mut idle = IdleConnections::default();
        for number in 0..10_000 {
            let origin = origin(&number.to_string());
            idle.push(Arc::clone(&origin), number, None);
            assert_eq!(idle.take(&origin), Some(number));
        }
        assert_eq!(idle.len(), 0);
        assert!(idle.by_origin.len() < 100, "{} origins are remembered", idle.by_origin.len());
    }
}
