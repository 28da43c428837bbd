//! The header and its plain twin for cffi: cbindgen's declarations in the order of the sections, with the codes among
//! them.

use std::collections::{HashMap, HashSet};

use cbindgen::{Builder, Config};

use crate::codes::Table;
use crate::declaration::Declaration;
use crate::sources::{Export, Kind, Sources};

/// The typedef after which the codes stand.
const CODE_TYPE: &str = "httpx_code";

/// The text of `httpx.h` and of `httpx_cdef.h`.
pub struct Headers {
    pub header: String,
    pub cdef: String,
}

/// What stands around the declarations: cbindgen.toml says it, but cbindgen would put the sections in between.
struct Frame {
    intro: String,
    guard: String,
    includes: Vec<String>,
    after_includes: String,
}

pub fn generate(sources: &Sources, codes: &Table, mut config: Config) -> Result<Headers, String> {
    let frame = Frame {
        intro: config.header.take().unwrap_or_default().trim().to_owned(),
        guard: config.include_guard.take().ok_or("cbindgen.toml has no include_guard")?,
        includes: std::mem::take(&mut config.sys_includes),
        after_includes: config.after_includes.take().unwrap_or_default().trim().to_owned(),
    };
    config.cpp_compat = false;
    config.no_includes = true;
    let excluded: HashSet<String> = config.export.exclude.iter().cloned().collect();
    let mut declarations = declarations(sources, config)?;

    let mut body = Body::default();
    for export in sources.exports().filter(|export| export.kind == Kind::Handle) {
        body.push(&take(&mut declarations, export)?);
    }
    for section in &sources.sections {
        body.title(&section.title);
        for export in &section.exports {
            if export.kind == Kind::Handle || excluded.contains(&export.name) {
                continue;
            }
            body.push(&take(&mut declarations, export)?);
            if export.name == CODE_TYPE {
                body.codes(codes);
            }
        }
    }
    match declarations.keys().next() {
        Some(name) => Err(format!("cbindgen prints {name}, which is no exported item of the sources")),
        None => Ok(Headers { header: frame.around(&body.header), cdef: body.cdef }),
    }
}

/// What cbindgen makes of the sources, by name.
fn declarations(sources: &Sources, mut config: Config) -> Result<HashMap<String, Declaration>, String> {
    // Types that no function mentions (yet) belong to the ABI too: vtables, events.
    config.export.include.extend(sources.names(Kind::Handle).chain(sources.names(Kind::Type)).map(str::to_owned));
    let builder = sources.paths.iter().fold(Builder::new().with_config(config), |builder, path| builder.with_src(path));
    let bindings = builder.generate().map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    let blocks = text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty());
    let parsed =
        blocks.map(|block| Declaration::parse(block).map(|declaration| (declaration.name.clone(), declaration)));
    parsed.collect()
}

fn take(declarations: &mut HashMap<String, Declaration>, export: &Export) -> Result<Declaration, String> {
    let Export { name, kind } = export;
    let declaration = declarations.remove(name);
    if *kind == Kind::Constant && !declaration.as_ref().is_some_and(Declaration::is_integer_define) {
        // cffi takes neither expressions nor floats.
        return Err(format!("the value of the constant {name} is not a plain integer"));
    }
    declaration.ok_or_else(|| {
        format!("cbindgen left out {name}, a {kind:?}: its declaration uses something that C does not have")
    })
}

/// The declarations, written for both readers at once.
#[derive(Default)]
struct Body {
    header: String,
    cdef: String,
}

impl Body {
    fn push(&mut self, declaration: &Declaration) {
        self.header.push('\n');
        self.header.push_str(&declaration.for_header());
        self.cdef.push_str(&declaration.for_cdef());
    }

    fn title(&mut self, title: &str) {
        self.header.push_str(&format!("\n/* ---- {title} ---- */\n"));
    }

    fn codes(&mut self, codes: &Table) {
        let mut root = -1;
        for entry in &codes.codes {
            // An empty line before each root of the tree.
            let digit = entry.number >> 28;
            if digit != root {
                self.header.push('\n');
                root = digit;
            }
            let number = if entry.is_error() { format!("{:#010x}", entry.number) } else { entry.number.to_string() };
            let kind = if entry.is_error() { format!("{}. ", entry.name) } else { String::new() };
            self.header.push_str(&format!("/** {kind}{} */\n#define {} {number}\n", entry.description, entry.c));
            self.cdef.push_str(&format!("#define {} {number}\n", entry.c));
        }
    }
}

impl Frame {
    fn around(&self, body: &str) -> String {
        let Frame { intro, guard, after_includes, .. } = self;
        let includes: String = self.includes.iter().map(|include| format!("#include <{include}>\n")).collect();
        format!(
            "{intro}\n#ifndef {guard}\n#define {guard}\n\n{includes}\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n\
             {after_includes}\n{body}\n#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {guard} */\n"
        )
    }
}
