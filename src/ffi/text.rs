//! Text for C: NUL-terminated copies that live as long as the handle that gave them. They are made when somebody asks.

use std::collections::HashSet;
use std::ffi::c_char;
use std::sync::{Mutex, OnceLock, PoisonError};

/// One string, with a NUL behind it.
#[derive(Default)]
pub(super) struct Text(OnceLock<Box<[u8]>>);

impl Text {
    /// The string, which `make` gives the first time.
    pub(super) fn get<B: AsRef<[u8]>>(&self, make: impl FnOnce() -> B) -> (*const c_char, usize) {
        let text = self.0.get_or_init(|| terminated(make().as_ref()));
        (text.as_ptr().cast(), text.len() - 1)
    }
}

/// A few fixed names, with a NUL behind each.
#[derive(Default)]
pub(super) struct Names(Mutex<Vec<Name>>);

struct Name {
    name: &'static str,
    terminated: Box<[u8]>,
}

impl Names {
    /// The name with a NUL behind it, the same memory each time.
    pub(super) fn get(&self, name: &'static str) -> (*const c_char, usize) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.iter().position(|other| other.name == name).unwrap_or_else(|| {
            names.push(Name { name, terminated: terminated(name.as_bytes()) });
            names.len() - 1
        });
        // A box stays where it is when the list grows.
        (names[known].terminated.as_ptr().cast(), name.len())
    }
}

/// Copies of what was asked for, each with a NUL behind it; the same text is one copy, however often it is asked for.
#[derive(Default)]
pub(super) struct Copies(HashSet<Box<[u8]>>);

impl Copies {
    /// The copy of a text, which stays where it is until `clear`.
    pub(super) fn get(&mut self, text: &[u8]) -> (*const u8, usize) {
        let copy = terminated(text);
        // A box stays where it is when the set grows.
        if let Some(known) = self.0.get(&copy) {
            return (known.as_ptr(), text.len());
        }
        let place = copy.as_ptr();
        self.0.insert(copy);
        (place, text.len())
    }

    /// Frees them.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn terminated(text: &[u8]) -> Box<[u8]> {
    let mut copy = Vec::with_capacity(text.len() + 1);
    copy.extend_from_slice(text);
    copy.push(0);
    copy.into_boxed_slice()
}

/// Names and values, each with a NUL behind it, in one block.
pub(super) struct Fields {
    block: Box<[u8]>,
    /// Where each name begins, and its length; the same of its value.
    places: Box<[[usize; 4]]>,
}

impl Fields {
    pub(super) fn new<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Fields {
        let mut block = Vec::new();
        let mut places = Vec::new();
        for (name, value) in fields {
            let start = block.len();
            block.extend_from_slice(name);
            block.push(0);
            let middle = block.len();
            block.extend_from_slice(value);
            block.push(0);
            places.push([start, name.len(), middle, value.len()]);
        }
        Fields { block: block.into_boxed_slice(), places: places.into_boxed_slice() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Name and value of the field at `index`, with a NUL behind each.
    pub(super) fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let [name, name_len, value, value_len] = *self.places.get(index)?;
        Some((&self.block[name..][..name_len], &self.block[value..][..value_len]))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.places.len()).filter_map(|index| self.get(index))
    }
}
