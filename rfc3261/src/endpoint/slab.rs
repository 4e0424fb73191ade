use std::marker::PhantomData;

/// Values at small numbers, reached without hashing. A key carries the generation of its place, so that the key of a
/// value that is gone never finds the one that took its place.
#[derive(Debug)]
pub(crate) struct Slab<K, T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
    key: PhantomData<K>,
}

#[derive(Debug)]
struct Place<T> {
    generation: u32,
    value: Option<T>,
}

/// A key of a [`Slab`].
pub(crate) trait Key: Copy {
    fn new(index: u32, generation: u32) -> Self;
    fn index(self) -> usize;
    fn generation(self) -> u32;
}

impl<K, T> Default for Slab<K, T> {
    fn default() -> Self {
        Slab { places: Vec::new(), free: Vec::new(), key: PhantomData }
    }
}

impl<K: Key, T> Slab<K, T> {
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub fn insert(&mut self, value: T) -> K {
        if let Some((index, place)) = self.free.pop().and_then(|i| Some((i, self.places.get_mut(i as usize)?))) {
            place.value = Some(value);
            return K::new(index, place.generation);
        }
        let index = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Place { generation: 0, value: Some(value) });
        K::new(index, 0)
    }

    pub fn get(&self, key: K) -> Option<&T> {
        self.places.get(key.index()).filter(|p| p.generation == key.generation())?.value.as_ref()
    }

    pub fn get_mut(&mut self, key: K) -> Option<&mut T> {
        self.places.get_mut(key.index()).filter(|p| p.generation == key.generation())?.value.as_mut()
    }

    pub fn remove(&mut self, key: K) -> Option<T> {
        let place = self.places.get_mut(key.index()).filter(|p| p.generation == key.generation())?;
        let value = place.value.take()?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(key.index() as u32);
        Some(value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (K, &T)> {
        self.places
            .iter()
            .enumerate()
            .filter_map(|(i, p)| p.value.as_ref().map(|v| (K::new(i as u32, p.generation), v)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::ClientId;

    #[test]
    fn a_key_outlives_its_value_without_finding_the_next() {
        let mut slab: Slab<ClientId, &str> = Slab::default();
        let (a, b) = (slab.insert("a"), slab.insert("b"));
        assert_eq!((slab.get(a), slab.len()), (Some(&"a"), 2));
        assert_eq!(slab.remove(a), Some("a"));
        let c = slab.insert("c");
        assert_eq!((slab.get(a), slab.get(c)), (None, Some(&"c")));
        assert_eq!(slab.remove(a), None);
        assert_eq!(slab.iter().map(|(k, _)| k).collect::<Vec<_>>(), [c, b]);
    }
}
