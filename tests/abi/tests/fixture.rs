//! The generator on a small set of FFI sources: what comes out compiles, and mistakes in the sources are found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use httpx_abi::sources::Kind;
use httpx_abi::{symbols, Project};

/// A project of its own in the build folder: the fixture's FFI sources with the repository's codes and cbindgen.toml.
fn project(name: &str) -> (PathBuf, Project) {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixture = crate_folder.join("tests/fixture");
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if root.exists() {
        fs::remove_dir_all(&root).unwrap();
    }
    fs::create_dir_all(root.join("src/ffi")).unwrap();
    for file in fs::read_dir(fixture.join("src/ffi")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), root.join("src/ffi").join(file.file_name())).unwrap();
    }
    fs::copy(fixture.join("sections.toml"), root.join("sections.toml")).unwrap();
    fs::copy(crate_folder.join("../../src/codes.toml"), root.join("src/codes.toml")).unwrap();
    fs::copy(crate_folder.join("../../cbindgen.toml"), root.join("cbindgen.toml")).unwrap();
    let project = Project::new(&root, root.join("sections.toml"));
    (root, project)
}

fn append(path: PathBuf, text: &str) {
    let present = fs::read_to_string(&path).unwrap();
    fs::write(path, present + text).unwrap();
}

fn problem(project: &Project) -> String {
    match project.outputs() {
        Ok(_) => panic!("the mistake was not found"),
        Err(problem) => problem,
    }
}

#[test]
fn the_header_reads_in_the_order_of_the_sections_and_compiles_alone() {
    let (root, project) = project("header");
    project.write().unwrap();
    let path = root.join("include/httpx/httpx.h");
    let header = fs::read_to_string(&path).unwrap();
    let expected = [
        "#ifndef HTTPX_HTTPX_H\n",
        "typedef struct httpx_client httpx_client;\n",
        "\n/* ---- Codes ---- */\n\n/** What a call came to. */\ntypedef int32_t httpx_code;\n",
        "#define HTTPX_OK 0\n",
        "#define HTTPX_E_READ_TIMEOUT 0x11112000\n",
        "\n/* ---- Callbacks ---- */\n",
        "/** Frees user_data. Runs exactly once. */\ntypedef void (*httpx_destroy_fn)(void *user_data);\n",
        "/** Return after the headers, with the body unread. */\n#define HTTPX_SEND_STREAM 1\n",
        "/**\n * Sends a GET and reads the response.\n *\n * `*out` is owned by the caller.\n */\nhttpx_code httpx_client_get(",
        "typedef struct httpx_event {\n    /** Set by the caller",
        "httpx_code httpx_queue_fd(httpx_queue *queue, intptr_t *fd, httpx_error **err);\n",
        "#endif /* HTTPX_HTTPX_H */\n",
    ];
    let mut rest = header.as_str();
    for text in expected {
        let at = rest.find(text).unwrap_or_else(|| panic!("not there, or not in its place: {text}"));
        rest = &rest[at..];
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("compile_header.sh");
    let output = Command::new(script).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_cdef_declares_the_same_and_nothing_that_cffi_does_not_take() {
    let (root, project) = project("cdef");
    project.write().unwrap();
    let cdef = fs::read_to_string(root.join("include/httpx/httpx_cdef.h")).unwrap();
    for foreign in ["/*", "//", "#if", "#include", "__attribute__", "HTTPX_UNSET", "extern"] {
        assert!(!cdef.contains(foreign), "{foreign}");
    }
    let sources = project.sources().unwrap();
    for export in sources.exports().filter(|export| export.name != "HTTPX_UNSET") {
        assert!(cdef.contains(&export.name), "{}", export.name);
    }
    let defines = cdef.lines().filter(|line| line.starts_with("#define"));
    for define in defines {
        let value = define.rsplit(' ').next().unwrap();
        let value = value.strip_prefix("0x").map_or(value.parse().ok(), |hex| i32::from_str_radix(hex, 16).ok());
        assert!(value.is_some(), "{define}");
    }
}

#[test]
fn generated_files_that_were_edited_are_told_line_by_line() {
    let (root, project) = project("difference");
    assert_eq!(project.write().unwrap().len(), 7);
    assert_eq!(project.write().unwrap().len(), 0);
    assert_eq!(project.difference().unwrap(), "");
    append(root.join("cmake/libhttpx.symbols"), "httpx_by_hand\n");
    let difference = project.difference().unwrap();
    assert!(difference.contains("-httpx_by_hand\n"), "{difference}");
    assert!(difference.contains("--- cmake/libhttpx.symbols (committed)"), "{difference}");
}

#[test]
fn an_item_that_the_header_would_miss_is_a_mistake() {
    let (root, fixture) = project("missing");
    append(root.join("src/ffi/client.rs"), "/// Flags.\npub const HTTPX_SEND_ALL: u32 = all_flags();\n");
    assert!(problem(&fixture).contains("HTTPX_SEND_ALL is not a plain integer"));

    let (root, fixture) = project("computed");
    append(root.join("src/ffi/client.rs"), "/// Flags.\npub const HTTPX_SEND_RAW: u32 = 1 << 3;\n");
    assert!(problem(&fixture).contains("HTTPX_SEND_RAW is not a plain integer"));

    let (root, fixture) = project("slice");
    append(
        root.join("src/ffi/client.rs"),
        "/// One.\n#[no_mangle]\npub extern \"C\" fn httpx_one(x: &[u8]) { one(x) }\n",
    );
    assert!(problem(&fixture).contains("httpx_one"));

    let (root, fixture) = project("undocumented");
    append(root.join("src/ffi/client.rs"), "#[no_mangle]\npub extern \"C\" fn httpx_client_count() -> i32 { 0 }\n");
    assert!(problem(&fixture).contains("httpx_client_count has no doc comment"));

    let (root, fixture) = project("misnamed");
    append(root.join("src/ffi/client.rs"), "/// One.\n#[no_mangle]\npub extern \"C\" fn client_count() -> i32 { 0 }\n");
    assert!(problem(&fixture).contains("client_count"));

    let (root, fixture) = project("sectionless");
    fs::write(root.join("src/ffi/op.rs"), "/// An operation.\npub struct httpx_operation(u8);\n").unwrap();
    assert!(problem(&fixture).contains("op.rs"));
}

#[test]
fn a_function_whose_error_parameter_is_not_in_its_place_is_a_mistake() {
    for (name, signature, message) in [
        ("middle", "(err: *mut *mut httpx_error, size: usize) -> httpx_code", "has parameters after err"),
        ("uncoded", "(err: *mut *mut httpx_error) -> i32", "does not return httpx_code"),
    ] {
        let (root, fixture) = project(name);
        let function = format!("/// One.\n#[no_mangle]\npub extern \"C\" fn httpx_client_one{signature} {{ one() }}\n");
        append(root.join("src/ffi/client.rs"), &function);
        assert!(problem(&fixture).contains(message), "{signature}");
    }
}

#[test]
fn a_table_of_codes_that_is_no_tree_is_a_mistake() {
    let (root, fixture) = project("codes");
    let table = root.join("src/codes.toml");
    let text = fs::read_to_string(&table).unwrap();
    for (from, to, message) in [
        ("retired = []", "retired = [0x11112000]", "retired"),
        ("number = 0x11112000", "number = 0x11111000", "not larger"),
        ("number = 0x12000000", "number = 0x12100000", "no parent 0x12000000"),
        ("number = 0x12000000", "number = 0x12010000", "skips a level"),
        ("rust = \"READ_TIMEOUT\"", "rust = \"TIMEOUT\"", "taken"),
        ("c = \"HTTPX_E_READ_TIMEOUT\"", "c = \"HTTPX_E_TIMEOUT\"", "taken"),
        ("c = \"HTTPX_OK\"", "c = \"HTTPX_E_OK\"", "HTTPX_E_ is for errors"),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(&table, text.replacen(from, to, 1)).unwrap();
        assert!(problem(&fixture).contains(message), "{to}");
    }
}

/// Links a library of empty functions; `arguments` go to the compiler.
fn link(root: &Path, functions: &[&str], arguments: &[&str]) -> PathBuf {
    let source: String = functions.iter().map(|name| format!("void {name}(void);\nvoid {name}(void) {{}}\n")).collect();
    fs::write(root.join("library.c"), source).unwrap();
    let library = root.join("library.so");
    let mut command = Command::new("cc");
    command.current_dir(root).args(["-shared", "-fPIC", "library.c", "-o", "library.so"]).args(arguments);
    assert!(command.status().unwrap().success());
    library
}

#[test]
fn a_library_shows_the_functions_of_the_header_with_their_version() {
    let (root, project) = project("symbols");
    project.write().unwrap();
    let sources = project.sources().unwrap();
    let functions: Vec<&str> = sources.names(Kind::Function).collect();
    let script = "-Wl,--version-script=cmake/libhttpx.map";
    let soname = "-Wl,-soname,libhttpx.so.0";
    let nodelete = "-Wl,-z,nodelete";

    let with_local: Vec<&str> = functions.iter().copied().chain(["hidden"]).collect();
    let library = link(&root, &with_local, &[script, soname, nodelete]);
    assert_eq!(symbols::check_shared(&library, &functions).unwrap(), Vec::<String>::new());

    let library = link(&root, &with_local, &[]);
    let problems = symbols::check_shared(&library, &functions).unwrap().join("\n");
    for problem in [
        "hidden is exported, but not in the header",
        "httpx_client_get has no version, not HTTPX_0",
        "the SONAME is not libhttpx.so.0",
        "not linked with -z nodelete",
    ] {
        assert!(problems.contains(problem), "{problem} is not among:\n{problems}");
    }

    let library = link(&root, &functions[1..], &[script, soname, nodelete]);
    let problems = symbols::check_shared(&library, &functions).unwrap();
    assert_eq!(problems, [format!("{} is in the header, but not exported", functions[0])]);
}

#[test]
fn a_static_library_shows_the_functions_of_the_header_alone() {
    let (root, project) = project("static");
    let sources = project.sources().unwrap();
    let functions: Vec<&str> = sources.names(Kind::Function).collect();
    let with_surplus: Vec<&str> = functions.iter().copied().chain(["ZSTD_compress"]).collect();
    for (names, expected) in
        [(&functions, vec![]), (&with_surplus, vec!["ZSTD_compress is exported, but not in the header"])]
    {
        link(&root, names, &[]);
        let build = "cc -c library.c -o library.o && ar rcs library.a library.o";
        assert!(Command::new("sh").current_dir(&root).args(["-ec", build]).status().unwrap().success());
        assert_eq!(symbols::check_static(&root.join("library.a"), &functions).unwrap(), expected);
        fs::remove_file(root.join("library.a")).unwrap();
    }
}
