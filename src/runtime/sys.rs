//! The system calls that std and the libraries do not offer in safe form, and the two cells whose safety rests on
//! them. This is the one file outside `ffi` that may say `unsafe`; everything else in the crate is built on these
//! few types.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// The page's value while one thread is tidying up after a fork.
const TIDYING: u64 = u64::MAX;

/// A page that the kernel zeroes in a forked child. It holds the generation of the process.
static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());
/// Set when the kernel cannot wipe a page on fork; the process id is compared instead.
static COMPARE_PID: AtomicBool = AtomicBool::new(false);
static PAGE_PID: AtomicU32 = AtomicU32::new(0);
/// Counts generations. Not wiped, so a child's number differs from all of its ancestors'.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// For each socket of the library, by its descriptor, which file it is (0: none): what a forked child has to close. A
/// table of atomics, because the child may not take a lock that another thread held at the fork. Untouched pages of it
/// cost nothing.
static OWNED: [AtomicU64; MAX_DESCRIPTORS] = [const { AtomicU64::new(0) }; MAX_DESCRIPTORS];
const MAX_DESCRIPTORS: usize = 1 << 20;
/// One more than the highest descriptor that was ever marked.
static MARKED: AtomicUsize = AtomicUsize::new(0);

/// The number of this process among its forked relatives: the same for the life of a process, different in a child.
/// The first call in a child closes the descriptors that it inherited from the library (checklist T05).
pub fn generation() -> u64 {
    let page = PAGE.load(Ordering::Acquire);
    if !page.is_null() {
        // SAFETY: PAGE is null or points to a mapped page that is never unmapped.
        let value = unsafe { &*page }.load(Ordering::Acquire);
        if value != 0 && value != TIDYING && !COMPARE_PID.load(Ordering::Relaxed) {
            return value;
        }
    }
    generation_slow()
}

#[cold]
fn generation_slow() -> u64 {
    let page = page();
    loop {
        let value = page.load(Ordering::Acquire);
        if value == TIDYING {
            std::thread::yield_now();
            continue;
        }
        let pid = std::process::id();
        let same_process = !COMPARE_PID.load(Ordering::Relaxed) || PAGE_PID.load(Ordering::Relaxed) == pid;
        if value != 0 && same_process {
            return value;
        }
        if page.compare_exchange(value, TIDYING, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            close_inherited();
            PAGE_PID.store(pid, Ordering::Relaxed);
            let mine = GENERATIONS.fetch_add(1, Ordering::Relaxed);
            page.store(mine, Ordering::Release);
            return mine;
        }
    }
}

/// The page, mapped by the first caller.
fn page() -> &'static AtomicU64 {
    let known = PAGE.load(Ordering::Acquire);
    if !known.is_null() {
        // SAFETY: as in `generation`.
        return unsafe { &*known };
    }
    // SAFETY: a fresh anonymous mapping of one page; its zeroed content is a valid AtomicU64.
    let fresh = unsafe {
        let size = libc::sysconf(libc::_SC_PAGESIZE).max(4096) as usize;
        let address = libc::mmap(
            std::ptr::null_mut(),
            size,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON,
            -1,
            0,
        );
        if address == libc::MAP_FAILED || !wipe_on_fork(address, size) {
            COMPARE_PID.store(true, Ordering::Relaxed);
        }
        if address == libc::MAP_FAILED {
            Box::into_raw(Box::new(AtomicU64::new(0)))
        } else {
            address.cast::<AtomicU64>()
        }
    };
    match PAGE.compare_exchange(std::ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: just made, never unmapped.
        Ok(_) => unsafe { &*fresh },
        // A rare race at the very first call: the loser's page stays mapped, unused.
        // SAFETY: the winner's page, never unmapped.
        Err(winner) => unsafe { &*winner },
    }
}

#[cfg(target_os = "linux")]
unsafe fn wipe_on_fork(address: *mut libc::c_void, size: usize) -> bool {
    // SAFETY: the caller owns the mapping.
    unsafe { libc::madvise(address, size, libc::MADV_WIPEONFORK) == 0 }
}

#[cfg(not(target_os = "linux"))]
unsafe fn wipe_on_fork(_address: *mut libc::c_void, _size: usize) -> bool {
    false
}

/// Closes the parent's sockets, with the bare system call: dropping the parent's objects would take them out of the
/// parent's epoll sets. The child may have closed descriptors itself by now, and opened others under their numbers:
/// what is not the marked file any longer is left alone.
fn close_inherited() {
    for (fd, file) in OWNED.iter().enumerate().take(MARKED.load(Ordering::Acquire)) {
        let marked = file.swap(0, Ordering::AcqRel);
        let fd = fd as libc::c_int;
        if marked != 0 && marked == file_of(fd) {
            // SAFETY: it is a socket that the library opened and has not closed.
            unsafe { libc::close(fd) };
        }
    }
}

/// A number that tells open files apart; 0 if there is none.
fn file_of(fd: libc::c_int) -> u64 {
    let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: fstat fills the struct, or fails.
    let stat = unsafe {
        if libc::fstat(fd, stat.as_mut_ptr()) != 0 {
            return 0;
        }
        stat.assume_init()
    };
    // Inode numbers are unique within a device; the lowest bit keeps the number from being 0.
    (stat.st_ino as u64).rotate_left(16) ^ (stat.st_dev as u64) | 1
}

/// Which open file a descriptor was, to be asked for later, when it may be closed and its number another's.
#[derive(Clone, Copy, Debug)]
pub struct FileId {
    fd: i32,
    file: u64,
}

impl FileId {
    /// The file that `fd` is now.
    pub fn of(fd: i32) -> FileId {
        FileId { fd, file: file_of(fd) }
    }

    /// Another descriptor for the same file; None if it was closed.
    ///
    /// # Errors
    /// Those of fcntl(2).
    pub fn duplicate(self) -> io::Result<Option<OwnedFd>> {
        // SAFETY: F_DUPFD_CLOEXEC takes any number, and gives a descriptor that nobody has, or fails.
        let copy = unsafe {
            match libc::fcntl(self.fd, libc::F_DUPFD_CLOEXEC, 0) {
                -1 => None,
                copy => Some(OwnedFd::from_raw_fd(copy)),
            }
        };
        let Some(copy) = copy else {
            let error = io::Error::last_os_error();
            return if error.raw_os_error() == Some(libc::EBADF) { Ok(None) } else { Err(error) };
        };
        // Looked at afterwards: what the copy is, it stays.
        Ok((self.file != 0 && file_of(copy.as_raw_fd()) == self.file).then_some(copy))
    }
}

/// Keeps a socket in the table of those that a forked child closes.
#[derive(Debug)]
pub struct OwnedMark {
    fd: i32,
    generation: u64,
}

impl OwnedMark {
    /// Marks `fd`. Drop the mark before the descriptor is closed.
    pub fn new(fd: i32) -> OwnedMark {
        let generation = generation();
        if let Some(place) = place_of(fd) {
            place.store(file_of(fd), Ordering::Release);
            MARKED.fetch_max(fd as usize + 1, Ordering::AcqRel);
        }
        OwnedMark { fd, generation }
    }
}

impl Drop for OwnedMark {
    fn drop(&mut self) {
        if self.generation != generation() {
            return;
        }
        if let Some(place) = place_of(self.fd) {
            place.store(0, Ordering::Release);
        }
    }
}

fn place_of(fd: i32) -> Option<&'static AtomicU64> {
    OWNED.get(usize::try_from(fd).ok()?)
}

/// A value of which each process of a fork family has its own. The child never looks into, locks or drops what it
/// inherited: it builds anew.
pub struct ForkCell<T> {
    node: AtomicPtr<Node<T>>,
}

struct Node<T> {
    generation: u64,
    value: T,
    /// The parent's value, kept reachable and untouched.
    _inherited: *mut Node<T>,
}

// SAFETY: the cell hands out only `&T`, and builds and drops `T` on whichever thread comes; so `T` must be both.
unsafe impl<T: Send + Sync> Send for ForkCell<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for ForkCell<T> {}

impl<T> ForkCell<T> {
    /// An empty cell.
    pub const fn new() -> ForkCell<T> {
        ForkCell { node: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// This process's value, if it was built already.
    pub fn get(&self) -> Option<&T> {
        let node = self.node.load(Ordering::Acquire);
        if node.is_null() {
            return None;
        }
        // SAFETY: a node is freed only by `drop`, which has the cell for itself.
        let node = unsafe { &*node };
        (node.generation == generation()).then_some(&node.value)
    }

    /// This process's value, built by `make` if this is the first use in this process.
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        self.get_or_inherit(|_inherited| make())
    }

    /// This process's value, built by `make` if this is the first use in this process. `make` may look at the parent's
    /// value, if there is one, but not wait for a lock in it: who held that at the fork is not here.
    pub fn get_or_inherit(&self, make: impl FnOnce(Option<&T>) -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let seen = self.node.load(Ordering::Acquire);
        // SAFETY: null, or a node that is freed only by `drop`, which has the cell for itself.
        let inherited = unsafe { seen.as_ref() }.map(|node| &node.value);
        let value = make(inherited);
        let fresh = Box::into_raw(Box::new(Node { generation: generation(), value, _inherited: seen }));
        match self.node.compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: now owned by the cell, freed only by `drop`.
            Ok(_) => unsafe { &(*fresh).value },
            Err(winner) => {
                // SAFETY: `fresh` was never published; `winner` was, by a thread of this process.
                unsafe {
                    drop(Box::from_raw(fresh));
                    &(*winner).value
                }
            }
        }
    }
}

impl<T> Default for ForkCell<T> {
    fn default() -> Self {
        ForkCell::new()
    }
}

impl<T> Drop for ForkCell<T> {
    fn drop(&mut self) {
        let node = *self.node.get_mut();
        if node.is_null() {
            return;
        }
        // SAFETY: the cell has the node for itself; a node of another process is left alone.
        unsafe {
            if (*node).generation == generation() {
                drop(Box::from_raw(node));
            }
        }
    }
}

/// A descriptor that another event loop can wait on: readable while it is set.
pub struct Signal {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    counter: File,
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    ends: (std::os::unix::net::UnixStream, std::os::unix::net::UnixStream),
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Signal {
    /// A cleared signal.
    pub fn new() -> io::Result<Signal> {
        use std::os::fd::FromRawFd;
        // SAFETY: a new descriptor, owned by the File from here on.
        let counter = unsafe {
            let fd = libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            File::from_raw_fd(fd)
        };
        Ok(Signal { counter })
    }

    /// Makes the descriptor readable.
    pub fn set(&self) {
        // A full counter is readable already.
        let _ = (&self.counter).write(&1u64.to_ne_bytes());
    }

    /// Makes the descriptor not readable.
    pub fn clear(&self) {
        let mut count = [0; 8];
        let _ = (&self.counter).read(&mut count);
    }

    /// The descriptor to wait on.
    pub fn fd(&self) -> i32 {
        self.counter.as_raw_fd()
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Signal {
    /// A cleared signal.
    pub fn new() -> io::Result<Signal> {
        let ends = std::os::unix::net::UnixStream::pair()?;
        ends.0.set_nonblocking(true)?;
        ends.1.set_nonblocking(true)?;
        Ok(Signal { ends })
    }

    /// Makes the descriptor readable.
    pub fn set(&self) {
        let _ = (&self.ends.1).write(&[1]);
    }

    /// Makes the descriptor not readable.
    pub fn clear(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.ends.0).read(&mut bytes), Ok(n) if n > 0) {}
    }

    /// The descriptor to wait on.
    pub fn fd(&self) -> i32 {
        self.ends.0.as_raw_fd()
    }
}

/// A variable of the environment, as secure_getenv(3) gives it: none to a program that has more rights than whoever has
/// started it (setuid and the like), who must not choose whom it trusts and what it writes to.
pub fn environment_variable(name: &str) -> Option<OsString> {
    if is_privileged() {
        return None;
    }
    std::env::var_os(name)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_privileged() -> bool {
    // SAFETY: no memory of ours.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_privileged() -> bool {
    // SAFETY: no memory of ours.
    unsafe { libc::getuid() != libc::geteuid() || libc::getgid() != libc::getegid() }
}

/// Sets an option of a socket, of which only the system knows what it means.
pub fn set_socket_option(fd: BorrowedFd<'_>, level: i32, option: i32, value: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: an open descriptor, and as many readable bytes as it is told.
    match unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, value.as_ptr().cast(), length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Waits until a descriptor has something to read, or has ended, or `milliseconds` are over. True if a read would not
/// wait.
pub fn wait_readable(fd: BorrowedFd<'_>, milliseconds: u16) -> io::Result<bool> {
    let mut asked = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry, which lives through the call.
    match unsafe { libc::poll(&raw mut asked, 1, i32::from(milliseconds)) } {
        -1 => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            error => Err(error),
        },
        ready => Ok(ready > 0),
    }
}

/// Starts a library thread. It blocks every signal, so that the host's handlers run on the host's threads.
pub fn spawn_thread<F: FnOnce() + Send + 'static>(name: &str, run: F) -> io::Result<JoinHandle<()>> {
    // SAFETY: the sets are initialised by sigfillset and pthread_sigmask before they are read.
    unsafe {
        let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
        thread
    }
}
