//! Which sockets are one column: those of one address, or, where everyone has the same, those of one program.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::dissect::{Owners, Seen};
use super::{Arrow, Ladder, Names};

/// Gives every socket its column.
pub(super) fn assign(seen: Vec<Seen>, owners: &Owners, names: &Names, limit: usize) -> Ladder {
    // Programs on one machine have one address; then only the port tells them apart.
    let by_address = seen.iter().all(|seen| seen.from.ip() != seen.to.ip());
    let mut columns = Columns {
        owners,
        names,
        by_address,
        limit,
        is_full: false,
        labels: Vec::new(),
        known: BTreeMap::new(),
        sockets: BTreeMap::new(),
    };
    let arrows = seen.into_iter().map(|seen| {
        let (from, to) = (columns.of(seen.from), columns.of(seen.to));
        let Seen { at, protocol, label, run, detail, .. } = seen;
        Arrow { at, from, to, protocol, label, run, detail }
    });
    let mut arrows: Vec<Arrow> = arrows.collect();
    let labels = in_order(columns.labels, names, &mut arrows);
    let notes = if columns.is_full {
        vec![format!("more than {limit} talk: the last column stands for several")]
    } else {
        vec![]
    };
    Ladder { columns: labels, arrows, notes }
}

/// Columns as their names are ordered; those without a name behind, as they were met.
fn in_order(labels: Vec<String>, names: &Names, arrows: &mut [Arrow]) -> Vec<String> {
    let mut ranked: Vec<(usize, String)> = labels.into_iter().enumerate().collect();
    ranked.sort_by_key(|(_, label)| names.rank(label).unwrap_or(usize::MAX));
    let mut place = vec![0; ranked.len()];
    for (now, (before, _)) in ranked.iter().enumerate() {
        place[*before] = now;
    }
    for arrow in arrows {
        (arrow.from, arrow.to) = (place[arrow.from], place[arrow.to]);
    }
    ranked.into_iter().map(|(_, label)| label).collect()
}

struct Columns<'a> {
    owners: &'a Owners,
    names: &'a Names,
    by_address: bool,
    limit: usize,
    is_full: bool,
    labels: Vec<String>,
    /// Columns of sockets met before.
    known: BTreeMap<SocketAddr, usize>,
    /// How many sockets of an address were met.
    sockets: BTreeMap<IpAddr, usize>,
}

impl Columns<'_> {
    fn of(&mut self, socket: SocketAddr) -> usize {
        if let Some(column) = self.known.get(&socket) {
            return *column;
        }
        let label = self.label(socket);
        let column = match self.labels.iter().position(|known| *known == label) {
            Some(column) => column,
            None if self.labels.len() < self.limit.max(1) => {
                self.labels.push(label);
                self.labels.len() - 1
            }
            None => {
                self.is_full = true;
                self.labels.len() - 1
            }
        };
        self.known.insert(socket, column);
        column
    }

    fn label(&mut self, socket: SocketAddr) -> String {
        // Where media go belongs to whoever announced it.
        let owner = self.owners.get(&socket).copied().filter(|owner| *owner != socket);
        if let Some(owner) = owner
            && (!self.by_address || owner.ip() == socket.ip())
        {
            let column = self.of(owner);
            return self.labels[column].clone();
        }
        let nth = self.sockets.entry(socket.ip()).or_default();
        *nth += 1;
        match self.names.of(socket, *nth) {
            Some(name) => name.to_owned(),
            None if self.by_address => socket.ip().to_string(),
            None => socket.to_string(),
        }
    }
}
