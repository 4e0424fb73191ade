//! The archive of messages ([XEP-0313](https://xmpp.org/extensions/xep-0313.html)): one's own, and that of a room.

use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3920::xml::Element;

use crate::element::{boolean, expect, required};
use crate::form::Form;
use crate::forward::Forwarded;
use crate::result_set::{Page, PageRequest};
use crate::{Error, datetime, ns};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Comes back with every result.
    pub queryid: String,
    /// Only messages with this one.
    pub with: Option<Jid>,
    /// Only from then on: since 1970.
    pub start: Option<Duration>,
    /// Only until then: since 1970.
    pub end: Option<Duration>,
    /// Which page.
    pub page: PageRequest,
}

impl Query {
    /// Writes it.
    //= xep-0313#4.1/form MUST
    //# Filters go as a form to submit whose type is the protocol's namespace; without filters there is none.
    pub fn to_element(&self) -> Element {
        let fields = [
            ("with", self.with.as_ref().map(Jid::to_string)),
            ("start", self.start.map(datetime::format)),
            ("end", self.end.map(datetime::format)),
        ];
        let mut form = Form::submit(ns::ARCHIVE);
        for (var, value) in fields {
            if let Some(value) = value {
                form = form.with(var, &value);
            }
        }
        Element::new(ns::ARCHIVE, "query")
            .attr("queryid", self.queryid.as_str())
            .with((form.fields.len() > 1).then(|| form.to_element()))
            .child(self.page.to_element())
    }

    /// Reads it, as an archive does.
    ///
    /// # Errors
    /// [`Error`], for another element or a filter that is ill-formed.
    pub fn from_element(element: &Element) -> Result<Query, Error> {
        expect(element, ns::ARCHIVE, "query")?;
        let form = element.find(ns::FORMS, "x").map(Form::from_element).transpose()?;
        let value = |var| form.as_ref().and_then(|form| form.value(var));
        let page = element.find(ns::RESULT_SET, "set").map(PageRequest::from_element).transpose()?;
        Ok(Query {
            queryid: element.get("queryid").unwrap_or_default().to_owned(),
            with: value("with").map(|text| Jid::parse(text).map_err(|_| Error::Value("with"))).transpose()?,
            start: value("start").map(datetime::parse).transpose()?,
            end: value("end").map(datetime::parse).transpose()?,
            page: page.unwrap_or_default(),
        })
    }
}

/// One message out of an archive.
#[derive(Clone, Debug, PartialEq)]
pub struct Archived {
    /// Which query it answers.
    pub queryid: Option<String>,
    /// The id that the archive gave it.
    pub id: String,
    /// The message, and when it was sent.
    pub forwarded: Forwarded,
}

impl Archived {
    /// The result that `message` carries, or `None` if it carries none.
    ///
    /// # Errors
    /// [`Error`] when it is ill-formed. Who sent it and whether it was asked for is the caller's to look at.
    pub fn within(message: &Element) -> Option<Result<Archived, Error>> {
        message.find(ns::ARCHIVE, "result").map(Archived::from_element)
    }

    /// Reads `<result/>`.
    ///
    /// # Errors
    /// [`Error`], for another element, a missing id, and a message in it that is itself a wrapper.
    //= xep-0313#4.2/result MUST
    //# The id of the archive and exactly one forwarded message, which is not again a result or a copy.
    pub fn from_element(element: &Element) -> Result<Archived, Error> {
        expect(element, ns::ARCHIVE, "result")?;
        let forwarded = element.find(ns::FORWARD, "forwarded").ok_or(Error::Missing("forwarded"))?;
        let forwarded = Forwarded::from_element(forwarded)?;
        if crate::carbons::is_wrapped(&forwarded.message) {
            return Err(Error::Value("archived message"));
        }
        let id = required(element, "id")?.to_owned();
        Ok(Archived { queryid: element.get("queryid").map(str::to_owned), id, forwarded })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::ARCHIVE, "result")
            .attr_opt("queryid", self.queryid.as_deref())
            .attr("id", self.id.as_str())
            .child(self.forwarded.to_element())
    }
}

/// What ends the results of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fin {
    /// Nothing lies beyond this page, in the direction of the query.
    pub complete: bool,
    /// Which page it was.
    pub page: Page,
}

impl Fin {
    /// Reads `<fin/>`.
    ///
    /// # Errors
    /// [`Error`], for another element.
    pub fn from_element(element: &Element) -> Result<Fin, Error> {
        expect(element, ns::ARCHIVE, "fin")?;
        let page = element.find(ns::RESULT_SET, "set").map(Page::from_element).transpose()?.unwrap_or_default();
        Ok(Fin { complete: element.get("complete").and_then(boolean).unwrap_or(false), page })
    }

    /// Writes it.
    pub fn to_element(&self) -> Element {
        Element::new(ns::ARCHIVE, "fin")
            .attr_opt("complete", self.complete.then_some("true"))
            .child(self.page.to_element())
    }
}
