//! Because of this test Cargo builds the window whenever it builds the tests: the small measurements among them start it.

#[test]
fn the_bare_window_lies_where_the_measurements_look_for_it() {
    let window = std::path::Path::new(env!("CARGO_BIN_EXE_bare-window"));
    assert!(window.is_file() && window.file_stem().is_some_and(|name| name == "bare-window"));
}
