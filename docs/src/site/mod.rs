//! The site: coverage, annotated source, guide and search, as plain HTML files that need no network.
//!
//! | page | what it shows |
//! |---|---|
//! | `index.html` | the README of the repository and the coverage of every document |
//! | `spec/rfc3261.html` | the requirements of a document, each with its code and tests |
//! | `src/rfc3261/src/lib.rs.html` | a source: requirement cards beside the lines that they govern |
//! | `guide/rfc3261.html` | the README of a room |
//! | `search.js` | the index that the search box looks through |

mod guide;
mod highlight;
mod markdown;
mod page;
mod search;
mod source;
mod spec;

use std::collections::BTreeMap;

use crate::{Coverage, Tree};

/// Sections of a specification's text by number, for the documents whose text is at hand.
pub type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// What the pages are made from.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The files of the repository.
    pub tree: &'a Tree,
    /// Their requirements and marks.
    pub coverage: &'a Coverage,
    /// Texts to show beside the requirements; empty without `SPEC_TEXT_DIR`.
    pub sections: &'a Sections,
}

impl Site<'_> {
    /// All files of the site: path below its root, and content.
    ///
    /// ```
    /// use docs::{Coverage, Tree, site::Site};
    /// let tree = Tree::from([("stun/SPEC.md", "# RFC 8489 STUN\n## 5 Structure\n- `cookie` MUST (both): Set it.\n")]);
    /// let site = Site { tree: &tree, coverage: &Coverage::of(&tree), sections: &Default::default() };
    /// let files = site.files();
    /// assert!(files["spec/rfc8489.html"].contains("rfc8489#5/cookie"));
    /// ```
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        files.insert("style.css".into(), include_str!("style.css").into());
        files.insert("site.js".into(), include_str!("site.js").into());
        files.insert("search.js".into(), search::index(self));
        files.insert("index.html".into(), guide::index(self));
        files.insert("coverage.html".into(), spec::coverage(self));
        for (path, html) in guide::rooms(self).into_iter().chain(spec::documents(self)).chain(source::files(self)) {
            files.insert(path, html);
        }
        files
    }
}
