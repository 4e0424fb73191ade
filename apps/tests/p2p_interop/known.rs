//! Bugs of the old programs that make a row fail whatever the others do.
use crate::report::Column;

/// One such bug, under its number in the measured wire format.
#[derive(Debug)]
pub struct Known {
    pub number: &'static str,
    pub text: &'static str,
    /// Whether it strikes in some runs only: the row is shown as broken all the same.
    pub by_chance: bool,
    /// Part of the table's title, the columns, and the row that it breaks.
    places: &'static [(&'static str, &'static [Column], &'static str)],
}

/// The bug that explains a failure at this place.
pub fn find(table: &str, column: Column, row: &str) -> Option<&'static Known> {
    let hits = |k: &&Known| k.places.iter().any(|(t, c, r)| table.contains(t) && c.contains(&column) && *r == row);
    BUGS.iter().find(hits)
}

use Column::{All, Js2pJs2p, Js2pOurs, OursJs2p, OursPy2p, Py2pOurs, Py2pPy2p};

const JS2P: &[Column] = &[OursJs2p, Js2pOurs, All, Js2pJs2p];

const PY2P: &[Column] = &[OursPy2p, Py2pOurs, All, Py2pPy2p];

const BUGS: &[Known] = &[
    Known {
        number: "0.4",
        text: "with compression on, the loss of any link makes py2p lose the next ones, until none is left.",
        by_chance: true,
        places: &[("Compression", &[OursPy2p, Py2pPy2p], crate::compression::LOSS)],
    },
    Known {
        number: "0.5",
        text: "py2p loses a link when exactly the four bytes of a length are left in its buffer: on a busy machine now and \
               then when much is said at once.",
        by_chance: true,
        places: &[
            ("Mesh, plaintext", &[Py2pPy2p], crate::mesh::PACED),
            ("Mesh, plaintext", &[Py2pPy2p], crate::mesh::LARGE),
            ("Mesh, plaintext", &[Py2pPy2p], crate::mesh::EXCHANGE),
            ("Mesh, plaintext", &[Py2pPy2p], crate::mesh::REACH),
            ("Mesh, plaintext", &[Py2pPy2p], crate::mesh::LOSS),
            ("Twelve", &[Py2pPy2p], crate::crowd::REACH),
            ("Twelve", &[Py2pPy2p], crate::crowd::PACED),
            ("Twelve", &[Py2pPy2p], crate::crowd::AFTER),
        ],
    },
    Known {
        number: "0.9",
        text: "js2p throws when a key of a synchronised table is deleted, by itself or elsewhere, and drops the link.",
        by_chance: false,
        places: &[("Sync", JS2P, crate::sync::DELETE)],
    },
    Known {
        number: "3.7 (py2p)",
        text: "py2p throws when it is to reply to a node that it has no link to.",
        by_chance: false,
        places: &[("A line of three", &[Py2pOurs, All, Py2pPy2p], crate::line::REPLY)],
    },
    Known {
        number: "3.7 (js2p)",
        text: "js2p asks where such a node is, but throws when it is told.",
        by_chance: false,
        places: &[("A line of three", &[Js2pOurs, Js2pJs2p], crate::line::REPLY)],
    },
    Known {
        number: "4 (js2p)",
        text: "js2p throws and drops the link when a list of peers names two or more nodes that it does not know: while it \
               dials the first, its table holds a link without an address. Larger networks of it lose links and messages.",
        by_chance: true,
        places: &[
            ("Twelve", &[OursJs2p, Js2pJs2p], crate::crowd::REACH),
            ("Twelve", &[OursJs2p, Js2pJs2p], crate::crowd::PACED),
            ("Twelve", &[OursJs2p, Js2pJs2p], crate::crowd::AFTER),
        ],
    },
    Known {
        number: "4 (py2p, TLS)",
        text: "py2p reads and writes one TLS connection from two threads at once, which now and then garbles a record: the \
               link is lost. The more it says of itself the more often, as in a hash table.",
        by_chance: true,
        places: &[
            ("Mesh, TLS", &[Py2pPy2p], crate::mesh::LOSS),
            ("Chord, TLS", PY2P, crate::chord::SET2),
            ("Chord, TLS", PY2P, crate::chord::DELTA),
            ("Chord, TLS", PY2P, crate::chord::DELETE),
            ("Chord, TLS", PY2P, crate::chord::SET3),
            ("Chord, TLS", PY2P, crate::chord::SET4),
            ("Chord, TLS", PY2P, crate::chord::LEAVE),
        ],
    },
];
