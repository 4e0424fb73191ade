//! Spec annotations: which code meets which requirement, and which test proves it.
//!
//! Every protocol room has a *digest* `SPEC.md`, one line a requirement in our own words, and *marks* at its code and
//! tests that cite the requirements by id (`rfc8489#5/cookie`). This crate reads both, joins them into a
//! [`Coverage`], and checks that they agree.
//!
//! ```
//! use docs::{Coverage, State, Tree, check};
//!
//! let tree = Tree::from([
//!     ("room/SPEC.md", "# RFC 9999 Example\nsource: none\n\n## 1 Start\n- `greet` SHOULD (client): Say hello.\n"),
//!     ("room/src/lib.rs", "//= rfc9999#1/greet SHOULD\n//# The first thing that it says.\nfn hello() {}\n"),
//! ]);
//! let coverage = Coverage::of(&tree);
//! assert_eq!(coverage.state("rfc9999#1/greet"), Some(State::Met));
//! assert!(check(&coverage).is_empty());
//! ```
//!
//! - [`Tree`]: the files, from disk or from memory.
//! - [`digest`]: `SPEC.md` to [`Document`]s; [`mark`]: Rust sources to [`Mark`]s.
//! - [`Coverage`]: requirements joined with their marks; [`check()`]: every way in which they can disagree.
//! - [`snapshot`], [`report`]: the committed coverage file, the table a document.
//! - [`site`]: coverage, annotated source and guide as HTML.
//! - [`key_words`]: how often each section of a document asks, also committed; [`gaps`]: sections that ask more often than
//!   their digest says.
//! - [`machines`]: the state machines of the rooms as tables and pictures.
//! - [`density`]: marks by lines of code.
//! - [`words`]: comparison with the text of the specification, where it is at hand.
//! - [`ladder`]: ladder diagrams of packet captures.
#![forbid(unsafe_code)]

pub mod check;
pub mod coverage;
pub mod density;
pub mod digest;
pub mod gaps;
pub mod id;
pub mod key_words;
pub mod ladder;
pub mod machines;
pub mod mark;
mod place;
pub mod report;
pub mod site;
pub mod snapshot;
mod tree;
pub mod words;

pub use check::check;
pub use coverage::{Coverage, Entry, State};
pub use digest::{Also, Digest, Document, Requirement, Section};
pub use id::{Id, Level};
pub use mark::{Kind, Mark};
pub use place::{Place, Problem};
pub use tree::Tree;
