//! Pictures and voice files of an export: copied from the cache, each once.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ids::MediaId;

/// The files copied so far.
pub(super) struct Pictures {
    cache: PathBuf,
    out: PathBuf,
    wanted: bool,
    /// Names in the export by id.
    copied: HashMap<MediaId, String>,
    missing: HashSet<MediaId>,
}

impl Pictures {
    pub(super) fn new(shop: &Path, out: &Path, wanted: bool) -> io::Result<Self> {
        let out = out.join("media");
        if wanted {
            fs::create_dir(&out)?;
        }
        Ok(Self { cache: shop.join("media"), out, wanted, copied: HashMap::new(), missing: HashSet::new() })
    }

    /// Copies the first of these that is in the cache; its name from the export's folder: `media/17.jpg`. They are forms of the
    /// same picture, so one is enough.
    pub(super) fn take(&mut self, forms: &[Option<MediaId>]) -> io::Result<Option<String>> {
        if !self.wanted {
            return Ok(None);
        }
        for id in forms.iter().flatten() {
            if let Some(name) = self.copied.get(id) {
                return Ok(Some(name.clone()));
            }
            let bytes = match fs::read(self.cache.join(id.to_string())) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                bytes => bytes?,
            };
            // Only what a picture or sound is by its bytes gets a name a browser opens.
            let Some(extension) = extension(&bytes) else { continue };
            let name = format!("{id}.{extension}");
            fs::write(self.out.join(&name), bytes)?;
            let name = format!("media/{name}");
            self.copied.insert(*id, name.clone());
            return Ok(Some(name));
        }
        self.missing.extend(forms.iter().flatten().next());
        Ok(None)
    }

    pub(super) fn copied(&self) -> u32 {
        u32::try_from(self.copied.len()).unwrap_or(u32::MAX)
    }

    /// How many pictures are not there in any form.
    pub(super) fn missing(&self) -> u32 {
        u32::try_from(self.missing.len()).unwrap_or(u32::MAX)
    }
}

fn extension(bytes: &[u8]) -> Option<&'static str> {
    let kind = infer::get(bytes)?;
    match kind.matcher_type() {
        infer::MatcherType::Image | infer::MatcherType::Audio => Some(kind.extension()),
        infer::MatcherType::Video if kind.mime_type() == "video/mp4" => Some("m4a"), // voice messages
        _ => None,
    }
}
