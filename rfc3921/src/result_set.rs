//! Result sets, a page at a time ([XEP-0059](https://xmpp.org/extensions/xep-0059.html)).

use rfc3920::xml::Element;

use crate::element::{Optional, expect, leaf, text_of};
use crate::{Error, ns};

/// Which page is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many items.
    pub max: Option<u32>,
    /// Where it lies.
    pub place: Place,
}

/// Where a page lies in the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// At the beginning.
    #[default]
    First,
    /// At the end.
    Last,
    /// Directly after the item of that id.
    After(String),
    /// Directly before the item of that id.
    Before(String),
}

impl PageRequest {
    /// At most `max` items at that place.
    pub fn new(max: u32, place: Place) -> PageRequest {
        PageRequest { max: Some(max), place }
    }

    /// Reads `<set/>` of a request.
    ///
    /// # Errors
    /// [`Error`], for another element or a `max` that is no number.
    pub fn from_element(element: &Element) -> Result<PageRequest, Error> {
        expect(element, ns::RESULT_SET, "set")?;
        let max = text_of(element, ns::RESULT_SET, "max").map(|text| number(&text, "max")).transpose()?;
        let (after, before) = (text_of(element, ns::RESULT_SET, "after"), text_of(element, ns::RESULT_SET, "before"));
        let place = match (after, before) {
            (Some(after), _) => Place::After(after),
            (None, Some(before)) if before.is_empty() => Place::Last,
            (None, Some(before)) => Place::Before(before),
            (None, None) => Place::First,
        };
        Ok(PageRequest { max, place })
    }

    /// Writes it.
    //= xep-0059#2.5/last-page MUST
    //# An empty `before` asks for the last page.
    pub fn to_element(&self) -> Element {
        let set = Element::new(ns::RESULT_SET, "set");
        let set = set.with(self.max.map(|max| leaf(ns::RESULT_SET, "max", &max.to_string())));
        match &self.place {
            Place::First => set,
            Place::Last => set.child(Element::new(ns::RESULT_SET, "before")),
            Place::After(id) => set.child(leaf(ns::RESULT_SET, "after", id)),
            Place::Before(id) => set.child(leaf(ns::RESULT_SET, "before", id)),
        }
    }
}

/// What is told about the page that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The id of its first item; none when it is empty.
    pub first: Option<String>,
    /// Where that item lies in the whole, from 0.
    pub index: Option<u32>,
    /// The id of its last item.
    pub last: Option<String>,
    /// How many items the whole has, perhaps about.
    pub count: Option<u32>,
}

impl Page {
    /// Reads `<set/>` of an answer. Numbers that are none are taken as not told.
    ///
    /// # Errors
    /// [`Error`], for another element.
    pub fn from_element(element: &Element) -> Result<Page, Error> {
        expect(element, ns::RESULT_SET, "set")?;
        let first = element.find(ns::RESULT_SET, "first");
        Ok(Page {
            first: first.map(|first| first.text().into_owned()),
            index: first.and_then(|first| number(first.get("index")?, "index").ok()),
            last: text_of(element, ns::RESULT_SET, "last"),
            count: text_of(element, ns::RESULT_SET, "count").and_then(|text| number(&text, "count").ok()),
        })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        let index = self.index.map(|index| index.to_string());
        Element::new(ns::RESULT_SET, "set")
            .with(self.first.iter().map(|id| leaf(ns::RESULT_SET, "first", id).attr_opt("index", index.as_deref())))
            .leaf_if(ns::RESULT_SET, "last", self.last.as_deref())
            .with(self.count.map(|count| leaf(ns::RESULT_SET, "count", &count.to_string())))
    }
}

fn number(text: &str, what: &'static str) -> Result<u32, Error> {
    text.trim().parse().map_err(|_| Error::Value(what))
}
