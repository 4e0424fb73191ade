//! Trees from stanzas, beside other parsers.
fn main() {
    divan::main();
}
