//! The table alone: who may write, and what happens to what was written.
use serializer::{Id, Value};
use sync::{Change, Error, LEASE, Limits, Table, Write};

const NOW: u64 = 1_700_000_000;

fn id(text: &str) -> Id {
    Id::new(text.to_owned()).unwrap()
}

fn leased() -> Table {
    Table::new(true, Limits::default())
}

fn free() -> Table {
    Table::new(false, Limits::default())
}

fn set(table: &mut Table, owner: &str, time: u64, value: impl Into<Value>) -> Result<Change, Error> {
    table.write(Write::set("k", value, id(owner), time), time)
}

fn delta(table: &mut Table, owner: &str, time: u64, field: &str, value: i64) -> Result<Change, Error> {
    table.write(Write::delta("k", vec![(field.to_owned().into(), value.into())], id(owner), time), time)
}

fn map(fields: &[(&str, i64)]) -> Value {
    Value::Map(fields.iter().map(|&(name, value)| (name.to_owned().into(), value.into())).collect())
}

//= p2p#3.9/accept test
//= p2p#3.9/lapse test
#[test]
fn a_lease_keeps_others_out_until_it_lapses() {
    let mut table = leased();
    assert_eq!(set(&mut table, "5A", NOW, "a"), Ok(Change::Updated));
    let refused = Err(Error::Leased { owner: id("5A"), until: NOW + LEASE });
    assert_eq!(set(&mut table, "5B", NOW + 1, "b"), refused);
    assert_eq!(set(&mut table, "5B", NOW + LEASE, "b"), refused);
    assert_eq!(set(&mut table, "5B", NOW + LEASE + 1, "b"), Ok(Change::Updated));
    assert!(set(&mut table, "5A", NOW + LEASE + 2, "a").is_err(), "the old holder has no lease any more");
    assert_eq!(table.get(b"k"), Some(&"b".into()));
}

#[test]
fn the_owners_next_write_renews_the_lease() {
    let mut table = leased();
    set(&mut table, "5A", NOW, "a").unwrap();
    set(&mut table, "5A", NOW + 3000, "a2").unwrap();
    assert!(set(&mut table, "5B", NOW + LEASE + 1, "b").is_err());
}

//= p2p#3.9/tie test
#[test]
fn the_smaller_id_wins_a_tie_in_either_order() {
    for mut table in [leased(), free()] {
        set(&mut table, "5B", NOW, "b").unwrap();
        assert_eq!(set(&mut table, "5A", NOW, "a"), Ok(Change::Updated));
        assert!(set(&mut table, "5B", NOW, "b").is_err());
        assert_eq!(table.get(b"k"), Some(&"a".into()));
    }
    // Under a lease as well, when the holder's last write is of this second.
    let mut table = leased();
    set(&mut table, "5B", NOW - 9, "b").unwrap();
    set(&mut table, "5B", NOW, "b2").unwrap();
    assert_eq!(set(&mut table, "5A", NOW, "a"), Ok(Change::Updated));
}

#[test]
fn without_leases_the_later_write_wins() {
    let mut table = free();
    set(&mut table, "5A", NOW, "a").unwrap();
    assert_eq!(set(&mut table, "5B", NOW + 1, "b"), Ok(Change::Updated));
    assert_eq!(set(&mut table, "5A", NOW, "late"), Err(Error::Stale));
    assert_eq!(table.get(b"k"), Some(&"b".into()));
}

#[test]
fn an_old_programs_second_write_of_a_second_counts_as_later() {
    for mut table in [leased(), free()] {
        set(&mut table, "5A", NOW, "1").unwrap();
        assert_eq!(set(&mut table, "5A", NOW, "2"), Ok(Change::Updated));
        assert_eq!(set(&mut table, "5A", NOW, "2"), Err(Error::Stale), "the very same write again");
        assert_eq!(table.get(b"k"), Some(&"2".into()));
        assert_eq!(set(&mut table, "5A", NOW - 1, "0"), Err(Error::Stale), "a late one does not");
    }
}

#[test]
fn a_delta_merges_the_fields_of_a_map() {
    let mut table = leased();
    assert_eq!(delta(&mut table, "5A", NOW, "a", 1), Ok(Change::Updated), "made when absent");
    delta(&mut table, "5A", NOW + 1, "b", 2).unwrap();
    delta(&mut table, "5A", NOW + 2, "a", 3).unwrap();
    assert!(matches!(delta(&mut table, "5B", NOW + 3, "a", 4), Err(Error::Leased { .. })));
    assert_eq!(table.get(b"k"), Some(&map(&[("a", 3), ("b", 2)])));
    set(&mut table, "5A", NOW + 4, "text").unwrap();
    assert_eq!(delta(&mut table, "5A", NOW + 5, "a", 1), Err(Error::NotMap));
}

#[test]
fn without_leases_deltas_of_all_meet_in_any_order() {
    let writes = [("5C", NOW + 1, "c"), ("5A", NOW, "a"), ("5B", NOW, "b")];
    for turn in 0..3 {
        let mut table = free();
        for at in 0..3 {
            let (owner, time, field) = writes[(turn + at) % 3];
            assert_eq!(delta(&mut table, owner, time, field, 1), Ok(Change::Updated));
        }
        assert_eq!(table.get(b"k"), Some(&map(&[("a", 1), ("b", 1), ("c", 1)])));
    }
    // What an old program sends in answer to a set of the same second is merged, even from the greater id.
    let mut table = free();
    set(&mut table, "5A", NOW, map(&[("a", 1)])).unwrap();
    assert_eq!(delta(&mut table, "5B", NOW, "b", 2), Ok(Change::Updated));
    assert_eq!(table.get(b"k"), Some(&map(&[("a", 1), ("b", 2)])));
}

#[test]
fn a_deleted_key_is_free_for_all_and_is_not_brought_back() {
    let mut table = leased();
    set(&mut table, "5A", NOW, "a").unwrap();
    assert_eq!(set(&mut table, "5A", NOW + 5, Value::Nil), Ok(Change::Deleted));
    assert_eq!((table.get(b"k"), table.len(), table.tombstones()), (None, 0, 1));
    let old = Write::set("k", "a", id("5A"), NOW);
    assert_eq!(table.transferred(old.clone(), NOW + 6), Err(Error::Stale), "by a state transfer");
    assert_eq!(table.write(old, NOW + 6), Err(Error::Stale), "by a late message");
    assert_eq!(set(&mut table, "5B", NOW + 5, "b"), Ok(Change::Updated), "but by the next write");
    assert_eq!((table.len(), table.tombstones()), (1, 0));
}

//= p2p#3.9/transfer-receive test
#[test]
fn a_transfer_fills_and_mends_but_does_not_replace() {
    let mut table = leased();
    let told = |owner: &str, time, value: &str| Write::set("k", value.to_owned(), id(owner), time);
    assert_eq!(table.transferred(told("5A", NOW, "1"), NOW), Ok(Change::Updated));
    assert_eq!(table.transferred(told("5A", NOW, "1"), NOW), Err(Error::Stale), "from the next neighbour");
    assert_eq!(table.transferred(told("5A", NOW + 9, "2"), NOW + 9), Ok(Change::Updated), "a write that was missed");
    assert_eq!(table.transferred(told("5B", NOW + 20, "3"), NOW + 20), Err(Error::Stale), "5A holds the lease");
    assert!(set(&mut table, "5B", NOW + 30, "4").is_err(), "also for live writes");
    assert_eq!(table.get(b"k"), Some(&"2".into()));
}

//= wireworks#2.2/sequence test
#[test]
fn an_own_write_outranks_what_stands_even_when_the_clock_went_back() {
    for mut table in [leased(), free()] {
        for (time, value) in [(NOW, "1"), (NOW, "2"), (NOW, "1"), (NOW - 50, "3"), (NOW - 50, "1")] {
            let entry = table.claim(&"k".into(), sync::What::Set(value.into()), &id("5A"), time).unwrap();
            assert_eq!(table.put("k".into(), entry), Ok(Change::Updated));
            assert_eq!(table.get(b"k"), Some(&value.into()));
        }
    }
}

/// Both tables after each was told what the other holds at the key.
fn met(mut one: Table, mut other: Table) -> Value {
    let now = NOW + 3 * LEASE;
    let (ours, theirs) = (one.entry(b"k").unwrap().clone(), other.entry(b"k").unwrap().clone());
    one.merge("k".into(), theirs, now).unwrap();
    other.merge("k".into(), ours, now).unwrap();
    assert_eq!(one.entry(b"k"), other.entry(b"k"));
    one.get(b"k").cloned().unwrap_or_default()
}

//= wireworks#2.1/merge test
#[test]
fn of_two_claims_on_both_sides_of_a_cut_the_one_stays_that_the_rule_would_have_kept() {
    // Under leases the earlier claim, however often the later one was renewed.
    let (mut one, mut other) = (leased(), leased());
    set(&mut one, "5B", NOW, "earlier").unwrap();
    set(&mut other, "5A", NOW + 5, "later").unwrap();
    set(&mut other, "5A", NOW + 500, "later still").unwrap();
    assert_eq!(met(one, other), "earlier".into());

    // Without leases the later write.
    let (mut one, mut other) = (free(), free());
    set(&mut one, "5A", NOW, "earlier").unwrap();
    set(&mut other, "5B", NOW + 5, "later").unwrap();
    assert_eq!(met(one, other), "later".into());

    // A takeover of a lapsed lease outranks the old holder, who did not renew it.
    let mut one = leased();
    set(&mut one, "5A", NOW, "old").unwrap();
    let mut other = one.clone();
    set(&mut one, "5A", NOW + 100, "renewed").unwrap();
    set(&mut other, "5B", NOW + LEASE + 200, "taken over").unwrap();
    assert_eq!(met(one, other), "taken over".into());

    // But of a renewal after the lapse and a takeover the earlier stays.
    let mut one = leased();
    set(&mut one, "5B", NOW, "old").unwrap();
    let mut other = one.clone();
    set(&mut one, "5B", NOW + LEASE + 100, "renewed").unwrap();
    set(&mut other, "5A", NOW + LEASE + 200, "taken over").unwrap();
    assert_eq!(met(one, other), "renewed".into());
}
