//! Who draws the page on Linux: the graphics processor, or, on a machine without one, the processor itself.
//!
//! WebKitGTK draws its page by OpenGL in any case. Without a graphics processor Mesa imitates one and translates each of
//! WebKit's small programs for it, anew at every start: the first look of a chat took twice as long (docs/performance.md).

use std::path::Path;

/// WebKitGTK's own switch (in its documentation: "Environment variables"); it is looked at once, when the page's process starts.
const BY_THE_PROCESSOR: &str = "WEBKIT_SKIA_ENABLE_CPU_RENDERING";

/// Chooses, unless the seller has. Called before there are threads, for it changes the environment.
pub(crate) fn begin() {
    if !has_graphics_processor(Path::new("/dev")) {
        // Fails only for a name with «=» in it.
        let _ = glib::setenv(BY_THE_PROCESSOR, "1", false);
    }
}

/// Whether the system offers something to draw with: a render node, or NVIDIA's own driver, which may come without one.
fn has_graphics_processor(devices: &Path) -> bool {
    let nodes = std::fs::read_dir(devices.join("dri")).into_iter().flatten().flatten();
    let mut names = nodes.map(|node| node.file_name());
    names.any(|name| name.as_encoded_bytes().starts_with(b"renderD")) || devices.join("nvidia0").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_alone_is_no_graphics_processor() {
        let devices = tempfile::tempdir().unwrap();
        assert!(!has_graphics_processor(devices.path()));
        std::fs::create_dir(devices.path().join("dri")).unwrap();
        std::fs::write(devices.path().join("dri/card0"), "").unwrap();
        assert!(!has_graphics_processor(devices.path()));
        std::fs::write(devices.path().join("dri/renderD128"), "").unwrap();
        assert!(has_graphics_processor(devices.path()));
    }

    #[test]
    fn nvidias_own_driver_counts() {
        let devices = tempfile::tempdir().unwrap();
        std::fs::write(devices.path().join("nvidia0"), "").unwrap();
        assert!(has_graphics_processor(devices.path()));
    }
}
