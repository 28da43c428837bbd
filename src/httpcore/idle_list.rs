//! What is idle, in the order of its age: the oldest must go first. Every operation takes constant time.

use std::time::Instant;

use slab::Slab;

/// See the module. `C` is a connection.
pub(super) struct IdleList<C> {
    entries: Slab<Entry<C>>,
    oldest: usize,
    newest: usize,
}

struct Entry<C> {
    connection: C,
    expires: Option<Instant>,
    older: usize,
    newer: usize,
}

const NONE: usize = usize::MAX;

impl<C> Default for IdleList<C> {
    fn default() -> Self {
        IdleList { entries: Slab::new(), oldest: NONE, newest: NONE }
    }
}

impl<C> IdleList<C> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds the newest; returns its position, until it is removed.
    pub(super) fn push(&mut self, connection: C, expires: Option<Instant>) -> usize {
        let older = self.newest;
        let index = self.entries.insert(Entry { connection, expires, older, newer: NONE });
        match self.entries.get_mut(older) {
            Some(entry) => entry.newer = index,
            None => self.oldest = index,
        }
        self.newest = index;
        index
    }

    /// Takes the one at a position, and says when it would have expired.
    pub(super) fn remove(&mut self, index: usize) -> (C, Option<Instant>) {
        let entry = self.entries.remove(index);
        match self.entries.get_mut(entry.older) {
            Some(older) => older.newer = entry.newer,
            None => self.oldest = entry.newer,
        }
        match self.entries.get_mut(entry.newer) {
            Some(newer) => newer.older = entry.older,
            None => self.newest = entry.older,
        }
        (entry.connection, entry.expires)
    }

    /// Takes the oldest one.
    pub(super) fn pop_oldest(&mut self) -> Option<C> {
        match self.oldest {
            NONE => None,
            index => Some(self.remove(index).0),
        }
    }

    /// Takes the oldest one if its time is over at `now`.
    pub(super) fn pop_expired(&mut self, now: Instant) -> Option<C> {
        let expires = self.entries.get(self.oldest)?.expires?;
        if expires > now {
            return None;
        }
        self.pop_oldest()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut idle = IdleList::default();
        let [_, second, _] = [1, 2, 3].map(|name| idle.push(name, None));
        assert_eq!(idle.remove(second).0, 2);
        idle.push(4, None);
        let rest: Vec<_> = std::iter::from_fn(|| idle.pop_oldest()).collect();
        assert_eq!((rest, idle.len()), (vec![1, 3, 4], 0));
    }

    #[test]
    fn only_those_whose_time_is_over_expire() {
        let mut idle = IdleList::default();
        let now = Instant::now();
        let later = now + Duration::from_secs(3600);
        idle.push(1, Some(now));
        idle.push(2, Some(later));
        idle.push(3, None);
        assert_eq!([idle.pop_expired(now), idle.pop_expired(now)], [Some(1), None]);
        assert_eq!(idle.pop_expired(later), Some(2));
        assert_eq!(idle.pop_expired(later), None);
    }
}
