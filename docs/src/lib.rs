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
//! - [`words`], [`gaps`]: comparisons with the text of the specification, where it is at hand.
#![forbid(unsafe_code)]

pub mod check;
pub mod coverage;
pub mod digest;
pub mod gaps;
pub mod id;
pub mod mark;
mod place;
pub mod report;
pub mod site;
pub mod snapshot;
mod tree;
pub mod words;

pub use check::check;
pub use coverage::{Coverage, Entry, State};
pub use digest::{Digest, Document, Requirement, Section};
pub use id::{Id, Level};
pub use mark::{Kind, Mark};
pub use place::{Place, Problem};
pub use tree::Tree;
