//! Key words of small texts, and how a digest accounts for them.

use docs::key_words::{Table, count};
use docs::{Coverage, Level, Tree, check, density, gaps, report};

const DIGEST: &str = "\
# RFC 9999 Example

## 1 Start
- `greet` MUST (client): Say hello.
- `nod` MUST (client, editorial): Nod as well.
- also MUST 1, MAY 2: asked again; two examples.
";

const TEXT: &str = "\
1. Start

   You MUST greet.  You MUST greet.  You MAY go, or MAY
   stay.

2. Mail

   You MUST write.

2.1. Ink

   It SHOULD be blue.
";

fn coverage(digest: &str) -> Coverage {
    Coverage::of(&Tree::from([("room/SPEC.md", digest)]))
}

fn table(text: &str) -> Table {
    let mut table = Table::default();
    table.count("rfc9999", text);
    table
}

/// The differences between the digest and the text.
fn differences(digest: &str, text: &str) -> Vec<String> {
    gaps::of(&coverage(digest), "rfc9999", &table(text)).iter().map(ToString::to_string).collect()
}

fn levels(text: &str) -> [usize; 5] {
    Level::ALL.map(|level| count(text).of(level))
}

#[test]
fn every_key_word_has_its_level() {
    assert_eq!(levels("MUST SHALL REQUIRED"), [3, 0, 0, 0, 0]);
    assert_eq!(levels("MUST NOT, SHALL NOT. MUST not"), [0, 3, 0, 0, 0]);
    assert_eq!(levels("SHOULD; it is RECOMMENDED"), [0, 0, 2, 0, 0]);
    assert_eq!(levels("SHOULD NOT NOT RECOMMENDED"), [0, 0, 0, 2, 0]);
    assert_eq!(levels("(MAY) OPTIONAL"), [0, 0, 0, 0, 2]);
}

#[test]
fn what_only_looks_like_a_key_word_does_not_count() {
    assert_eq!(levels("must Should may MUSTARD MAY_BE X-MUST-Y may not"), [0; 5]);
    assert_eq!(levels("The words \"MUST\", \"SHALL\n   NOT,\" and 'MAY'."), [0; 5]);
    assert_eq!(levels("\"It MUST be\" and \"MUST be\""), [2, 0, 0, 0, 0]);
}

#[test]
fn the_paragraph_on_key_words_does_not_count() {
    let terminology = "The key words MUST, SHOULD\n   and MAY are to be interpreted as described in RFC 2119.\n\n";
    assert_eq!(levels(terminology), [0; 5]);
    assert_eq!(levels(&format!("{terminology}   It MUST count.")), [1, 0, 0, 0, 0]);
    assert_eq!(levels("An empty field MUST be interpreted as zero."), [1, 0, 0, 0, 0]);
}

#[test]
fn key_words_may_be_broken_by_lines_and_pages() {
    assert_eq!(levels("It MUST\n   NOT be."), [0, 1, 0, 0, 0]);
    let text = "1. Start\n\n   It MUST\n\nAuthor    Standards Track    [Page 1]\n\u{c}\nRFC 9999      Example     May 2001\n\n   NOT be.\n";
    assert_eq!(table(text).sections("rfc9999").map(|(_, counts)| counts.of(Level::MustNot)).sum::<usize>(), 1);
}

#[test]
fn a_table_of_contents_has_no_key_words() {
    let text = "1. MUST be read ... 1\n2. Rest ... 2\n\n1. MUST be read\n\n   You MUST.\n\n2. Rest\n\n   Enjoy.\n";
    let table = table(text);
    let sections: Vec<_> = table.sections("rfc9999").map(|(section, counts)| (section, counts.total())).collect();
    assert_eq!(sections, [("1", 1)]);
}

#[test]
fn a_gap_is_a_section_in_scope_that_asks_more_often_than_its_digest() {
    assert_eq!(
        differences(DIGEST, TEXT),
        ["rfc9999#2: 1 MUST, 0 lines, 0 also", "rfc9999#2.1: 1 SHOULD, 0 lines, 0 also"]
    );
    assert!(differences(&format!("{DIGEST}\n## 2 Mail\nout of scope: no pen\n"), TEXT).is_empty());
    let own = format!("{DIGEST}\n## 2 Mail\nout of scope: no pen\n\n## 2.1 Ink\n- `blue` MAY (both): Or red.\n");
    assert_eq!(
        differences(&own, TEXT),
        ["rfc9999#2.1: 1 SHOULD, 0 lines, 0 also", "rfc9999#2.1: 0 MAY, 1 lines, 0 also"],
        "a section with lines is in scope, whatever stands above it"
    );
}

#[test]
fn a_line_of_our_own_level_accounts_for_nothing() {
    let only = DIGEST.replace("- also MUST 1, MAY 2: asked again; two examples.\n", "- also MAY 2: examples.\n");
    assert_eq!(differences(&only, TEXT)[0], "rfc9999#1: 2 MUST, 1 lines, 0 also");
}

#[test]
fn a_gap_fails_unless_the_document_is_partial() {
    let coverage = coverage(DIGEST);
    let found = |text: &str, partial: &[(&str, &str)]| gaps::check(&coverage, &table(text), partial).len();
    let complete = TEXT.split("2. Mail").next().unwrap();
    assert_eq!(found(TEXT, &[]), 2);
    assert_eq!(found(TEXT, &[("rfc9999", "not yet")]), 0);
    assert_eq!(found(complete, &[]), 0);
    assert_eq!(found(complete, &[("rfc9999", "not yet")]), 1, "the list has to shrink");
}

#[test]
fn more_lines_than_key_words_are_a_surplus_but_no_failure() {
    let more = format!("{DIGEST}- `wave` MAY (both): Wave.\n");
    let complete = TEXT.split("2. Mail").next().unwrap();
    assert_eq!(differences(&more, complete), ["rfc9999#1: 2 MAY, 1 lines, 2 also"]);
    assert!(gaps::check(&coverage(&more), &table(complete), &[]).is_empty());
    let too_many = DIGEST.replace("MAY 2", "MAY 3");
    assert_eq!(gaps::check(&coverage(&too_many), &table(complete), &[]).len(), 1, "also counts more than there is");
}

#[test]
fn also_lines_are_no_requirements() {
    let problems: Vec<_> = check(&coverage(DIGEST)).iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "one for each requirement: {problems:?}");
}

#[test]
fn committed_counts_that_are_not_current_fail() {
    let table = table(TEXT);
    let current = table.print();
    assert_eq!(current.lines().nth(1), Some("rfc9999\t1\t2\t0\t0\t0\t2"));
    assert_eq!(Table::parse(&current), table);
    assert!(table.check(&current).is_none());
    let stale = table.check(&current.replace("\t2\t0", "\t1\t0")).unwrap().to_string();
    assert_eq!(stale, "docs/key-words.tsv:2: not current; run `cargo run -p docs -- key-words --write`");
}

#[test]
fn the_density_counts_tests_but_not_comments() {
    let source = "//= rfc9999#1/greet MUST\n//# Waves.\nfn wave() {}\n\n/// A note.\nfn rest() {}\n";
    let tree = Tree::from([("room/SPEC.md", DIGEST), ("room/src/lib.rs", source), ("room/tests/all.rs", source)]);
    let room = density::of(&tree)["room"];
    assert_eq!((room.lines, room.marks, room.density()), (4, 2, 500));
}

#[test]
fn the_report_tells_words_gaps_and_what_was_not_counted() {
    let coverage = coverage(DIGEST);
    let printed = report::print(&coverage, &table(TEXT));
    let row: Vec<&str> = printed.lines().find(|line| line.starts_with("rfc9999")).unwrap().split_whitespace().collect();
    assert_eq!(row[row.len() - 3..], ["6", "3", "2"], "words in scope, also, gaps: {printed}");
    assert!(!printed.contains("not counted"));
    assert!(
        report::print(&coverage, &Table::default())
            .contains("not counted, for want of a text with numbered sections: rfc9999")
    );
}
