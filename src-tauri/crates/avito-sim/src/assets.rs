//! The embedded pictures and recordings. Their sources and the script that renders them are in `assets/`.

/// Bytes and media type of `folder/name`.
pub(crate) fn find(name: &str) -> Option<(&'static [u8], &'static str)> {
    let (_, extension, bytes) = ASSETS.iter().find(|(known, _, _)| *known == name)?;
    let mime = match *extension {
        "jpg" => "image/jpeg",
        "png" => "image/png",
        _ => "audio/mp4",
    };
    Some((*bytes, mime))
}

/// Names within a folder, without the folder.
pub(crate) fn names(folder: &str) -> Vec<&'static str> {
    ASSETS.iter().filter_map(|(name, _, _)| name.strip_prefix(folder)?.strip_prefix('/')).collect()
}

macro_rules! asset {
    ($name:literal, $extension:literal) => {
        ($name, $extension, include_bytes!(concat!("../assets/", $name, ".", $extension)))
    };
}

const ASSETS: &[(&str, &str, &[u8])] = &[
    asset!("item/basket", "jpg"),
    asset!("item/bell", "jpg"),
    asset!("item/camera", "jpg"),
    asset!("item/cassette", "jpg"),
    asset!("item/chain", "jpg"),
    asset!("item/chair", "jpg"),
    asset!("item/child_seat", "jpg"),
    asset!("item/city_bicycle", "jpg"),
    asset!("item/coffee_grinder", "jpg"),
    asset!("item/cup_holder", "jpg"),
    asset!("item/floor_lamp", "jpg"),
    asset!("item/gloves", "jpg"),
    asset!("item/gramophone", "jpg"),
    asset!("item/headlight", "jpg"),
    asset!("item/helmet", "jpg"),
    asset!("item/iron", "jpg"),
    asset!("item/kerosene_lamp", "jpg"),
    asset!("item/kids_bicycle", "jpg"),
    asset!("item/lock", "jpg"),
    asset!("item/mirror", "jpg"),
    asset!("item/mountain_bicycle", "jpg"),
    asset!("item/pannier", "jpg"),
    asset!("item/pedals", "jpg"),
    asset!("item/phone", "jpg"),
    asset!("item/plain", "jpg"),
    asset!("item/pump", "jpg"),
    asset!("item/radio", "jpg"),
    asset!("item/repair_service", "jpg"),
    asset!("item/repair_stand", "jpg"),
    asset!("item/saddle", "jpg"),
    asset!("item/samovar", "jpg"),
    asset!("item/scales", "jpg"),
    asset!("item/sewing_machine", "jpg"),
    asset!("item/suitcase", "jpg"),
    asset!("item/table_lamp", "jpg"),
    asset!("item/teapot", "jpg"),
    asset!("item/typewriter", "jpg"),
    asset!("item/tyre", "jpg"),
    asset!("item/vase", "jpg"),
    asset!("item/wall_clock", "jpg"),
    asset!("item/wheel", "jpg"),
    asset!("chat/bicycle_gears", "jpg"),
    asset!("chat/grinder_top", "jpg"),
    asset!("chat/lamp_corner", "jpg"),
    asset!("chat/parcel", "jpg"),
    asset!("chat/radio_scale", "jpg"),
    asset!("chat/saddle_seam", "jpg"),
    asset!("chat/samovar_tap", "jpg"),
    asset!("chat/teapot_chip", "jpg"),
    asset!("chat/wheel_scratch", "jpg"),
    asset!("avatar/man_beard", "png"),
    asset!("avatar/man_cap", "png"),
    asset!("avatar/man_grey", "png"),
    asset!("avatar/man_short", "png"),
    asset!("avatar/shop_lavka", "png"),
    asset!("avatar/shop_velo", "png"),
    asset!("avatar/woman_bob", "png"),
    asset!("avatar/woman_bun", "png"),
    asset!("avatar/woman_fair", "png"),
    asset!("avatar/woman_red", "png"),
    asset!("stub/0401", "png"),
    asset!("stub/0410", "png"),
    asset!("stub/0411", "png"),
    asset!("stub/0412", "png"),
    asset!("stub/0413", "png"),
    asset!("stub/0414", "png"),
    asset!("stub/0415", "png"),
    asset!("stub/0416", "png"),
    asset!("stub/0417", "png"),
    asset!("stub/0418", "png"),
    asset!("stub/041a", "png"),
    asset!("stub/041b", "png"),
    asset!("stub/041c", "png"),
    asset!("stub/041d", "png"),
    asset!("stub/041e", "png"),
    asset!("stub/041f", "png"),
    asset!("stub/0420", "png"),
    asset!("stub/0421", "png"),
    asset!("stub/0422", "png"),
    asset!("stub/0423", "png"),
    asset!("stub/0424", "png"),
    asset!("stub/0425", "png"),
    asset!("stub/0426", "png"),
    asset!("stub/0427", "png"),
    asset!("stub/0428", "png"),
    asset!("stub/0429", "png"),
    asset!("stub/042d", "png"),
    asset!("stub/042e", "png"),
    asset!("stub/042f", "png"),
    asset!("stub/plain", "png"),
    asset!("voice/pick_up", "mp4"),
    asset!("voice/small_scratch", "mp4"),
    asset!("voice/thank_you", "mp4"),
];

#[cfg(test)]
mod tests {
    use super::{ASSETS, find, names};

    #[test]
    fn every_embedded_file_is_what_its_name_says() {
        for (name, extension, bytes) in ASSETS {
            let start: &[u8] = match *extension {
                "jpg" => &[0xff, 0xd8, 0xff],
                "png" => &[0x89, b'P', b'N', b'G'],
                _ => &[0, 0, 0],
            };
            assert!(bytes.starts_with(start), "{name}");
            assert_eq!(find(name).map(|found| found.0.len()), Some(bytes.len()), "{name} is there twice");
        }
        assert_eq!(names("voice").len(), 3);
        assert!(find("item/nothing").is_none());
    }
}
