//! netrc files, where users keep passwords by host (checklist F10), read as Python's `netrc` module reads them. A file is
//! only read when the user asks for it. Looking up changes nothing, so one file serves all requests on all threads.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::{env, fmt};

use crate::error::{Code, Error};

/// A name that cannot be a host's, as in Python.
const DEFAULT: &[u8] = b"default";

/// The entries of a netrc file.
pub struct Netrc {
    hosts: HashMap<Vec<u8>, Entry>,
}

#[derive(Default)]
struct Entry {
    login: Vec<u8>,
    password: Vec<u8>,
}

impl Netrc {
    /// Reads the file at `path`, or `.netrc` in the user's home directory. There, as in Python, no other user may have
    /// access to the file, unless all of its logins are `anonymous`. FileNotFound, PermissionDenied or IOError if it
    /// cannot be read, InvalidConfig if it cannot be understood.
    pub fn load(path: Option<&Path>) -> Result<Netrc, Error> {
        match path {
            Some(path) => Netrc::open(path, false),
            None => Netrc::open(&default_path()?, true),
        }
    }

    /// Reads a file's content. An InvalidConfig names the line, but nothing that stands there: it may be a password.
    pub fn parse(text: &[u8]) -> Result<Netrc, Error> {
        Netrc::read(text, "")
    }

    /// Login and password for a host, exactly as the file spells it, or else those of the `default` entry. `None` too if
    /// the entry has no password.
    pub fn lookup(&self, host: &[u8]) -> Option<(&[u8], &[u8])> {
        let entry = self.hosts.get(host).or_else(|| self.hosts.get(DEFAULT))?;
        (!entry.password.is_empty()).then_some((&entry.login, &entry.password))
    }

    /// `must_be_private`: as the default file must be.
    pub(super) fn open(path: &Path, must_be_private: bool) -> Result<Netrc, Error> {
        let place = path.display().to_string();
        let mut text = Vec::new();
        let access = File::open(path)
            .and_then(|mut file| file.read_to_end(&mut text).and_then(|_| file.metadata()))
            .map_err(|error| Error::from_io(code_of(&error), &error, &place))?;
        let netrc = Netrc::read(&text, &format!("{place}, "))?;
        let secret = netrc.hosts.values().any(|entry| entry.login != b"anonymous");
        if must_be_private && secret && others_have_access(&access) {
            let message = "~/.netrc access too permissive: access permissions must restrict access to only the owner";
            return Err(Error::new(Code::INVALID_CONFIG, message));
        }
        Ok(netrc)
    }

    fn read(text: &[u8], place: &str) -> Result<Netrc, Error> {
        let mut tokens = Tokens::new(text);
        let mut netrc = Netrc { hosts: HashMap::new() };
        while let Some(keyword) = tokens.keyword() {
            let name = match keyword.text.as_slice() {
                b"default" => DEFAULT.to_vec(),
                b"machine" => tokens.value(),
                b"macdef" => {
                    tokens.skip_macro().map_err(|line| error("macro without an empty line at its end", place, line))?;
                    continue;
                }
                _ => return Err(error("bad toplevel token", place, keyword.line)),
            };
            if name.is_empty() {
                return Err(error("missing 'machine' name", place, keyword.line));
            }
            let entry = tokens.entry().map_err(|line| error("bad follower token", place, line))?;
            netrc.hosts.insert(name, entry);
        }
        Ok(netrc)
    }
}

/// Without what the file keeps secret.
impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Netrc").field("entries", &self.hosts.len()).finish_non_exhaustive()
    }
}

fn error(what: &str, place: &str, line: usize) -> Error {
    Error::new(Code::INVALID_CONFIG, format!("{what} ({place}line {line})"))
}

fn code_of(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::NotFound => Code::FILE_NOT_FOUND,
        io::ErrorKind::PermissionDenied => Code::PERMISSION_DENIED,
        _ => Code::IO_ERROR,
    }
}

fn default_path() -> Result<PathBuf, Error> {
    let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let home = env::var_os(variable).filter(|home| !home.is_empty()).ok_or_else(|| {
        Error::new(Code::FILE_NOT_FOUND, format!("~/.netrc cannot be found, as {variable} is not set"))
    })?;
    Ok(Path::new(&home).join(".netrc"))
}

#[cfg(unix)]
fn others_have_access(file: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn others_have_access(_: &Metadata) -> bool {
    false
}

/// A word of the file, without quotes and backslashes, and the line in which it begins.
struct Token {
    text: Vec<u8>,
    line: usize,
}

/// Takes a file apart. Words are separated by whitespace; a backslash takes the meaning from what follows it.
struct Tokens {
    /// What has not been read yet, last byte first.
    rest: Vec<u8>,
    line: usize,
    /// A keyword that ended the entry before it.
    pushed_back: Option<Token>,
}

impl Tokens {
    fn new(text: &[u8]) -> Tokens {
        // Lines may end in CR LF or CR as well.
        let mut rest = Vec::with_capacity(text.len());
        for (index, &byte) in text.iter().enumerate().rev() {
            match byte {
                b'\r' if text.get(index + 1) == Some(&b'\n') => {}
                b'\r' => rest.push(b'\n'),
                _ => rest.push(byte),
            }
        }
        Tokens { rest, line: 1, pushed_back: None }
    }

    /// What stands where a keyword is due: `None` at the end. An empty quoted word ends the file too, as in Python.
    fn keyword(&mut self) -> Option<Token> {
        loop {
            let token = match self.pushed_back.take() {
                Some(token) => token,
                None => self.token()?,
            };
            match token.text.first() {
                None => {
                    self.rest.clear();
                    return None;
                }
                // Python reads on where a comment after an empty line, or one like `#this`, goes beyond its first word.
                Some(b'#') if self.line == token.line => self.skip_line(),
                Some(b'#') => {}
                Some(_) => return Some(token),
            }
        }
    }

    /// The word that belongs to a keyword: whatever it is, also a keyword or a comment. Empty at the end of the file.
    fn value(&mut self) -> Vec<u8> {
        self.token().map(|token| token.text).unwrap_or_default()
    }

    /// What follows the name of a machine. An error is the number of the line with an unknown keyword.
    fn entry(&mut self) -> Result<Entry, usize> {
        let mut entry = Entry::default();
        while let Some(keyword) = self.keyword() {
            match keyword.text.as_slice() {
                b"login" | b"user" => entry.login = self.value(),
                b"password" => entry.password = self.value(),
                // HTTP has no use for accounts.
                b"account" => drop(self.value()),
                b"machine" | b"default" | b"macdef" => {
                    self.pushed_back = Some(keyword);
                    break;
                }
                _ => return Err(keyword.line),
            }
        }
        Ok(entry)
    }

    /// Skips a macro's name and its lines up to an empty one. An error is the number of the line in which it begins.
    fn skip_macro(&mut self) -> Result<(), usize> {
        let begin = self.line;
        self.value();
        while !self.rest.is_empty() {
            if self.rest.last() == Some(&b'\n') {
                self.read();
                return Ok(());
            }
            self.skip_line();
        }
        Err(begin)
    }

    fn token(&mut self) -> Option<Token> {
        let first = std::iter::from_fn(|| self.read()).find(|byte| !is_space(*byte))?;
        let line = self.line;
        let is_end: fn(u8) -> bool = if first == b'"' { |byte| byte == b'"' } else { is_space };
        let mut next = if first == b'"' { self.read() } else { Some(first) };
        let mut text = Vec::new();
        while let Some(byte) = next.filter(|byte| !is_end(*byte)) {
            match byte {
                b'\\' => text.extend(self.read()),
                _ => text.push(byte),
            }
            next = self.read();
        }
        Some(Token { text, line })
    }

    fn skip_line(&mut self) {
        while self.read().is_some_and(|byte| byte != b'\n') {}
    }

    fn read(&mut self) -> Option<u8> {
        let byte = self.rest.pop()?;
        self.line += usize::from(byte == b'\n');
        Some(byte)
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
