//! How far a mistyped word is from a right one, with the slips people really make being cheap.

use std::sync::LazyLock;

use super::scripts::is_cyrillic;

/// Rows of the Russian keyboard; keys beside each other are hit for one another.
const KEYBOARD: [&str; 3] = ["йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"];

/// Letters that sound alike in some position.
const SOUNDS: &[(char, char)] = &[
    ('а', 'о'),
    ('и', 'е'),
    ('е', 'э'),
    ('е', 'я'),
    ('и', 'ы'),
    ('и', 'й'),
    ('о', 'е'),
    ('у', 'ю'),
    ('а', 'я'),
    ('б', 'п'),
    ('в', 'ф'),
    ('г', 'к'),
    ('д', 'т'),
    ('ж', 'ш'),
    ('з', 'с'),
    ('ш', 'щ'),
    ('с', 'ц'),
    ('г', 'х'),
    ('в', 'г'),
];

const SLIP: f32 = 0.5;
const SMALL: f32 = 0.4;
const WRONG: f32 = 1.0;
/// A letter left out: the commonest slip of all.
const MISSED: f32 = 0.6;

/// The cost of turning `wrong` into `right`; above `limit` it only says so (`None`). Cost 1 is one wrong letter; doubled
/// letters, soft signs, letters that sound alike, neighbouring keys and swapped letters cost less.
pub fn distance(wrong: &str, right: &str, limit: f32) -> Option<f32> {
    let wrong: Vec<char> = wrong.chars().collect();
    let right: Vec<char> = right.chars().collect();
    // The cheapest insertion costs SMALL: words of very different length need no table.
    let gap = u8::try_from(wrong.len().abs_diff(right.len())).unwrap_or(u8::MAX);
    if f32::from(gap) * SMALL > limit {
        return None;
    }
    let width = right.len() + 1;
    let mut table = vec![0.0_f32; (wrong.len() + 1) * width];
    for column in 1..width {
        table[column] = table[column - 1] + letter_cost(&right, column - 1).min(MISSED);
    }
    for row in 1..=wrong.len() {
        table[row * width] = table[(row - 1) * width] + letter_cost(&wrong, row - 1);
        let mut least = table[row * width];
        for column in 1..width {
            let (a, b) = (wrong[row - 1], right[column - 1]);
            let mut best = table[(row - 1) * width + column - 1] + replace_cost(a, b);
            best = best.min(table[(row - 1) * width + column] + letter_cost(&wrong, row - 1));
            best = best.min(table[row * width + column - 1] + letter_cost(&right, column - 1).min(MISSED));
            if row > 1 && column > 1 && a == right[column - 2] && wrong[row - 2] == b && a != b {
                best = best.min(table[(row - 2) * width + column - 2] + SLIP);
            }
            table[row * width + column] = best;
            least = least.min(best);
        }
        if least > limit {
            return None;
        }
    }
    let cost = table[wrong.len() * width + width - 1];
    (cost <= limit).then_some(cost)
}

/// The cost of a letter too many or too few: small for a doubled letter and for ь, ъ.
fn letter_cost(word: &[char], at: usize) -> f32 {
    let letter = word[at];
    let doubled = at > 0 && word[at - 1] == letter;
    if doubled || matches!(letter, 'ь' | 'ъ') { SMALL } else { WRONG }
}

/// Costs of every pair of Russian letters, by their place in the alphabet.
static COSTS: LazyLock<[[f32; 32]; 32]> = LazyLock::new(|| {
    let letters: Vec<char> = ('а'..='я').collect();
    let mut costs = [[WRONG; 32]; 32];
    for (row, a) in letters.iter().enumerate() {
        for (column, b) in letters.iter().enumerate() {
            costs[row][column] = if a == b {
                0.0
            } else if SOUNDS.contains(&(*a, *b)) || SOUNDS.contains(&(*b, *a)) {
                SLIP
            } else if neighbours(*a, *b) {
                SLIP + 0.1
            } else {
                WRONG
            };
        }
    }
    costs
});

fn replace_cost(a: char, b: char) -> f32 {
    let place = |letter: char| is_cyrillic(letter).then(|| letter as usize - 'а' as usize);
    match (place(a), place(b)) {
        (Some(row), Some(column)) => COSTS[row][column],
        _ if a == b => 0.0,
        _ => WRONG,
    }
}

fn neighbours(a: char, b: char) -> bool {
    let place = |letter: char| {
        KEYBOARD
            .iter()
            .enumerate()
            .find_map(|(row, keys)| keys.chars().position(|key| key == letter).map(|at| (row, at)))
    };
    match (place(a), place(b)) {
        (Some((row_a, at_a)), Some((row_b, at_b))) => {
            let (rows, columns) = (row_a.abs_diff(row_b), at_a.abs_diff(at_b));
            rows == 0 && columns == 1 || rows == 1 && columns <= 1
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_costs_less_than_another_word() {
        let cost = |wrong, right| distance(wrong, right, 3.0).unwrap();
        assert!(cost("каляска", "коляска") <= SLIP);
        assert!(cost("рассрочка", "расрочка") <= SLIP);
        assert!(cost("записатся", "записаться") <= SLIP);
        assert!(cost("ламып", "лампы") <= SLIP);
        assert!(cost("куоня", "кухня") > cost("кузня", "кухня"));
        assert_eq!(distance("стол", "стул", 0.4), None);
        assert_eq!(distance("дом", "самолет", 2.0), None);
    }
}
