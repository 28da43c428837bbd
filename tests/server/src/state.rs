//! What the listeners share: the recordings that tests read back, the byte server's named scripts, the digest nonces
//! and the counts of connections and of scripts that were run.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;
use tokio::sync::futures::Notified;
use tokio::sync::Notify;

use crate::auth::Nonces;
use crate::http2_peer::Record;
use crate::origin::Security;
use crate::script::Script;

#[derive(Default)]
pub struct State {
    /// Requests as the byte server received them.
    pub recorded: Recording<Vec<u8>>,
    /// Requests as the proxies received them.
    pub proxied: Recording<Value>,
    /// Negotiations with the SOCKS proxies.
    pub socks: Recording<Value>,
    /// Connections to the HTTP/2 peer.
    pub http2: Recording<Record>,
    /// For HTTP/2 peers that are opened later.
    pub h2_security: OnceLock<Security>,
    pub scripts: Mutex<HashMap<String, Arc<Script>>>,
    pub accept_script: Mutex<Arc<Script>>,
    pub nonces: Nonces,
    connections: AtomicU64,
    /// How often each path of the HTTP/2 peer was asked for.
    rounds: Mutex<HashMap<String, usize>>,
}

impl State {
    /// A number that no other connection of this process has; the first is 1.
    pub fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How often this was called with the path before.
    pub fn next_round(&self, path: &str) -> usize {
        let mut rounds = locked(&self.rounds);
        let round = rounds.entry(path.to_owned()).or_default();
        *round += 1;
        *round - 1
    }
}

/// The last hundred of something, oldest first.
pub struct Recording<T> {
    entries: Mutex<Entries<T>>,
    changed: Notify,
}

struct Entries<T> {
    kept: VecDeque<(u64, T)>,
    next: u64,
}

/// Names one entry, also after it was dropped from the recording.
#[derive(Clone, Copy)]
pub struct Entry(u64);

impl<T> Default for Recording<T> {
    fn default() -> Self {
        Self { entries: Mutex::new(Entries { kept: VecDeque::new(), next: 0 }), changed: Notify::new() }
    }
}

impl<T: Clone> Recording<T> {
    const LIMIT: usize = 100;

    pub fn push(&self, item: T) -> Entry {
        let mut entries = locked(&self.entries);
        if entries.kept.len() == Self::LIMIT {
            entries.kept.pop_front();
        }
        let number = entries.next;
        entries.next += 1;
        entries.kept.push_back((number, item));
        drop(entries);
        self.changed.notify_waiters();
        Entry(number)
    }

    /// Changes an entry if it is still kept.
    pub fn update(&self, entry: Entry, change: impl FnOnce(&mut T)) {
        let mut entries = locked(&self.entries);
        if let Ok(at) = entries.kept.binary_search_by_key(&entry.0, |(number, _)| *number) {
            change(&mut entries.kept[at].1);
        }
        drop(entries);
        self.changed.notify_waiters();
    }

    /// Ready after the next push or update.
    pub fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    pub fn list(&self) -> Vec<T> {
        locked(&self.entries).kept.iter().map(|(_, item)| item.clone()).collect()
    }

    pub fn clear(&self) {
        locked(&self.entries).kept.clear();
    }
}

/// A panic elsewhere must not make every later test fail, so poisoning is ignored.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_keeps_the_last_hundred_and_updates_only_those() {
        let recording = Recording::default();
        let first = recording.push(0);
        let mut last = first;
        for number in 1..=100 {
            last = recording.push(number);
        }
        recording.update(first, |item| *item = 1000);
        recording.update(last, |item| *item = 2000);
        let list = recording.list();
        assert_eq!((list.len(), list[0], list[99]), (100, 1, 2000));
        recording.clear();
        recording.update(last, |item| *item = 3000);
        assert!(recording.list().is_empty());
    }
}
