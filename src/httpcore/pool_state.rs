//! What a pool has: its connections, who carries what on them, and who waits. All of it is kept under one lock, and
//! nothing here waits or closes anything: that is done afterwards ([`Afterwards`]).

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use slab::Slab;

use super::connection::{Connection, Cut};
use super::http2::{Http2Connection, Status};
use super::idle_list::IdleList;
use super::{Dialer, Limits, Origin};

/// Whom connections are to. Requests to one destination share them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Destination {
    /// An origin, in whatever way.
    Origin(Arc<Origin>),
    /// The proxy, which forwards to any origin (checklist K04).
    ForwardingProxy,
}

/// How long those who may share a connection wait for one that is being made, before they begin another: its maker may
/// be in a queue that nobody dispatches any more.
pub(super) const DIAL_PATIENCE: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct State {
    hosts: Slab<Host>,
    by_destination: HashMap<Destination, usize>,
    /// Whom the last request was for.
    last_host: usize,
    records: Slab<Record>,
    idle: IdleList<Idle>,
    shared: Slab<Shared>,
    /// Places that are taken, with a way to cut off what happens there.
    active: Slab<Arc<Cut>>,
    pub(super) closed: bool,
    /// Nothing idle is kept any longer.
    pub(super) retired: bool,
    /// Who waits for the last active request to end.
    pub(super) drained: Vec<Waker>,
}

/// A destination with connections or requests.
struct Host {
    destination: Destination,
    /// Idle connections of one request at a time, oldest first, by position in `State::idle`.
    idle: VecDeque<usize>,
    /// HTTP/2 connections, by position in `State::shared`.
    shared: Vec<usize>,
    connections: usize,
    /// Places that are taken.
    places: usize,
    dialling: usize,
    /// When the last dial was begun.
    dialled_at: Instant,
    /// What is known of its protocol: those who dial an unknown one wait for the first of them (checklist H09).
    may_share: bool,
}

enum Idle {
    Own(usize, Box<Connection>),
    Shared(usize),
}

struct Shared {
    connection: Arc<Http2Connection>,
    record: usize,
    streams: usize,
    /// Its position in `State::idle`.
    idle: Option<usize>,
}

/// A connection, for those who count and list them.
#[derive(Clone, Copy, Debug)]
struct Record {
    host: usize,
    born: Instant,
    requests: u64,
    activity: Activity,
    http2: bool,
}

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It is being made.
    Connecting,
    /// It carries a request, or several.
    Active,
    /// It waits for one.
    Idle,
}

/// A connection of a pool, as it was when somebody asked. Its text is httpcore's (checklist H14):
/// `<HTTPConnection ['http://h:80', HTTP/1.1, IDLE, Request Count: 1]>`.
#[derive(Clone, Debug)]
pub struct ConnectionSnapshot {
    /// httpcore's name for the way that it goes.
    pub class: &'static str,
    /// To whom: the proxy, if that forwards what goes over it.
    pub origin: Arc<Origin>,
    /// The URL, without credentials, of the proxy that it goes through.
    pub proxy: Option<Arc<str>>,
    /// What it does.
    pub activity: Activity,
    /// HTTP/2 is spoken.
    pub http2: bool,
    /// How many requests it has taken.
    pub requests: u64,
    /// Since it was begun to be made.
    pub age: Duration,
}

impl fmt::Display for ConnectionSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.activity {
            Activity::Connecting => return write!(f, "<{} [CONNECTING]>", self.class),
            Activity::Active => "ACTIVE",
            Activity::Idle => "IDLE",
        };
        let version = if self.http2 { "HTTP/2" } else { "HTTP/1.1" };
        let ConnectionSnapshot { class, origin, requests, .. } = self;
        write!(f, "<{class} ['{origin}', {version}, {state}, Request Count: {requests}]>")
    }
}

/// What a pool has just now. Its text is httpcore's (checklist H14):
/// `<ConnectionPool [Requests: 1 active, 0 queued | Connections: 1 active, 0 idle]>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that carry a request, or are being made for one.
    pub active: usize,
    /// Connections that wait for a request.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// Requests that have one.
    pub requests: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { active, idle, waiting, requests } = self;
        write!(
            f,
            "<ConnectionPool [Requests: {requests} active, {waiting} queued | Connections: {active} active, {idle} idle]>"
        )
    }
}

/// What a place gives the right to.
pub(super) enum Carrier {
    /// To make a connection.
    Dial(usize),
    /// To a connection of its own.
    Own(usize, Box<Connection>),
    /// To a connection that another protocol has taken over, and its user has.
    Taken(usize),
    /// To one stream of a connection.
    Stream(usize, Arc<Http2Connection>),
}

/// A place in the pool, before somebody guards it.
pub(super) struct Slot {
    pub(super) key: usize,
    pub(super) host: usize,
    pub(super) cut: Arc<Cut>,
    pub(super) carrier: Carrier,
    /// Until when the connection may be kept for another request, if it may.
    pub(super) keep: Option<Option<Instant>>,
    /// A connection could not be made.
    pub(super) failed: bool,
}

/// What a request can have now.
pub(super) enum Offer {
    Slot(Slot),
    /// Nothing before something happens at its destination.
    NotHere,
    /// Nothing before any connection is idle or gone.
    NoRoom,
}

/// Connections and wakers to be let go once the pool's lock is free.
#[derive(Default)]
pub(super) struct Afterwards {
    closing: Vec<Connection>,
    letting_go: Vec<Arc<Http2Connection>>,
    pub(super) wakers: Vec<Waker>,
}

impl Drop for Afterwards {
    fn drop(&mut self) {
        if self.closing.is_empty() && self.letting_go.is_empty() && self.wakers.is_empty() {
            return;
        }
        self.closing.clear();
        self.letting_go.clear();
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }
}

impl Shared {
    /// Whether it takes requests, now or when those that it carries have ended.
    fn is_of_use(&self) -> bool {
        // A server that allows no streams just now may do so later (RFC 9113 §6.5.2).
        self.connection.status().is_usable()
    }
}

impl State {
    pub(super) fn new() -> State {
        State {
            hosts: Slab::new(),
            by_destination: HashMap::new(),
            last_host: 0,
            records: Slab::new(),
            idle: IdleList::default(),
            shared: Slab::new(),
            active: Slab::new(),
            closed: false,
            retired: false,
            drained: Vec::new(),
        }
    }

    /// The cases for a request, in the order of checklist H03: a connection to its destination that can take it; a new
    /// one, if there is room; a new one in the place of the oldest idle one.
    pub(super) fn offer(
        &mut self,
        destination: &Destination,
        limits: &Limits,
        may_share: bool,
        now: Instant,
        afterwards: &mut Afterwards,
    ) -> Offer {
        if let Some(host) = self.known_host(destination) {
            if let Some(carrier) = self.take_stream(host) {
                return Offer::Slot(self.slot(host, carrier));
            }
            if let Some((carrier, expires)) = self.take_idle(host, now, afterwards) {
                // What served before may serve again, as long as nothing was sent.
                return Offer::Slot(Slot { keep: Some(expires), ..self.slot(host, carrier) });
            }
            let host = &self.hosts[host];
            let full = limits.max_per_host.is_some_and(|max| host.connections >= max);
            let dialling = host.dialling > 0 && now.saturating_duration_since(host.dialled_at) < DIAL_PATIENCE;
            let one_comes = host.may_share && (dialling || self.has_usable(host));
            if full || one_comes {
                return Offer::NotHere;
            }
        }
        while limits.max_connections.is_some_and(|max| self.records.len() >= max) {
            if !self.close_oldest_idle(afterwards) {
                return Offer::NoRoom;
            }
        }
        let host = self.host(destination, may_share, now);
        let record =
            self.records.insert(Record { host, born: now, requests: 0, activity: Activity::Connecting, http2: false });
        let entry = &mut self.hosts[host];
        entry.connections += 1;
        entry.dialling += 1;
        entry.dialled_at = now;
        Offer::Slot(self.slot(host, Carrier::Dial(record)))
    }

    /// A destination with connections or requests; the last one, most often.
    fn known_host(&mut self, destination: &Destination) -> Option<usize> {
        if self.hosts.get(self.last_host).is_some_and(|host| host.destination == *destination) {
            return Some(self.last_host);
        }
        let host = *self.by_destination.get(destination)?;
        self.last_host = host;
        Some(host)
    }

    fn host(&mut self, destination: &Destination, may_share: bool, now: Instant) -> usize {
        if let Some(host) = self.known_host(destination) {
            return host;
        }
        let host = self.hosts.insert(Host {
            destination: destination.clone(),
            idle: VecDeque::new(),
            shared: Vec::new(),
            connections: 0,
            places: 0,
            dialling: 0,
            dialled_at: now,
            may_share,
        });
        self.by_destination.insert(destination.clone(), host);
        host
    }

    fn slot(&mut self, host: usize, carrier: Carrier) -> Slot {
        let cut = match &carrier {
            Carrier::Own(_, connection) => Arc::clone(connection.cut()),
            _ => Arc::default(),
        };
        self.hosts[host].places += 1;
        Slot { key: self.active.insert(Arc::clone(&cut)), host, cut, carrier, keep: None, failed: false }
    }

    fn has_usable(&self, host: &Host) -> bool {
        host.shared.iter().any(|key| self.shared[*key].is_of_use())
    }

    fn take_stream(&mut self, host: usize) -> Option<Carrier> {
        let has_room = |key: &&usize| {
            let shared = &self.shared[**key];
            let status = shared.connection.status();
            status.is_usable() && shared.streams < status.max_streams()
        };
        let key = *self.hosts[host].shared.iter().find(has_room)?;
        let shared = &mut self.shared[key];
        shared.streams += 1;
        if let Some(index) = shared.idle.take() {
            self.idle.remove(index);
        }
        let record = &mut self.records[shared.record];
        record.requests += 1;
        record.activity = Activity::Active;
        Some(Carrier::Stream(key, Arc::clone(&shared.connection)))
    }

    /// The newest idle connection, and when it expires.
    fn take_idle(
        &mut self,
        host: usize,
        now: Instant,
        afterwards: &mut Afterwards,
    ) -> Option<(Carrier, Option<Instant>)> {
        while let Some(index) = self.hosts[host].idle.pop_back() {
            let (Idle::Own(record, connection), expires) = self.idle.remove(index) else { continue };
            if expires.is_some_and(|at| at <= now) {
                afterwards.closing.push(*connection);
                self.forget_record(record);
                continue;
            }
            let entry = &mut self.records[record];
            entry.requests += 1;
            entry.activity = Activity::Active;
            return Some((Carrier::Own(record, connection), expires));
        }
        None
    }

    /// Takes a place back. What was shared may be kept until `expires`.
    pub(super) fn release(&mut self, slot: Slot, expires: Option<Instant>, afterwards: &mut Afterwards) {
        let keep = slot.keep.filter(|_| !self.closed && !self.retired);
        self.active.remove(slot.key);
        self.hosts[slot.host].places -= 1;
        match (slot.carrier, keep) {
            (Carrier::Own(record, connection), Some(expires)) => {
                self.records[record].activity = Activity::Idle;
                let index = self.idle.push(Idle::Own(record, connection), expires);
                self.hosts[slot.host].idle.push_back(index);
            }
            (Carrier::Own(record, connection), None) => {
                afterwards.closing.push(*connection);
                self.forget_record(record);
            }
            (Carrier::Taken(record), _) => self.forget_record(record),
            (Carrier::Dial(record), _) => {
                let host = &mut self.hosts[slot.host];
                host.dialling -= 1;
                // Whoever waited for it tries by himself, all at once.
                host.may_share &= !slot.failed;
                self.forget_record(record);
            }
            (Carrier::Stream(key, connection), _) => self.release_stream(key, connection, expires, afterwards),
        }
        self.forget_if_unused(slot.host);
        if self.active.is_empty() {
            afterwards.wakers.append(&mut self.drained);
        }
    }

    fn release_stream(
        &mut self,
        key: usize,
        connection: Arc<Http2Connection>,
        expires: Option<Instant>,
        afterwards: &mut Afterwards,
    ) {
        let current = self.shared.get_mut(key).filter(|shared| Arc::ptr_eq(&shared.connection, &connection));
        afterwards.letting_go.push(connection);
        let Some(shared) = current else { return };
        shared.streams -= 1;
        if shared.streams > 0 {
            return;
        }
        if !shared.is_of_use() || self.closed || self.retired {
            self.close_shared(key, afterwards);
            return;
        }
        self.records[shared.record].activity = Activity::Idle;
        shared.idle = Some(self.idle.push(Idle::Shared(key), expires));
    }

    /// Whom a place is for.
    pub(super) fn destination(&self, slot: &Slot) -> &Destination {
        &self.hosts[slot.host].destination
    }

    /// A connection of its own was made.
    pub(super) fn dialled(&mut self, slot: &Slot) {
        let Carrier::Dial(record) = slot.carrier else { return };
        let (host, record) = (&mut self.hosts[slot.host], &mut self.records[record]);
        host.dialling -= 1;
        host.may_share = false;
        record.requests += 1;
        record.activity = Activity::Active;
    }

    /// A connection is given up, and another one made in its place.
    pub(super) fn dial_again(&mut self, slot: &mut Slot, afterwards: &mut Afterwards) {
        let Carrier::Own(record, _) = slot.carrier else { return };
        let before = std::mem::replace(&mut slot.carrier, Carrier::Dial(record));
        if let Carrier::Own(_, connection) = before {
            afterwards.closing.push(*connection);
        }
        (slot.keep, slot.failed) = (None, false);
        let (host, born) = (slot.host, Instant::now());
        self.hosts[host].dialling += 1;
        self.hosts[host].dialled_at = born;
        self.records[record] = Record { host, born, requests: 0, activity: Activity::Connecting, http2: false };
    }

    /// A connection for many was made: from now on the place has one stream of it.
    pub(super) fn share(&mut self, slot: &mut Slot, connection: Http2Connection) {
        let Carrier::Dial(record) = slot.carrier else { return };
        let connection = Arc::new(connection);
        let key = self.shared.insert(Shared { connection: Arc::clone(&connection), record, streams: 1, idle: None });
        let host = &mut self.hosts[slot.host];
        host.dialling -= 1;
        host.may_share = true;
        host.shared.push(key);
        let record = &mut self.records[record];
        record.requests += 1;
        record.activity = Activity::Active;
        record.http2 = true;
        slot.carrier = Carrier::Stream(key, connection);
    }

    /// Looks at a shared connection whose status has changed. Returns its destination, if the pool has it.
    pub(super) fn look_at(&mut self, status: &Status, afterwards: &mut Afterwards) -> Option<Destination> {
        let is_it = |shared: &Shared| std::ptr::eq(Arc::as_ptr(shared.connection.status()), status);
        let (key, shared) = self.shared.iter().find(|(_, shared)| is_it(shared))?;
        let host = self.records[shared.record].host;
        let destination = self.hosts[host].destination.clone();
        if status.is_over() || (!shared.is_of_use() && shared.streams == 0) {
            self.close_shared(key, afterwards);
            self.forget_if_unused(host);
        }
        Some(destination)
    }

    /// Lets go of a shared connection. Streams that are still open on it end by themselves.
    fn close_shared(&mut self, key: usize, afterwards: &mut Afterwards) {
        let shared = self.shared.remove(key);
        if let Some(index) = shared.idle {
            self.idle.remove(index);
        }
        let host = self.records[shared.record].host;
        self.hosts[host].shared.retain(|other| *other != key);
        self.forget_record(shared.record);
        afterwards.letting_go.push(shared.connection);
    }

    fn forget_record(&mut self, record: usize) {
        let record = self.records.remove(record);
        self.hosts[record.host].connections -= 1;
    }

    fn forget_if_unused(&mut self, host: usize) {
        let entry = &self.hosts[host];
        if entry.connections == 0 && entry.places == 0 {
            self.by_destination.remove(&entry.destination);
            self.hosts.remove(host);
        }
    }

    /// False if nothing is idle.
    pub(super) fn close_oldest_idle(&mut self, afterwards: &mut Afterwards) -> bool {
        let Some(idle) = self.idle.pop_oldest() else { return false };
        self.close_idle(idle, afterwards);
        true
    }

    /// Closes what was taken from the front of the idle list.
    fn close_idle(&mut self, idle: Idle, afterwards: &mut Afterwards) {
        let host = match idle {
            Idle::Own(record, connection) => {
                let host = self.records[record].host;
                // The oldest of all is the oldest of its host.
                self.hosts[host].idle.pop_front();
                afterwards.closing.push(*connection);
                self.forget_record(record);
                host
            }
            Idle::Shared(key) => {
                let host = self.records[self.shared[key].record].host;
                self.shared[key].idle = None;
                self.close_shared(key, afterwards);
                host
            }
        };
        self.forget_if_unused(host);
    }

    /// Lets those go that were idle too long, or are too many (checklist H02, H04).
    pub(super) fn expire(&mut self, most: usize, now: Instant, afterwards: &mut Afterwards) {
        while self.idle.len() > most {
            self.close_oldest_idle(afterwards);
        }
        while let Some(idle) = self.idle.pop_expired(now) {
            self.close_idle(idle, afterwards);
        }
    }

    /// Whether anything is taken.
    pub(super) fn is_in_use(&self) -> bool {
        !self.active.is_empty()
    }

    /// Ways to cut off all that happens.
    pub(super) fn cuts(&self) -> Vec<Arc<Cut>> {
        self.active.iter().map(|(_, cut)| Arc::clone(cut)).collect()
    }

    pub(super) fn counts(&self, waiting: usize) -> Counts {
        let (idle, requests) = (self.idle.len(), self.active.len());
        Counts { active: self.records.len() - idle, idle, waiting, requests }
    }

    pub(super) fn connections(&self, dialer: &Dialer) -> Vec<ConnectionSnapshot> {
        let mut all: Vec<_> = self.records.iter().map(|(_, record)| record).collect();
        all.sort_by_key(|record| record.born);
        let snapshot = |record: &Record| {
            let (class, origin) = match &self.hosts[record.host].destination {
                Destination::Origin(origin) => dialer.describe(Some(origin))?,
                Destination::ForwardingProxy => dialer.describe(None)?,
            };
            Some(ConnectionSnapshot {
                class,
                origin,
                proxy: dialer.proxy.as_ref().map(|proxy| Arc::clone(&proxy.url)),
                activity: record.activity,
                http2: record.http2,
                requests: record.requests,
                age: record.born.elapsed(),
            })
        };
        all.into_iter().filter_map(snapshot).collect()
    }
}
