//! Each way in which annotations can fail, on a tree of one room.

use docs::words::Texts;
use docs::{Coverage, State, Tree, check, snapshot, words};

const DIGEST: &str = "\
# RFC 9999 Example
source: https://example.org/rfc9999

## 1 Start
- `greet` MUST (client): Say hello first.
- `shout` MUST NOT (both): Never shout.
- `smile` SHOULD (both): Be kind.
- `dance` MAY (server): Move about.
";

const GOOD: &str = "\
//= rfc9999#1/greet MUST
//# The first thing that it says.
fn hello() {}

//= rfc9999#1/shout MUST NOT skip
//# There is no voice yet.

//= rfc9999#1/smile SHOULD
//# Drawn by hand,
//# with care.
fn face() {}

/// Says hello.
///
/// ```
/// # //= rfc9999#1/smile test
/// assert!(true);
/// ```
fn doc() {}

    //= rfc9999#1/greet test
    #[test]
    #[should_panic]
    fn greets() {}
";

/// The failures of a room with this digest and this source.
fn problems(digest: &str, source: &str) -> Vec<String> {
    let tree = Tree::from([("room/SPEC.md", digest), ("room/src/lib.rs", source)]);
    check(&Coverage::of(&tree)).iter().map(ToString::to_string).collect()
}

/// The failures of the good room with `from` replaced in its source.
fn broken(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "nothing to replace");
    problems(DIGEST, &GOOD.replace(from, to))
}

#[test]
fn a_good_room_passes() {
    assert_eq!(problems(DIGEST, GOOD), Vec::<String>::new());
}

#[test]
fn every_state_is_told_apart() {
    let tree = Tree::from([("room/SPEC.md", DIGEST), ("room/src/lib.rs", GOOD)]);
    let coverage = Coverage::of(&tree);
    assert_eq!(coverage.state("rfc9999#1/greet"), Some(State::Tested));
    assert_eq!(coverage.state("rfc9999#1/shout"), Some(State::Skipped));
    assert_eq!(coverage.state("rfc9999#1/smile"), Some(State::Tested));
    assert_eq!(coverage.state("rfc9999#1/dance"), Some(State::Open));
    assert_eq!(coverage.state("rfc9999#1/sleep"), None);
}

#[test]
fn an_unknown_id_fails() {
    let found = broken("#1/shout MUST NOT skip", "#1/whisper MUST NOT skip");
    assert!(found.contains(&"room/src/lib.rs:5: no digest has rfc9999#1/whisper".to_string()), "{found:?}");
}

#[test]
fn another_level_fails() {
    let found = broken("#1/smile SHOULD", "#1/smile MUST");
    assert_eq!(found, ["room/src/lib.rs:8: rfc9999#1/smile is SHOULD in its digest, not MUST"]);
}

#[test]
fn a_level_that_is_none_fails() {
    let found = broken("#1/smile SHOULD", "#1/smile MUSTARD");
    assert!(found.iter().any(|line| line.contains("lib.rs:8: after the id comes")), "{found:?}");
}

#[test]
fn a_missing_second_line_fails() {
    let found = broken("//# There is no voice yet.\n", "");
    assert!(found.iter().any(|line| line.contains("lib.rs:5: the second line of the mark")), "{found:?}");
}

#[test]
fn a_second_line_alone_fails() {
    let found = broken("fn face() {}", "\n//# Lost.\nfn face() {}");
    assert_eq!(found, ["room/src/lib.rs:12: a `//#` line without `//=` above it"]);
}

#[test]
fn a_second_line_too_long_fails() {
    assert_eq!(broken("There is no voice yet.", &"x".repeat(240)), Vec::<String>::new());
    let found = broken("There is no voice yet.", &"x".repeat(241));
    assert!(found.iter().any(|line| line.contains("longer than 240")), "{found:?}");
}

#[test]
fn a_test_mark_on_no_test_fails() {
    let found = broken("    #[test]\n", "");
    assert!(found.iter().any(|line| line.contains("lib.rs:21: the test mark rfc9999#1/greet")), "{found:?}");
}

#[test]
fn a_test_mark_in_prose_or_in_code_that_does_not_run_fails_to_count() {
    let found = broken("/// ```\n/// # //=", "/// # //=");
    assert!(found.iter().any(|line| line.contains("outside of a doctest")), "{found:?}");
    let source = GOOD.replace("/// ```\n/// #", "/// ```text\n/// #");
    let tree = Tree::from([("room/SPEC.md", DIGEST), ("room/src/lib.rs", source.as_str())]);
    assert_eq!(Coverage::of(&tree).state("rfc9999#1/smile"), Some(State::Met));
}

#[test]
fn a_must_without_test_fails() {
    let found = broken("    //= rfc9999#1/greet test\n", "");
    assert_eq!(found, ["room/SPEC.md:5: rfc9999#1/greet MUST lacks a test"]);
}

#[test]
fn a_must_without_implementation_fails_though_a_test_is_there() {
    let found = broken("//= rfc9999#1/greet MUST\n//# The first thing that it says.\n", "");
    assert_eq!(found, ["room/SPEC.md:5: rfc9999#1/greet MUST lacks an implementation and a test, or a skip"]);
}

#[test]
fn a_must_not_that_is_only_promised_fails() {
    let found = broken("MUST NOT skip", "MUST NOT todo");
    assert_eq!(found, ["room/SPEC.md:6: rfc9999#1/shout MUST NOT lacks an implementation and a test, or a skip"]);
}

#[test]
fn a_should_without_implementation_or_skip_fails() {
    let found = problems(DIGEST, &GOOD.replace("//= rfc9999#1/smile SHOULD\n//# Drawn by hand,\n//# with care.\n", ""));
    assert_eq!(found, ["room/SPEC.md:7: rfc9999#1/smile SHOULD lacks an implementation or a skip"]);
}

#[test]
fn a_should_skipped_passes() {
    assert_eq!(broken("#1/smile SHOULD", "#1/smile SHOULD skip"), Vec::<String>::new());
}

#[test]
fn an_id_given_twice_fails() {
    let twice = format!("{DIGEST}- `dance` MAY (server): Again.\n");
    assert_eq!(problems(&twice, GOOD), ["room/SPEC.md:9: rfc9999#1/dance is given twice, first at room/SPEC.md:8"]);
}

#[test]
fn a_digest_line_that_cannot_be_read_fails() {
    for (line, message) in [
        ("- `no-level` (both): Words.", "a requirement reads"),
        ("- `no-role` MAY: Words.", "a requirement reads"),
        ("- `no-words` MAY (both):", "a requirement reads"),
        ("- no slug MAY (both): Words.", "a requirement reads"),
        ("- `Bad_Slug` MAY (both): Words.", "not kebab-case"),
        ("- also MUST: Words.", "key words without"),
        ("- also MUST 0: Words.", "key words without"),
        ("- also MUST 1, 2: Words.", "key words without"),
        ("- also MUST 1:", "key words without"),
        ("- also MUST 1, MUST 2: Words.", "MUST is counted twice"),
        ("## (2) Bad", "no section number"),
    ] {
        let found = problems(&format!("{DIGEST}{line}\n"), GOOD);
        assert!(found.len() == 1 && found[0].contains(message), "{line}: {found:?}");
    }
    assert!(problems("## 1 Lost\n", "")[0].contains("before the first"));
}

#[test]
fn a_proptest_and_an_async_test_are_tests() {
    let proptest =
        "proptest! {\n    //= rfc9999#1/dance test\n    /// Moves.\n    #[test]\n    fn moves(x in 0..9) {}\n}\n";
    let tokio = "//= rfc9999#1/dance test\n#[tokio::test(flavor = \"current_thread\")]\nasync fn moves() {}\n";
    for source in [proptest, tokio] {
        assert_eq!(problems(DIGEST, &format!("{GOOD}{source}")), Vec::<String>::new());
    }
}

#[test]
fn a_snapshot_that_is_not_current_fails() {
    let tree = Tree::from([("room/SPEC.md", DIGEST), ("room/src/lib.rs", GOOD)]);
    let coverage = Coverage::of(&tree);
    let current = snapshot::print(&coverage);
    assert_eq!(current.lines().nth(1), Some("rfc9999#1/greet MUST tested"));
    assert!(snapshot::check(&coverage, &current).is_none());
    let stale = snapshot::check(&coverage, &current.replace("MUST tested", "MUST met")).unwrap().to_string();
    assert_eq!(stale, "docs/coverage.txt:2: not current; run `cargo run -p docs -- check --write`");
}

#[test]
fn eight_words_of_the_specification_fail_and_seven_pass() {
    let tree = Tree::from([("room/SPEC.md", DIGEST), ("room/src/lib.rs", GOOD)]);
    let coverage = Coverage::of(&tree);
    let text = "\n   One two, THREE\n\nAuthor    [Page 1]\n\u{c}\nRFC 9999      Example     May 2001\n\n   four five six seven.";
    let mut texts = Texts::default();
    texts.add("rfc9999", text);
    assert!(words::check(&coverage, &texts).is_empty());
    assert!(texts.find("one two three four five six seven eight").is_none());

    texts.add("rfc9999", "The first thing that it says. Drawn by hand with care, a voice.");
    assert!(words::check(&coverage, &texts).is_empty(), "two marks do not add up to eight words");
    texts.add("rfc9999", &format!("{text} eight"));
    assert!(texts.find("One two three four five six seven eight").is_some());

    let digest = DIGEST.replace("Say hello first.", "One two three; four five six seven eight!");
    let source = GOOD.replace("There is no voice yet.", "Really one two three four five six seven eight.");
    let tree = Tree::from([("room/SPEC.md", digest.as_str()), ("room/src/lib.rs", source.as_str())]);
    let found: Vec<_> = words::check(&Coverage::of(&tree), &texts).iter().map(|problem| problem.place.line).collect();
    assert_eq!(found, [5, 5]);
}

#[test]
fn eight_words_of_the_specification_fail_in_comments_too() {
    let mut texts = Texts::default();
    texts.add("rfc9999", "One two three four five six seven eight.");
    let found = |path: &str, text: &str| {
        let problems = words::check_prose(&Tree::from([(path, text)]), &texts);
        problems.iter().map(|problem| problem.place.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        found("room/src/lib.rs", "fn f() {\n    // One two three four\n    // five six seven eight\n}\n"),
        ["room/src/lib.rs:2"]
    );
    assert_eq!(found("room/README.md", "# Room\n\nOne two three four five six seven eight\n"), ["room/README.md:3"]);
    assert!(found("room/src/lib.rs", "//! One two three four\n\n// five six seven eight\n").is_empty());
    assert!(found("room/src/lib.rs", "let text = \"One two three four five six seven eight\";\n").is_empty());
}
