//! Writes what is generated for the C ABI, and checks that what is committed is what would be written: the codes as
//! Rust source and as Python, the header, its twin for cffi, and the list of symbols that the libraries export.
//!
//! The arrows point from the sources (`src/codes.toml`, `src/ffi`) to everything else; nothing reads the generated
//! files.

use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

pub mod codes;
mod declaration;
mod header;
mod python;
pub mod sources;
pub mod symbols;

use codes::Table;
use sources::{Kind, Sources};

/// Where the sources are and where the output goes.
pub struct Project {
    root: PathBuf,
    sections: PathBuf,
}

/// One generated file.
pub struct Output {
    pub path: PathBuf,
    pub text: String,
}

impl Project {
    /// `root` is the top of the repository; `sections` is the sections.toml.
    pub fn new(root: impl Into<PathBuf>, sections: impl Into<PathBuf>) -> Project {
        Project { root: root.into(), sections: sections.into() }
    }

    /// The repository that this crate is part of.
    pub fn here() -> Project {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        Project::new(folder.join("../.."), folder.join("sections.toml"))
    }

    /// Every generated file as it should be.
    pub fn outputs(&self) -> Result<Vec<Output>, String> {
        let codes = self.codes()?;
        let sources = self.sources()?;
        let config = cbindgen::Config::from_file(self.root.join("cbindgen.toml"))?;
        let headers = header::generate(&sources, &codes, config)?;
        let functions: Vec<&str> = sources.names(Kind::Function).collect();
        Ok(vec![
            self.output("src/codes.rs", codes::rust_source(&codes)),
            self.output("include/httpx/httpx.h", headers.header),
            self.output("include/httpx/httpx_cdef.h", headers.cdef),
            self.output("cmake/libhttpx.map", symbols::version_script(&functions)),
            self.output("cmake/libhttpx.symbols", symbols::list(&functions)),
            self.output("bindings/python/libhttpx/_codes.py", python::constants(&codes)),
            self.output("bindings/python/libhttpx/errors.py", python::exceptions(&codes)),
        ])
    }

    fn output(&self, path: &str, text: String) -> Output {
        Output { path: self.root.join(path), text }
    }

    fn codes(&self) -> Result<Table, String> {
        codes::parse(&read(&self.root.join("src/codes.toml"))?)
    }

    pub fn sources(&self) -> Result<Sources, String> {
        Sources::read(&self.root.join("src/ffi"), &read(&self.sections)?)
    }

    /// Writes the files that differ, and returns their paths.
    pub fn write(&self) -> Result<Vec<PathBuf>, String> {
        let mut written = Vec::new();
        for Output { path, text } in self.outputs()? {
            if fs::read_to_string(&path).is_ok_and(|present| present == text) {
                continue;
            }
            let folder = path.parent().unwrap_or(&self.root);
            let result = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
            result.map_err(|error| format!("{}: {error}", path.display()))?;
            written.push(path);
        }
        Ok(written)
    }

    /// The difference between what is committed and what would be generated; empty if there is none.
    pub fn difference(&self) -> Result<String, String> {
        let mut difference = String::new();
        for Output { path, text } in self.outputs()? {
            let present = fs::read_to_string(&path).unwrap_or_default();
            if present != text {
                let name = path.strip_prefix(&self.root).unwrap_or(&path).display().to_string();
                let diff = TextDiff::from_lines(&present, &text);
                let labels = (format!("{name} (committed)"), format!("{name} (generated)"));
                difference.push_str(&diff.unified_diff().header(&labels.0, &labels.1).to_string());
            }
        }
        Ok(difference)
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
