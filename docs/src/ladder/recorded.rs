//! The recorded runs of `docs/ladders`: what each shows, as a page of the site and as a picture.

use super::{Ladder, Limits, Names, html, svg};
use crate::site::{Extra, escape};

/// One recorded run.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    /// `docs/ladders/NAME.pcap`.
    pub name: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// Why one would look at it: a sentence or two.
    pub motive: &'static str,
    /// What its columns are called, as [`Names::parse`] reads it.
    pub names: &'static [&'static str],
}

/// All of them, in the order of the list.
pub const ALL: &[Recorded] = &[
    Recorded {
        name: "register",
        title: "SIP: registration",
        motive: "A telephone tells the registrar where it is, proves who it is, and takes its binding back at the end.",
        names: &["127.0.0.2=alice", "127.0.0.1=registrar"],
    },
    Recorded {
        name: "call",
        title: "SIP: a call through a proxy",
        motive: "Alice proves who she is, calls Bob through the proxy, presses a key, holds the call, takes it back and \
                 hangs up; voice flows directly.",
        names: &["127.0.0.2=alice", "127.0.0.1=proxy", "127.0.0.3=bob"],
    },
    Recorded {
        name: "refused",
        title: "SIP: a call that is refused",
        motive: "Bob is busy. Each hop acknowledges the refusal for itself.",
        names: &["127.0.0.2=alice", "127.0.0.1=proxy", "127.0.0.3=bob"],
    },
    Recorded {
        name: "xmpp-login",
        title: "XMPP: login and a message",
        motive: "Alice logs in at a Prosody server with SCRAM over TLS, sends Bob a message and waits until the server \
                 has it. What proves who she is was left out when the capture was written.",
        names: &["127.0.0.1#3=alice", "127.0.0.1#2=server", "127.0.0.1#1=bob"],
    },
    Recorded {
        name: "rtmp-publish",
        title: "RTMP: publish and play",
        motive: "A player waits for a stream; a publisher sends it; the server passes it on.",
        names: &["127.0.0.1#2=publisher", "127.0.0.2=server", "127.0.0.1#1=player"],
    },
    Recorded {
        name: "gateway",
        title: "RTMP to SIP: a publisher becomes a call",
        motive: "Whoever publishes to call/sip:bob calls Bob: the gateway speaks RTMP on one side, SIP and RTP on the other.",
        names: &["127.0.0.1=publisher", "127.0.0.3=gateway", "127.0.0.4=bob"],
    },
    Recorded {
        name: "mesh",
        title: "p2p: a broadcast in a mesh",
        motive: "Two nodes join through a third one. What one of them says to all reaches the other through the middle.",
        names: &["127.0.0.1#1=left", "127.0.0.2=middle", "127.0.0.1#2=right"],
    },
    Recorded {
        name: "sync",
        title: "p2p: a late node gets the table",
        motive: "A node that joins a shared dictionary is told what was written before it came.",
        names: &["127.0.0.2=first", "127.0.0.1=late"],
    },
];

impl Recorded {
    /// The file below the root of the repository.
    pub fn file(&self) -> String {
        format!("docs/ladders/{}.pcap", self.name)
    }

    /// The picture below the root of the repository.
    pub fn picture(&self) -> String {
        format!("docs/guide/pictures/ladder-{}.svg", self.name)
    }

    /// The ladder of a capture of this run.
    ///
    /// # Errors
    /// One line that says what is wrong with the capture.
    pub fn ladder(&self, capture: &[u8]) -> Result<Ladder, String> {
        let names = Names::parse(self.names).map_err(|why| why.to_string())?;
        Ladder::read(capture, &names, &Limits::default()).map_err(|why| format!("{}: {why}", self.file()))
    }

    /// The picture of a capture of this run.
    ///
    /// # Errors
    /// As [`Recorded::ladder`].
    pub fn draw(&self, capture: &[u8]) -> Result<String, String> {
        Ok(svg::draw(&self.ladder(capture)?, self.title))
    }
}

/// The pages of the site: a list, and one a run. `read` gives a file below the root of the repository; runs whose file is not
/// there are left out.
///
/// # Errors
/// As [`Recorded::ladder`].
pub fn pages(read: impl Fn(&str) -> Option<Vec<u8>>) -> Result<Vec<Extra>, String> {
    let mut list = String::from(
        "<h1>Ladders</h1>\n<p>Who says what to whom: runs of the programs of this repository, recorded by their tests with \
         <code>--trace</code>. Every arrow leads to its message. <code>make ladder FILE=x.pcap</code> makes such a page of any \
         capture.</p>\n<ul class=\"ladders\">\n",
    );
    let mut pages = Vec::new();
    for recorded in ALL {
        let Some(capture) = read(&recorded.file()) else { continue };
        let ladder = recorded.ladder(&capture)?;
        let (title, motive) = (escape(recorded.title), escape(recorded.motive));
        list += &format!("<li><a href=\"{}.html\">{title}</a><br>{motive}</li>\n", recorded.name);
        let body = format!("<h1>{title}</h1>\n<p>{motive}</p>\n{}", html::body(&ladder));
        pages.push(Extra { path: format!("ladders/{}.html", recorded.name), title: recorded.title.to_owned(), body });
    }
    list += "</ul>\n";
    pages.insert(0, Extra { path: "ladders/index.html".into(), title: "Ladders".into(), body: list });
    Ok(pages)
}
