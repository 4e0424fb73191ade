//! Format parameters that a negotiation must understand. Most describe a wish of one side and may differ; a few change
//! what is in a packet, so that both sides must have the same (RFC 3264 section 6.1).

use rfc4566::Text;

use crate::format::Format;

/// A parameter that both sides must have alike.
struct Shape {
    encoding: &'static str,
    name: &'static str,
    /// What its absence means.
    default: &'static str,
    /// How many characters of it count; 0 for all.
    prefix: usize,
}

const fn shape(encoding: &'static str, name: &'static str, default: &'static str, prefix: usize) -> Shape {
    Shape { encoding, name, default, prefix }
}

const SHAPES: [Shape; 12] = [
    shape("H264", "packetization-mode", "0", 0),
    shape("H264", "profile-level-id", "420010", 2), // the profile; the level is a wish
    shape("VP9", "profile-id", "0", 0),
    shape("G7221", "bitrate", "", 0),
    shape("AMR", "octet-align", "0", 0),
    shape("AMR", "crc", "0", 0),
    shape("AMR", "robust-sorting", "0", 0),
    shape("AMR", "interleaving", "", 0),
    shape("AMR-WB", "octet-align", "0", 0),
    shape("AMR-WB", "crc", "0", 0),
    shape("AMR-WB", "robust-sorting", "0", 0),
    shape("AMR-WB", "interleaving", "", 0),
];

/// Whether packets of one can be read as packets of the other.
pub(crate) fn compatible(encoding: &str, ours: Option<&str>, theirs: Option<&str>) -> bool {
    SHAPES.iter().filter(|shape| shape.encoding.eq_ignore_ascii_case(encoding)).all(|shape| {
        let value = |text| {
            let value = find(text, shape.name).unwrap_or(shape.default);
            if shape.prefix == 0 { value } else { value.get(..shape.prefix).unwrap_or(value) }
        };
        value(ours).eq_ignore_ascii_case(value(theirs))
    })
}

/// The parameters to answer with: ours, but for those that must be as offered, and events only as far as both know them.
//= rfc3264#6.1/fmtp-other MAY
//# Ours stand in the answer.
//= rfc3264#6.1/fmtp-same MAY
//# Or nothing, if we have none.
//= rfc3264#6.1/fmtp-configuration MUST
//# Parameters that shape packets are copied from the offer; the others are our own.
pub(crate) fn answered(ours: &Format, theirs: &Format) -> Option<Text> {
    let (own, offered) = (ours.parameters.as_deref(), theirs.parameters.as_deref());
    if ours.is_telephone_event() {
        return Text::new(Events::read(own).and(&Events::read(offered)).to_string()).ok();
    }
    let mut shapes = SHAPES.iter().filter(|shape| shape.encoding.eq_ignore_ascii_case(&ours.name)).peekable();
    if shapes.peek().is_none() {
        return ours.parameters.clone();
    }
    let is_shape = |name: &str| SHAPES.iter().any(|s| s.encoding.eq_ignore_ascii_case(&ours.name) && s.name == name);
    let copied = shapes.filter_map(|shape| find(offered, shape.name).map(|value| (shape.name, value)));
    let kept = split(own).filter(|(name, _)| !is_shape(&name.to_ascii_lowercase()));
    let parts: Vec<String> = copied.chain(kept).map(join).collect();
    (!parts.is_empty()).then(|| Text::new(parts.join(";")).ok()).flatten()
}

/// The parameters of redundancy (RFC 2198) with other numbers in it: `renumber` says what a number has become. `None`
/// when it names a number that has gone.
pub(crate) fn renumbered(parameters: &str, renumber: impl Fn(u8) -> Option<u8>) -> Option<Text> {
    let numbers = parameters.trim().split('/').map(|number| Some(renumber(number.parse().ok()?)?.to_string()));
    Text::new(numbers.collect::<Option<Vec<_>>>()?.join("/")).ok()
}

fn split(text: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    text.unwrap_or_default().split(';').map(str::trim).filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.trim(), value.trim())
    })
}

fn find<'a>(text: Option<&'a str>, name: &str) -> Option<&'a str> {
    split(text).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn join((name, value): (&str, &str)) -> String {
    if value.is_empty() { name.to_owned() } else { format!("{name}={value}") }
}

/// A set of telephone events, 0 to 255 (RFC 4733 section 2.4.1).
struct Events([bool; 256]);

impl Events {
    /// Reads `0-15,66`. What is missing or cannot be read stands for 0 to 15.
    fn read(text: Option<&str>) -> Events {
        let list = text.map(|text| text.trim().strip_prefix("events=").unwrap_or(text));
        list.and_then(Events::parse).unwrap_or_else(|| Events(std::array::from_fn(|event| event < 16)))
    }

    fn parse(list: &str) -> Option<Events> {
        let mut events = Events([false; 256]);
        for part in list.split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to): (u8, u8) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            events.0.get_mut(usize::from(from)..=usize::from(to))?.fill(true);
        }
        Some(events)
    }

    fn and(&self, other: &Events) -> Events {
        Events(std::array::from_fn(|event| self.has(event) && other.has(event)))
    }

    fn has(&self, event: usize) -> bool {
        self.0.get(event).copied().unwrap_or(false)
    }
}

impl std::fmt::Display for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut event, mut comma) = (0, "");
        while event < self.0.len() {
            if !self.has(event) {
                event += 1;
                continue;
            }
            let first = event;
            while self.has(event + 1) {
                event += 1;
            }
            match event - first {
                0 => write!(f, "{comma}{first}")?,
                _ => write!(f, "{comma}{first}-{event}")?,
            }
            (event, comma) = (event + 1, ",");
        }
        Ok(())
    }
}
