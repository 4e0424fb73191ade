//! Under construction.
#![forbid(unsafe_code)]

mod key;
pub mod ring;
pub mod tables;

pub use key::{Key, KeyError};

/// The point of the circle that belongs to a mesh id; `None` when the id is not a base58 number.
///
/// ```
/// use serializer::Id;
/// assert_eq!(chord::point_of(&Id::new("21").unwrap()), Some(chord::Key::from(58)));
/// assert_eq!(chord::point_of(&Id::new("no number").unwrap()), None);
/// ```
pub fn point_of(id: &serializer::Id) -> Option<Key> {
    Some(Key::reduce(&id.number()?.to_be_bytes()))
}
