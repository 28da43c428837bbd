//! Another Rust static library in the same host: it brings a second copy of Rust's own library, with the same symbol names.

/// Panics inside and catches it, so that both copies unwind.
#[no_mangle]
pub extern "C" fn neighbour_catches_a_panic() -> i32 {
    std::panic::set_hook(Box::new(|_| {}));
    i32::from(std::panic::catch_unwind(|| panic!("caught next door")).is_err())
}
