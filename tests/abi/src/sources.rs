//! What `src/ffi` exports, file by file: the functions, types and constants that the header must have, and the
//! section of each. cbindgen leaves out what it does not understand, without an error; this list is what its output
//! is held against.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use syn::{Attribute, FnArg, Item, ItemFn, Pat, ReturnType, Type, Visibility};

/// The exported items of the FFI sources in the order of the header.
pub struct Sources {
    pub sections: Vec<Section>,
    pub paths: Vec<PathBuf>,
}

pub struct Section {
    pub title: String,
    pub exports: Vec<Export>,
}

pub struct Export {
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Function,
    /// A struct of which C sees only the name.
    Handle,
    /// A type alias or a struct with C's layout.
    Type,
    Constant,
}

#[derive(Deserialize)]
struct Layout {
    section: Vec<LayoutSection>,
}

#[derive(Deserialize)]
struct LayoutSection {
    file: String,
    title: String,
}

impl Sources {
    /// Reads every `.rs` file of `folder`; `layout` is the text of sections.toml.
    pub fn read(folder: &Path, layout: &str) -> Result<Sources, String> {
        let layout: Layout = toml::from_str(layout).map_err(|error| error.to_string())?;
        let mut by_file = HashMap::new();
        for path in rust_files(folder)? {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let exports = exports(&text).map_err(|problem| format!("{}: {problem}", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            by_file.insert(name, (path, exports));
        }
        let mut sources = Sources { sections: Vec::new(), paths: Vec::new() };
        for LayoutSection { file, title } in layout.section {
            let Some((path, exports)) = by_file.remove(&file) else {
                return Err(format!("sections.toml names {file}, which is not in {}", folder.display()));
            };
            sources.paths.push(path);
            sources.sections.push(Section { title, exports });
        }
        match by_file.iter().find(|(_, (_, exports))| !exports.is_empty()) {
            Some((file, _)) => Err(format!("{file} exports items, but sections.toml has no section for it")),
            None => Ok(sources),
        }
    }

    pub fn exports(&self) -> impl Iterator<Item = &Export> {
        self.sections.iter().flat_map(|section| &section.exports)
    }

    pub fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.exports().filter(move |export| export.kind == kind).map(|export| export.name.as_str())
    }
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(|error| error.to_string()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    Ok(paths)
}

/// The exported items of one file: `#[no_mangle]` functions, and public items whose name starts with `httpx_` or
/// `HTTPX_`.
fn exports(text: &str) -> Result<Vec<Export>, String> {
    let file = syn::parse_file(text).map_err(|error| error.to_string())?;
    let mut exports = Vec::new();
    for item in &file.items {
        let (name, kind, attributes) = match item {
            Item::Fn(item) if is_no_mangle(&item.attrs) => {
                let name = item.sig.ident.to_string();
                if !name.starts_with("httpx_") {
                    return Err(format!("{name} is exported, but its name does not start with httpx_"));
                }
                check_error_parameter(item)?;
                (name, Kind::Function, &item.attrs)
            }
            Item::Struct(item) if is_public(&item.vis) => {
                let kind = if is_repr_c(&item.attrs) { Kind::Type } else { Kind::Handle };
                (item.ident.to_string(), kind, &item.attrs)
            }
            Item::Type(item) if is_public(&item.vis) => (item.ident.to_string(), Kind::Type, &item.attrs),
            Item::Const(item) if is_public(&item.vis) => (item.ident.to_string(), Kind::Constant, &item.attrs),
            _ => continue,
        };
        if !name.to_lowercase().starts_with("httpx_") {
            continue;
        }
        if !has(attributes, "doc") {
            return Err(format!("{name} has no doc comment, so the header would say nothing about it"));
        }
        if has(attributes, "cfg") {
            return Err(format!("{name} is under #[cfg]; the ABI is the same in every build"));
        }
        exports.push(Export { name, kind });
    }
    Ok(exports)
}

/// `err` is the last parameter, and only of functions that return a code.
fn check_error_parameter(function: &ItemFn) -> Result<(), String> {
    let name = &function.sig.ident;
    let is_err = |parameter: &FnArg| match parameter {
        FnArg::Typed(typed) => matches!(&*typed.pat, Pat::Ident(pattern) if pattern.ident == "err"),
        FnArg::Receiver(_) => false,
    };
    let Some(position) = function.sig.inputs.iter().position(is_err) else {
        return Ok(());
    };
    if position + 1 != function.sig.inputs.len() {
        return Err(format!("{name} has parameters after err"));
    }
    let returns_code = match &function.sig.output {
        ReturnType::Type(_, output) => matches!(&**output, Type::Path(path) if path.path.is_ident("httpx_code")),
        ReturnType::Default => false,
    };
    if returns_code {
        Ok(())
    } else {
        Err(format!("{name} takes err, but does not return httpx_code"))
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

/// `#[no_mangle]` or `#[unsafe(no_mangle)]`.
fn is_no_mangle(attributes: &[Attribute]) -> bool {
    has(attributes, "no_mangle") || attributes.iter().any(|attribute| contains(attribute, "unsafe", "no_mangle"))
}

fn is_repr_c(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| contains(attribute, "repr", "C"))
}

fn contains(attribute: &Attribute, name: &str, word: &str) -> bool {
    attribute.path().is_ident(name) && attribute.parse_args::<syn::Path>().is_ok_and(|argument| argument.is_ident(word))
}
