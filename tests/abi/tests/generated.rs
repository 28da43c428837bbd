//! What is committed is what the tool would write.

use httpx_abi::Project;

#[test]
fn committed_files_are_as_generated() {
    let difference = Project::here().difference().unwrap();
    assert!(difference.is_empty(), "run: cargo run -p httpx-abi -- generate\n{difference}");
}
