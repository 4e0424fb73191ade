//! The routing decision, shared by the node and by the studies of a million nodes: what a node with these fingers and
//! successors knows about the way to a key. Nothing here sends or waits.
use crate::Key;

/// The nodes of two lists that lie between `own` and `key`, the closest to the key first: the paper's
/// closest_preceding_node (section 4.4), going on to the next best when one is dead. Both lists are ordered clockwise
/// from `own`; a node in both comes once.
///
/// ```
/// use chord::{Key, ring::preceding};
/// let own = Key::from(100);
/// let fingers = [Key::from(110), Key::from(140), Key::from(20)]; // 20 lies behind 0, so it is the farthest
/// let successors = [Key::from(110), Key::from(120)];
/// let way = |key| preceding(&own, &Key::from(key), &fingers, &successors, |id| *id).collect::<Vec<_>>();
/// assert_eq!(way(130), [&Key::from(120), &Key::from(110)]);
/// assert_eq!(way(50)[0], &Key::from(20));
/// assert!(way(105).is_empty());
/// ```
//= chord#4.4/path SHOULD
//# The farthest known node before the key at least halves the distance; measured for up to a million nodes.
//= chord#4.4/closest-preceding MUST
//# Two binary searches and a merge from the far ends; the same code routes nodes and the bench of a million nodes.
pub fn preceding<'a, T, F: Fn(&T) -> Key>(
    own: &Key,
    key: &Key,
    fingers: &'a [T],
    successors: &'a [T],
    id: F,
) -> Preceding<'a, T, F> {
    let cut = |list: &'a [T]| &list[..list.partition_point(|node| id(node).is_between(own, key))];
    Preceding { own: *own, fingers: cut(fingers), successors: cut(successors), id }
}

/// The successors at or after `key`, nearest first, when the key lies within the successor list; empty when it lies
/// beyond, and then [`preceding`] knows the way (paper sections 4.4 and 4.5).
///
/// ```
/// use chord::{Key, ring::covering};
/// let (own, successors) = (Key::from(100), [Key::from(110), Key::from(120), Key::from(3)]);
/// let end = |key| covering(&own, &Key::from(key), &successors, |id| *id);
/// assert_eq!(end(120), &successors[1..]);
/// assert_eq!(end(0), &successors[2..]);
/// assert!(end(4).is_empty() && end(100).is_empty());
/// ```
pub fn covering<'a, T>(own: &Key, key: &Key, successors: &'a [T], id: impl Fn(&T) -> Key) -> &'a [T] {
    &successors[successors.partition_point(|node| id(node).is_between(own, key))..]
}

/// See [`preceding`].
#[derive(Clone, Debug)]
pub struct Preceding<'a, T, F> {
    own: Key,
    fingers: &'a [T],
    successors: &'a [T],
    id: F,
}

impl<'a, T, F: Fn(&T) -> Key> Iterator for Preceding<'a, T, F> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        match (self.fingers.split_last(), self.successors.split_last()) {
            (Some((finger, fingers)), Some((successor, successors))) => {
                let (f, s) = ((self.id)(finger), (self.id)(successor));
                if f == s {
                    self.successors = successors;
                }
                if s.is_between(&self.own, &f) || f == s {
                    self.fingers = fingers;
                    Some(finger)
                } else {
                    self.successors = successors;
                    Some(successor)
                }
            }
            (Some((finger, fingers)), None) => {
                self.fingers = fingers;
                Some(finger)
            }
            (None, Some((successor, successors))) => {
                self.successors = successors;
                Some(successor)
            }
            (None, None) => None,
        }
    }
}
