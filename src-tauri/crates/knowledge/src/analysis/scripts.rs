//! Names in both alphabets: iphone and айфон, samsung and самсунг, D2S and Д2С.

use super::lookalikes::to_latin;

/// Whether this is a small Russian letter.
pub(crate) fn is_cyrillic(character: char) -> bool {
    ('а'..='я').contains(&character)
}

/// Whether this is a small English letter.
pub(crate) fn is_latin(character: char) -> bool {
    character.is_ascii_lowercase()
}

/// Brands whose Russian spelling the letters do not give; several spellings are separated by spaces. Sorted.
const BRANDS: &[(&str, &str)] = &[
    ("acer", "асер эйсер"),
    ("adidas", "адидас"),
    ("aeg", "аег"),
    ("airpods", "аирподс эирподс"),
    ("airtag", "аиртаг"),
    ("android", "андроид"),
    ("apple", "эппл эпл"),
    ("ariston", "аристон"),
    ("asics", "асикс"),
    ("asus", "асус"),
    ("atlant", "атлант"),
    ("audi", "ауди"),
    ("barbie", "барби"),
    ("beko", "беко"),
    ("bluetooth", "блютуз блютус"),
    ("bmw", "бмв"),
    ("bosch", "бош"),
    ("brother", "бразер"),
    ("bugaboo", "бугабу"),
    ("camry", "камри"),
    ("canon", "кэнон канон"),
    ("chanel", "шанель"),
    ("cherokee", "чероки"),
    ("chery", "чери"),
    ("chevrolet", "шевроле шевролет"),
    ("chicco", "чикко"),
    ("citroen", "ситроен"),
    ("columbia", "коламбия"),
    ("corolla", "королла"),
    ("cruze", "круз"),
    ("cube", "куб"),
    ("cybex", "сайбекс"),
    ("daewoo", "дэу деу"),
    ("dell", "делл"),
    ("dyson", "дайсон"),
    ("ecco", "экко"),
    ("esim", "есим"),
    ("face", "фейс"),
    ("focus", "фокус"),
    ("ford", "форд"),
    ("galaxy", "галакси гэлэкси"),
    ("garmin", "гармин"),
    ("geely", "джили"),
    ("giant", "гиант джайнт"),
    ("gopro", "гопро"),
    ("great", "грейт"),
    ("gucci", "гуччи"),
    ("haval", "хавал хавейл"),
    ("hella", "хелла"),
    ("hewlett", "хьюлет"),
    ("honda", "хонда"),
    ("honor", "хонор"),
    ("hotpoint", "хотпоинт"),
    ("huawei", "хуавей хуавэй"),
    ("hyundai", "хендай хундай хендэ хюндай"),
    ("icloud", "айклауд"),
    ("id", "айди ид"),
    ("ikea", "икея"),
    ("imac", "аймак"),
    ("infinix", "инфиникс"),
    ("intel", "интел"),
    ("ipad", "айпад"),
    ("iphone", "айфон ифон"),
    ("isofix", "изофикс"),
    ("jbl", "джибиэль жбл"),
    ("jeep", "джип"),
    ("juki", "джуки"),
    ("kia", "киа кия"),
    ("lacoste", "лакост"),
    ("lada", "лада"),
    ("largus", "ларгус"),
    ("led", "лед"),
    ("lego", "лего"),
    ("lenovo", "леново"),
    ("levis", "левайс"),
    ("lexus", "лексус"),
    ("lg", "элджи лджи"),
    ("liebherr", "либхер"),
    ("logan", "логан"),
    ("logitech", "логитек"),
    ("macbook", "макбук"),
    ("magsafe", "магсейф"),
    ("makita", "макита"),
    ("max", "макс"),
    ("mazda", "мазда"),
    ("meizu", "мейзу"),
    ("mercedes", "мерседес"),
    ("merida", "мерида"),
    ("michelin", "мишлен"),
    ("mini", "мини"),
    ("mitsubishi", "мицубиси митсубиси мицубиши"),
    ("next", "некст"),
    ("nike", "найк"),
    ("nintendo", "нинтендо"),
    ("nissan", "ниссан"),
    ("nokia", "нокия"),
    ("note", "ноут нот"),
    ("nvidia", "нвидиа"),
    ("octavia", "октавия"),
    ("oneplus", "ванплас"),
    ("opel", "опель"),
    ("oppo", "оппо"),
    ("peugeot", "пежо"),
    ("philips", "филипс"),
    ("pixel", "пиксель"),
    ("playstation", "плейстейшен плейстейшн"),
    ("plus", "плюс"),
    ("poco", "поко"),
    ("polo", "поло"),
    ("porsche", "порше порш"),
    ("pro", "про"),
    ("puma", "пума"),
    ("qashqai", "кашкай"),
    ("rav", "рав"),
    ("realme", "реалми рилми"),
    ("redmi", "редми"),
    ("reebok", "рибок"),
    ("renault", "рено"),
    ("rexton", "рекстон"),
    ("rio", "рио"),
    ("ryzen", "райзен"),
    ("salomon", "саломон"),
    ("samsung", "самсунг"),
    ("sandero", "сандеро"),
    ("seat", "сеат"),
    ("shimano", "шимано"),
    ("siemens", "сименс"),
    ("skoda", "шкода"),
    ("solaris", "солярис"),
    ("sony", "сони"),
    ("sport", "спорт"),
    ("stels", "стелс"),
    ("stihl", "штиль"),
    ("subaru", "субару"),
    ("suzuki", "сузуки"),
    ("switch", "свитч свич"),
    ("tecno", "техно текно"),
    ("tesla", "тесла"),
    ("tiguan", "тигуан"),
    ("toyota", "тойота"),
    ("trade", "трейд"),
    ("trek", "трек"),
    ("tucson", "туссан туксон"),
    ("type", "тайп"),
    ("ultra", "ультра"),
    ("usb", "юсб усб"),
    ("vans", "ванс"),
    ("vesta", "веста"),
    ("volkswagen", "фольксваген"),
    ("volvo", "вольво"),
    ("watch", "вотч"),
    ("whatsapp", "ватсап вацап вотсап"),
    ("wifi", "вайфай"),
    ("windows", "винда виндовс"),
    ("xbox", "иксбокс хбокс"),
    ("xiaomi", "ксяоми сяоми ксиаоми шаоми"),
    ("yamaha", "ямаха"),
    ("yandex", "яндекс"),
    ("zara", "зара"),
    ("zoom", "зум"),
];

/// How Latin letters are read in Russian, longest first.
const SOUNDS: &[(&str, &str)] = &[
    ("shch", "щ"),
    ("sch", "ш"),
    ("tch", "ч"),
    ("ch", "ч"),
    ("sh", "ш"),
    ("zh", "ж"),
    ("kh", "х"),
    ("ph", "ф"),
    ("th", "т"),
    ("ts", "ц"),
    ("ck", "к"),
    ("qu", "кв"),
    ("oo", "у"),
    ("ee", "и"),
    ("ya", "я"),
    ("yu", "ю"),
    ("yo", "е"),
    ("a", "а"),
    ("b", "б"),
    ("c", "к"),
    ("d", "д"),
    ("e", "е"),
    ("f", "ф"),
    ("g", "г"),
    ("h", "х"),
    ("i", "и"),
    ("j", "дж"),
    ("k", "к"),
    ("l", "л"),
    ("m", "м"),
    ("n", "н"),
    ("o", "о"),
    ("p", "п"),
    ("q", "к"),
    ("r", "р"),
    ("s", "с"),
    ("t", "т"),
    ("u", "у"),
    ("v", "в"),
    ("w", "в"),
    ("x", "кс"),
    ("y", "и"),
    ("z", "з"),
];

/// The ways a Russian writes this Latin word, the usual one first. Words of other alphabets give nothing.
pub(crate) fn in_cyrillic(word: &str) -> Vec<String> {
    if word.is_empty() || !word.chars().all(is_latin) {
        return Vec::new();
    }
    if let Ok(found) = BRANDS.binary_search_by(|(latin, _)| (*latin).cmp(word)) {
        return BRANDS[found].1.split(' ').map(str::to_owned).collect();
    }
    vec![by_sound(word)]
}

fn by_sound(word: &str) -> String {
    let mut out = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let sound = SOUNDS.iter().find(|(latin, _)| rest.starts_with(latin));
        let (length, russian) =
            sound.map_or((first.len_utf8(), ""), |(latin, russian)| (latin.len(), *russian));
        out.push_str(russian);
        rest = &rest[length..];
    }
    out
}

/// A code of letters and digits in Latin letters: as it looks («С4» is C4) and as it sounds («д2с» is D2S).
pub(crate) fn code_variants(code: &str) -> Vec<String> {
    let looks: String =
        code.chars().map(|letter| to_latin(letter).or(sound_of(letter)).unwrap_or(letter)).collect();
    let sounds: String =
        code.chars().map(|letter| sound_of(letter).or(to_latin(letter)).unwrap_or(letter)).collect();
    let mut out = vec![looks];
    if !out.contains(&sounds) {
        out.push(sounds);
    }
    out
}

fn sound_of(letter: char) -> Option<char> {
    const LETTERS: &[(char, char)] = &[
        ('а', 'a'),
        ('б', 'b'),
        ('в', 'v'),
        ('г', 'g'),
        ('д', 'd'),
        ('е', 'e'),
        ('з', 'z'),
        ('и', 'i'),
        ('й', 'y'),
        ('к', 'k'),
        ('л', 'l'),
        ('м', 'm'),
        ('н', 'n'),
        ('о', 'o'),
        ('п', 'p'),
        ('р', 'r'),
        ('с', 's'),
        ('т', 't'),
        ('у', 'u'),
        ('ф', 'f'),
        ('х', 'x'),
    ];
    LETTERS.iter().find(|(cyrillic, _)| *cyrillic == letter).map(|(_, latin)| *latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_brands_is_sorted_so_that_it_can_be_searched() {
        assert!(BRANDS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_name_is_read_in_russian_by_the_list_or_by_its_letters() {
        assert_eq!(in_cyrillic("iphone")[0], "айфон");
        assert!(in_cyrillic("xiaomi").contains(&"сяоми".to_owned()));
        assert_eq!(in_cyrillic("garmin"), ["гармин"]);
        assert_eq!(in_cyrillic("kalashnikov"), ["калашников"]);
        assert!(in_cyrillic("стол").is_empty());
    }

    #[test]
    fn codes_in_russian_letters_are_read_by_look_and_by_sound() {
        assert!(code_variants("д2с").contains(&"d2s".to_owned()));
        assert!(code_variants("с4").contains(&"c4".to_owned()));
        assert_eq!(code_variants("a54"), ["a54"]);
        assert_eq!(code_variants("а54")[0], "a54");
    }
}
