//! Text is kept as written and found by its words, and by nothing else: the first line is the text, the rest what is searched for.
#![no_main]

use inbox::fuzzing::Shop;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static SHOP: Shop = Shop::new().expect("a database in memory");
}

fuzz_target!(|data: &str| {
    let (text, query) = data.split_once('\n').unwrap_or((data, ""));
    SHOP.with(|shop| shop.try_text(text, query).expect("the database takes any text"));
});
