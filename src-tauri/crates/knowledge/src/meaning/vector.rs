//! A vector in few bytes: a scale of four bytes (little-endian `f32`), then one signed byte a number. Its length is made 1 before, so that
//! a product of two is the cosine between them.

/// A vector as it is stored; `None` for one without direction.
pub(crate) fn pack(vector: &[f32]) -> Option<Vec<u8>> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    if !length.is_finite() || length <= f32::MIN_POSITIVE || largest <= f32::MIN_POSITIVE {
        return None;
    }
    let scale = largest / length / 127.0;
    let mut out = Vec::with_capacity(4 + vector.len());
    out.extend(scale.to_le_bytes());
    out.extend(vector.iter().map(|value| step(value / largest).to_le_bytes()[0]));
    Some(out)
}

/// −1 to 1 in 255 steps.
#[expect(clippy::cast_possible_truncation, reason = "within ±127 by the clamp")]
fn step(value: f32) -> i8 {
    (value * 127.0).round().clamp(-127.0, 127.0) as i8
}

/// Scale and numbers; `None` when it is no stored vector.
pub(crate) fn unpack(data: &[u8]) -> Option<(f32, impl Iterator<Item = i8> + '_)> {
    let (scale, numbers) = data.split_first_chunk::<4>()?;
    let scale = f32::from_le_bytes(*scale);
    (scale.is_finite() && !numbers.is_empty())
        .then(|| (scale, numbers.iter().map(|byte| i8::from_le_bytes([*byte]))))
}

/// The product of two rows of numbers of equal length.
pub(crate) fn product(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_survives_packing_within_a_hundredth() {
        let vector = |seed: f32| (0..384_u16).map(|at| (f32::from(at) * seed).sin()).collect::<Vec<f32>>();
        let cosine = |a: &[f32], b: &[f32]| {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        for (one, other) in [(0.1, 0.1001), (0.1, 0.11), (0.3, 0.9)] {
            let (one, other) = (vector(one), vector(other));
            let (packed_one, packed_other) = (pack(&one).unwrap(), pack(&other).unwrap());
            assert_eq!(packed_one.len(), 388);
            let (scale_one, one_steps) = unpack(&packed_one).unwrap();
            let (scale_other, other_steps) = unpack(&packed_other).unwrap();
            let (one_steps, other_steps): (Vec<i8>, Vec<i8>) = (one_steps.collect(), other_steps.collect());
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let found = product(&one_steps, &other_steps) as f32 * scale_one * scale_other;
            assert!((found - cosine(&one, &other)).abs() < 0.01, "{found}");
        }
    }

    #[test]
    fn what_has_no_direction_is_not_stored_and_what_is_cut_not_read() {
        assert_eq!(pack(&[]), None);
        assert_eq!(pack(&[0.0, 0.0]), None);
        assert_eq!(pack(&[f32::NAN, 1.0]), None);
        assert!(unpack(&[1, 2, 3, 4]).is_none() && unpack(&[1]).is_none());
    }
}
