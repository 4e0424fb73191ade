//! The site: coverage, annotated source, guide and search, as plain HTML files that need no network.
//!
//! | page | what it shows |
//! |---|---|
//! | `index.html` | the README of the repository |
//! | `coverage.html` | a row a document: what it asks, and how much of it is met |
//! | `spec/rfc3261.html` | the requirements of a document, each with its code and tests |
//! | `rooms/index.html`, `rooms/rfc3261.html` | all rooms; a room: its README, documents and sources |
//! | `src/rfc3261/src/lib.rs.html` | a source: requirement cards beside the lines that they govern |
//! | `guide/index.html`, `guide/dialer.html` | the pages of `docs/guide` |
//! | `search.js` | the index that the search box looks through |
//!
//! Pages that others make, such as ladders of captures, are framed like these: [`Extra`].

mod api;
mod card;
mod coverage;
mod guide;
mod highlight;
mod items;
mod markdown;
mod meter;
mod page;
mod plain;
mod plan;
mod rooms;
mod rows;
mod search;
mod source;
mod spec;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::{Coverage, Tree};
pub use api::read as read_api;
pub(crate) use page::escape;
use plan::Plan;
pub use write::write;

/// Sections of a specification's text by number, for the documents whose text is at hand.
pub type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// What the pages are made from. Start from [`Site::new`] and set what there is more.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The files of the repository.
    pub tree: &'a Tree,
    /// Their requirements and marks.
    pub coverage: &'a Coverage,
    /// Texts to show beside the requirements; empty without `SPEC_TEXT_DIR`.
    pub sections: &'a Sections,
    /// Pages that others make.
    pub extra: &'a [Extra],
    /// Paths below `api/` that rustdoc has written, to link to.
    pub api: &'a BTreeSet<String>,
}

/// A page whose inside is made elsewhere; the site puts its frame around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// Where it stands below the root of the site: `ladders/call.html`. One called `index.html` is named in the head of
    /// every page.
    pub path: String,
    /// Its title, as text.
    pub title: String,
    /// The HTML inside of `<main>`, with a `<h1>` of its own.
    pub body: String,
}

impl<'a> Site<'a> {
    /// The site of a tree, without texts of specifications and pages made elsewhere.
    pub fn new(tree: &'a Tree, coverage: &'a Coverage) -> Site<'a> {
        static NO_SECTIONS: Sections = Sections::new();
        static NO_API: BTreeSet<String> = BTreeSet::new();
        Site { tree, coverage, sections: &NO_SECTIONS, extra: &[], api: &NO_API }
    }

    /// All files of the site: path below its root, and content.
    ///
    /// ```
    /// use docs::{Coverage, Tree, site::Site};
    /// let tree = Tree::from([("stun/SPEC.md", "# RFC 8489 STUN\n## 5 Structure\n- `cookie` MUST (both): Set it.\n")]);
    /// let files = Site::new(&tree, &Coverage::of(&tree)).files();
    /// assert!(String::from_utf8_lossy(&files["spec/rfc8489.html"]).contains("id=\"5/cookie\""));
    /// ```
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let plan = Plan::of(*self);
        let mut texts = vec![
            ("style.css".to_string(), include_str!("style.css").to_string()),
            ("site.js".into(), include_str!("site.js").into()),
            ("find.js".into(), include_str!("find.js").into()),
            ("search.js".into(), search::index(&plan)),
            coverage::page(&plan),
        ];
        texts.extend(guide::pages(&plan));
        texts.extend(rooms::pages(&plan));
        texts.extend(spec::documents(&plan));
        texts.extend(source::files(&plan));
        texts.extend(
            self.extra.iter().map(|extra| (extra.path.clone(), plan.page(&extra.path, &extra.title, &extra.body))),
        );
        let mut files: BTreeMap<String, Vec<u8>> =
            texts.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        files.extend(self.tree.pictures().map(|(path, bytes)| (plan::picture_path(path), bytes.to_vec())));
        files
    }
}
