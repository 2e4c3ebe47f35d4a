//! No body of an answer does harm, whichever call it answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| avito::fuzzing::read_every_answer(body));
