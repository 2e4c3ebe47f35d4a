//! Generates Tauri's context. The capability folder is named here because it does not stand beside this package's
//! Cargo.toml; without the `rerun-if-changed` line a changed capability would silently not be picked up.

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*");
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("tauri-build failed: {error:#}");
    }
}
