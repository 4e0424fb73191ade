use std::fmt::{self, Write as _};
use std::marker::PhantomData;

use bytes::{BufMut, BytesMut};
use bytestring::ByteString;

use super::name::{self, Code};
use super::typed::Marks;
use super::{CSeq, Contact, From, HeaderError, MaxForwards, Name, RecordRoute, Route, To, TypedHeader, Via, scan};

/// The header fields of a message in their order.
///
/// What was received stays one text, of which each field knows its place; a typed value is made when it is asked for.
/// A field that nobody changes is written as it came, folds, odd case and compact form included.
///
/// What is added here cannot break out of its field: a carriage return, line feed or NUL in a value becomes a space, and a
/// name that is no token is written as `X-Invalid`.
///
/// ```
/// use rfc3261::message::{Headers, Name, Via};
/// let mut headers = Headers::new();
/// headers.push(Name::Subject, "lunch\r\nBcc: everyone");
/// headers.push(Name::MaxForwards, 70);
/// headers.push(Name::Via, "SIP/2.0/UDP a.example;branch=z9hG4bK1, SIP/2.0/TCP b.example;branch=z9hG4bK2");
/// assert_eq!(headers.raw(Name::Subject), Some("lunch  Bcc: everyone"));
/// assert_eq!(headers.list::<Via>().count(), 2);
/// assert_eq!(headers.pop::<Via>().unwrap().unwrap().host().as_str(), "a.example");
/// assert_eq!(headers.via().unwrap().unwrap().transport(), "TCP");
/// ```
#[derive(Clone, Default)]
pub struct Headers {
    /// The head of the message as it was received.
    text: ByteString,
    fields: Vec<Field>,
    marks: Marks,
}

/// One field: its number, and where it stands.
#[derive(Clone)]
struct Field {
    code: Code,
    place: Place,
    /// The line, if it is not in the received text; or the value without folds, if it had some.
    own: Option<ByteString>,
    /// All offsets count in the line's text. `line..end` is the whole line with its line end.
    line: u32,
    name_end: u32,
    value: u32,
    value_end: u32,
    end: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Received,
    Folded,
    Own,
}

/// Where a line is, for the parser.
pub(crate) struct Line {
    pub code: Code,
    pub line: usize,
    pub name_end: usize,
    pub value: usize,
    pub value_end: usize,
    pub end: usize,
    pub unfolded: Option<ByteString>,
}

impl Headers {
    /// No fields.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Name and value of each field, folds replaced by spaces.
    pub fn iter(&self) -> impl Iterator<Item = (Name, &str)> {
        self.fields.iter().map(|field| (Name::new(field.code, self.name_text(field)), self.value(field)))
    }

    /// The value of the first field of that name, without white space at its ends and with folds replaced by spaces.
    pub fn raw(&self, name: Name) -> Option<&str> {
        self.raw_all(name).next()
    }

    /// The value of each field of that name.
    //= rfc3261#7.3.1/auth-lines MAY
    //# Each line is a value of its own; it is not split at commas.
    pub fn raw_all(&self, name: Name) -> impl Iterator<Item = &str> {
        let code = name.code();
        self.fields.iter().filter(move |field| self.is(field, code, &name)).map(|field| self.value(field))
    }

    /// Whether there is a field of that name.
    pub fn contains(&self, name: Name) -> bool {
        self.raw(name).is_some()
    }

    /// The first value of a header.
    ///
    /// # Errors
    /// The value does not follow the header's grammar.
    pub fn first<H: TypedHeader>(&self) -> Result<Option<H>, HeaderError> {
        self.list::<H>().next().transpose()
    }

    /// All values of a header, across lines and commas.
    //= rfc3261#7.3.1/lists-mixed MUST
    //# One iterator walks the lines, and the commas within each.
    //= rfc3261#7.3.1/combine MUST
    //# Lines and list elements come in the order of the message.
    pub fn list<H: TypedHeader>(&self) -> List<'_, H> {
        List { headers: self, code: H::NAME.code(), field: 0, at: 0, of: PhantomData }
    }

    /// The topmost Via.
    ///
    /// # Errors
    /// It is malformed.
    pub fn via(&self) -> Result<Option<Via>, HeaderError> {
        self.first()
    }

    /// From.
    ///
    /// # Errors
    /// It is malformed.
    pub fn from(&self) -> Result<Option<From>, HeaderError> {
        self.first()
    }

    /// To.
    ///
    /// # Errors
    /// It is malformed.
    pub fn to(&self) -> Result<Option<To>, HeaderError> {
        self.first()
    }

    /// Call-ID.
    pub fn call_id(&self) -> Option<&str> {
        self.raw(Name::CallId)
    }

    /// CSeq.
    ///
    /// # Errors
    /// It is malformed.
    pub fn cseq(&self) -> Result<Option<CSeq>, HeaderError> {
        self.first()
    }

    /// Max-Forwards.
    ///
    /// # Errors
    /// It is malformed.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        Ok(self.first::<MaxForwards>()?.map(|hops| hops.0))
    }

    /// The first Contact.
    ///
    /// # Errors
    /// It is malformed.
    pub fn contact(&self) -> Result<Option<Contact>, HeaderError> {
        self.first()
    }

    /// The first Route.
    ///
    /// # Errors
    /// It is malformed.
    pub fn route(&self) -> Result<Option<Route>, HeaderError> {
        self.first()
    }

    /// The first Record-Route.
    ///
    /// # Errors
    /// It is malformed.
    pub fn record_route(&self) -> Result<Option<RecordRoute>, HeaderError> {
        self.first()
    }

    /// Adds a field behind all others.
    //= rfc3261#7.3.1/repeat-lists MAY
    //# A second call with the same name adds a second line.
    pub fn push(&mut self, name: Name, value: impl fmt::Display) {
        self.fields.push(Field::new(&name, value));
    }

    /// Adds a field in front of the first of that name; without one, in front of all others.
    pub fn prepend(&mut self, name: Name, value: impl fmt::Display) {
        let at = self.position(&name).unwrap_or(0);
        self.fields.insert(at, Field::new(&name, value));
    }

    /// Makes this the only field of that name: in the place of the first, or behind all others.
    pub fn set(&mut self, name: Name, value: impl fmt::Display) {
        let field = Field::new(&name, value);
        match self.position(&name) {
            Some(at) => {
                self.fields[at] = field;
                self.remove_from(at + 1, &name);
            }
            None => self.fields.push(field),
        }
    }

    /// Removes all fields of that name, and tells how many there were.
    pub fn remove(&mut self, name: Name) -> usize {
        self.remove_from(0, &name)
    }

    /// Removes the first value of a header; the rest of its line stays.
    ///
    /// # Errors
    /// The value is malformed; it is removed all the same.
    pub fn pop<H: TypedHeader>(&mut self) -> Result<Option<H>, HeaderError> {
        let (first, next) = {
            let mut list = self.list::<H>();
            let Some(first) = list.next() else { return Ok(None) };
            (first, (list.field, list.at))
        };
        let (field, rest) = self.cut(next);
        match rest {
            Some(rest) => self.fields[field] = Field::new(&H::NAME, rest),
            None => drop(self.fields.remove(field)),
        }
        first.map(Some)
    }

    /// Puts `value` in place of the first value of its header; without one, adds it as [`prepend`](Headers::prepend) does.
    pub fn replace_first<H: TypedHeader>(&mut self, value: &H) {
        let next = {
            let mut list = self.list::<H>();
            if list.next().is_none() {
                return self.prepend(H::NAME, value);
            }
            (list.field, list.at)
        };
        let (field, rest) = self.cut(next);
        self.fields[field] = match rest {
            Some(rest) => Field::new(&H::NAME, format_args!("{value}, {rest}")),
            None => Field::new(&H::NAME, value),
        };
    }

    /// Adds copies of all fields of that name from other headers, as they are written there, behind all others.
    pub fn copy_from(&mut self, other: &Headers, name: Name) {
        let code = name.code();
        if self.fields.is_empty() {
            (self.text, self.marks) = (other.text.clone(), other.marks);
        }
        let shares = self.shares_text(other);
        for field in other.fields.iter().filter(|field| other.is(field, code, &name)) {
            let copy = match field.place {
                Place::Own => field.clone(),
                _ if shares => field.clone(),
                _ => Field::new(&name, other.value(field)),
            };
            self.fields.push(copy);
        }
    }

    /// The head of a received message, to which [`Headers::add_line`] adds the lines that are in it.
    pub(crate) fn with_text(text: ByteString, lines: usize) -> Headers {
        Headers { text, fields: Vec::with_capacity(lines), marks: Marks::default() }
    }

    #[inline]
    pub(crate) fn add_line(&mut self, line: Line) {
        self.fields.push(Field {
            code: line.code,
            place: if line.unfolded.is_some() { Place::Folded } else { Place::Received },
            own: line.unfolded,
            line: line.line as u32,
            name_end: line.name_end as u32,
            value: line.value as u32,
            value_end: line.value_end as u32,
            end: line.end as u32,
        });
    }

    /// Where the parser notes what it finds.
    pub(crate) fn marks(&mut self) -> &mut Marks {
        &mut self.marks
    }

    /// Number and value of each field.
    pub(crate) fn coded(&self) -> impl Iterator<Item = (Code, &str)> {
        self.fields.iter().map(|field| (field.code, self.value(field)))
    }

    /// Keeps the fields whose number passes.
    pub(crate) fn retain(&mut self, keep: impl Fn(Code) -> bool) {
        self.fields.retain(|field| keep(field.code));
    }

    /// How many bytes all lines take.
    pub(crate) fn wire_len(&self) -> usize {
        self.fields.iter().map(|field| (field.end - field.line) as usize).sum()
    }

    /// Writes all lines, with a Content-Length of `body` bytes: in the place of the first, or behind all others.
    //= rfc3261#20.14/send SHOULD
    //# Every message that is written has one.
    //= rfc3261#20.14/stream MUST
    //# On streams as well.
    //= rfc3261#20.14/zero MUST
    //# `body` is then 0.
    //= rfc3261#18.3/stream-length MUST
    //# Transports do not differ here.
    //= rfc3261#20/stream-length MUST
    //# Transports do not differ here.
    //= rfc3261#7.3.1/auth-not-combined MUST NOT
    //# Every line is written by itself.
    //= rfc3261#20.7/not-combined MUST NOT
    //# Every line is written by itself.
    //= rfc3261#20.28/not-combined MUST NOT
    //# Every line is written by itself.
    pub(crate) fn write(&self, out: &mut BytesMut, body: usize) {
        let mut run = 0..0;
        let mut has_length = false;
        for field in &self.fields {
            if field.code == CONTENT_LENGTH {
                if !has_length && scan::number(self.value(field).as_bytes()) == Some(body as u64) {
                    has_length = true; // it is right as it stands
                } else {
                    if !has_length {
                        self.write_run(out, &mut run);
                        write_content_length(out, body);
                        has_length = true;
                    }
                    continue;
                }
            }
            if field.place == Place::Own {
                self.write_run(out, &mut run);
                out.put_slice(field.own.as_deref().unwrap_or_default().as_bytes());
                continue;
            }
            if run.end != field.line {
                self.write_run(out, &mut run);
                run = field.line..field.line;
            }
            run.end = field.end;
        }
        self.write_run(out, &mut run);
        if !has_length {
            write_content_length(out, body);
        }
    }

    /// Writes lines of the received text that follow each other, all at once.
    fn write_run(&self, out: &mut BytesMut, run: &mut std::ops::Range<u32>) {
        out.put_slice(scan::part(&self.text, run.start, run.end).as_bytes());
        *run = 0..0;
    }

    fn shares_text(&self, other: &Headers) -> bool {
        std::ptr::eq(self.text.as_bytes().as_ptr(), other.text.as_bytes().as_ptr())
            && self.text.len() == other.text.len()
    }

    fn is(&self, field: &Field, code: Code, name: &Name) -> bool {
        field.code == code && (code != name::OTHER || self.name_text(field).eq_ignore_ascii_case(name.as_str()))
    }

    fn position(&self, name: &Name) -> Option<usize> {
        let code = name.code();
        self.fields.iter().position(|field| self.is(field, code, name))
    }

    fn remove_from(&mut self, start: usize, name: &Name) -> usize {
        let before = self.fields.len();
        let code = name.code();
        let mut at = start;
        while at < self.fields.len() {
            if self.is(&self.fields[at], code, name) {
                self.fields.remove(at);
            } else {
                at += 1;
            }
        }
        before - self.fields.len()
    }

    /// Given where a list walk stands behind its first element: the field of that element, and the rest of its line.
    fn cut(&self, (field, at): (usize, usize)) -> (usize, Option<String>) {
        if at == 0 {
            return (field.saturating_sub(1), None);
        }
        let rest = self.fields.get(field).and_then(|field| self.value(field).get(at..)).unwrap_or_default();
        (field, Some(rest.trim_start_matches([' ', '\t']).to_owned()))
    }

    fn name_text<'a>(&'a self, field: &'a Field) -> &'a str {
        scan::part(self.line_text(field), field.line, field.name_end)
    }

    /// The text that the offsets of a field count in.
    fn line_text<'a>(&'a self, field: &'a Field) -> &'a ByteString {
        match (field.place, &field.own) {
            (Place::Own, Some(own)) => own,
            _ => &self.text,
        }
    }

    #[inline]
    fn value<'a>(&'a self, field: &'a Field) -> &'a str {
        match (field.place, &field.own) {
            (Place::Folded, Some(unfolded)) => unfolded,
            _ => scan::part(self.line_text(field), field.value, field.value_end),
        }
    }

    /// The text that the value of a field is a part of.
    fn value_text<'a>(&'a self, field: &'a Field) -> &'a ByteString {
        field.own.as_ref().unwrap_or(&self.text)
    }
}

impl Field {
    /// A line of our own.
    //= rfc3261#7/crlf MUST
    //# Each line that is made ends so; those that are copied ended so when they came.
    //= rfc3261#7.3.3/compact-send MAY skip
    //# Lines made here have the long name, which every tool shows and finds.
    fn new(name: &Name, value: impl fmt::Display) -> Field {
        let mut line = String::with_capacity(96);
        line.push_str(name.wire_str());
        let name_end = line.len();
        line.push_str(": ");
        let start = line.len();
        let _ = write!(Defused(&mut line), "{value}");
        let value_end = start + line.get(start..).unwrap_or_default().trim_end_matches([' ', '\t']).len();
        let lead = line.get(start..value_end).unwrap_or_default();
        let value = value_end - lead.trim_start_matches([' ', '\t']).len();
        line.truncate(value_end);
        line.push_str("\r\n");
        Field {
            code: name.code(),
            place: Place::Own,
            line: 0,
            name_end: name_end as u32,
            value: value as u32,
            value_end: value_end as u32,
            end: line.len() as u32,
            own: Some(line.into()),
        }
    }
}

/// The values of a header across lines and commas. Made by [`Headers::list`].
pub struct List<'a, H> {
    headers: &'a Headers,
    code: Code,
    /// The line that comes next, and how much of it has been read.
    field: usize,
    at: usize,
    of: PhantomData<H>,
}

impl<H: TypedHeader> Iterator for List<'_, H> {
    type Item = Result<H, HeaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let field = self.headers.fields.get(self.field)?;
            if field.code != self.code {
                self.field += 1;
                continue;
            }
            if self.at == 0
                && field.place == Place::Received
                && let Some((value, end)) = H::marked(&self.headers.text, &self.headers.marks, field.value)
            {
                self.step(field.value_end - field.value, end - field.value);
                return Some(Ok(value));
            }
            let value = self.headers.value(field);
            if !H::LIST {
                self.field += 1;
                return Some(self.parse(field, value));
            }
            if value.is_empty() && self.at == 0 {
                self.field += 1; // Supported and some others may be empty
                continue;
            }
            let start = scan::skip_space(value.as_bytes(), self.at);
            let end = scan::element_end(value.as_bytes(), start);
            self.step(value.len() as u32, end as u32);
            return Some(self.parse(field, value.get(start..end).unwrap_or_default()));
        }
    }
}

impl<H: TypedHeader> List<'_, H> {
    /// Goes behind the element that ends at `end` of a line of length `len`.
    #[inline]
    fn step(&mut self, len: u32, end: u32) {
        if end < len {
            // white space may stand in front of the comma
            let value = self.headers.fields.get(self.field).map_or("", |field| self.headers.value(field));
            self.at = scan::skip_space(value.as_bytes(), end as usize) + 1;
        } else {
            self.at = 0;
            self.field += 1;
        }
    }

    fn parse(&self, field: &Field, value: &str) -> Result<H, HeaderError> {
        let value = value.trim_end_matches([' ', '\t']);
        H::parse(self.headers.value_text(field).slice_ref(value))
    }
}

/// Replaces what would end a line.
struct Defused<'a>(&'a mut String);

impl fmt::Write for Defused<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = memchr::memchr3(b'\r', b'\n', 0, rest.as_bytes()) {
            self.0.push_str(rest.get(..at).unwrap_or_default());
            self.0.push(' ');
            rest = rest.get(at + 1..).unwrap_or_default();
        }
        self.0.push_str(rest);
        Ok(())
    }
}

impl PartialEq for Headers {
    /// The same names and values in the same order, however they are folded or abbreviated.
    fn eq(&self, other: &Headers) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &Name, value: &str| match name {
            Name::Authorization | Name::ProxyAuthorization => "***".to_owned(),
            _ => value.to_owned(),
        };
        f.debug_map().entries(self.iter().map(|(name, value)| (name.to_string(), shown(&name, value)))).finish()
    }
}

fn write_content_length(out: &mut BytesMut, body: usize) {
    let _ = write!(out, "Content-Length: {body}\r\n");
}

const CONTENT_LENGTH: Code = name::lookup_const("Content-Length");
