use std::fmt;

use bytestring::ByteString;

/// Named values in the order they were said: the members of an object, the entries of an associative array.
///
/// A name may occur twice on the wire and then stays twice; the last one counts, as for a program that assigns one after
/// the other. Looking a name up takes time in proportion to the number of members.
///
/// ```
/// use amf::amf0::Object;
/// let mut info = Object::new().with("level", "status").with("code", "NetStream.Play.Start");
/// info.insert("level", "error");
/// assert_eq!(info.get("level").and_then(|v| v.as_str()), Some("error"));
/// assert_eq!(info.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["level", "code"]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Members<V>(Vec<(ByteString, V)>);

impl<V> Members<V> {
    /// No members.
    ///
    /// ```
    /// assert!(amf::amf0::Object::new().is_empty());
    /// ```
    pub const fn new() -> Members<V> {
        Members(Vec::new())
    }

    /// These members and one more, for building an object in one expression. It replaces a member of that name.
    ///
    /// ```
    /// assert_eq!(amf::amf0::Object::new().with("a", 1).with("b", true).len(), 2);
    /// ```
    pub fn with(mut self, name: impl Into<ByteString>, value: impl Into<V>) -> Members<V> {
        self.insert(name, value);
        self
    }

    /// The value of that name.
    ///
    /// ```
    /// use amf::amf0::{Object, Value};
    /// let object: Object = [("a", 1), ("a", 2)].into_iter().collect();
    /// assert_eq!(object.get("a"), Some(&Value::Number(2.0)));
    /// assert_eq!(object.get("b"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().rev().find(|(own, _)| &**own == name).map(|(_, value)| value)
    }

    /// Gives the name a value: in its place where it has one already, else at the end. Returns the value it had.
    ///
    /// ```
    /// let mut object = amf::amf0::Object::new();
    /// assert_eq!(object.insert("a", 1), None);
    /// assert_eq!(object.insert("a", 2).and_then(|old| old.as_f64()), Some(1.0));
    /// ```
    pub fn insert(&mut self, name: impl Into<ByteString>, value: impl Into<V>) -> Option<V> {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().rev().find(|(own, _)| *own == name) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                self.0.push((name, value));
                None
            }
        }
    }

    /// Adds a member at the end, whether or not the name is taken.
    ///
    /// ```
    /// let mut object = amf::amf0::Object::new();
    /// object.push("a", 1);
    /// object.push("a", 2);
    /// assert_eq!(object.len(), 2);
    /// ```
    pub fn push(&mut self, name: impl Into<ByteString>, value: impl Into<V>) {
        self.0.push((name.into(), value.into()));
    }

    /// Takes the member of that name out.
    ///
    /// ```
    /// let mut object = amf::amf0::Object::new().with("a", 1);
    /// assert!(object.remove("a").is_some() && object.remove("a").is_none());
    /// ```
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let at = self.0.iter().rposition(|(own, _)| &**own == name)?;
        Some(self.0.remove(at).1)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &V)> + ExactSizeIterator {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// The names as they are shared, and the values, in order.
    pub(crate) fn entries(&self) -> &[(ByteString, V)] {
        &self.0
    }

    pub(crate) fn from_entries(entries: Vec<(ByteString, V)>) -> Members<V> {
        Members(entries)
    }
}

impl<V> Default for Members<V> {
    fn default() -> Members<V> {
        Members::new()
    }
}

impl<V: fmt::Debug> fmt::Debug for Members<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V, K: Into<ByteString>, W: Into<V>> FromIterator<(K, W)> for Members<V> {
    fn from_iter<I: IntoIterator<Item = (K, W)>>(members: I) -> Members<V> {
        Members(members.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<V, K: Into<ByteString>, W: Into<V>> Extend<(K, W)> for Members<V> {
    fn extend<I: IntoIterator<Item = (K, W)>>(&mut self, members: I) {
        self.0.extend(members.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl<V> IntoIterator for Members<V> {
    type Item = (ByteString, V);
    type IntoIter = std::vec::IntoIter<(ByteString, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
