//! The pages of the guide have every option of their programs, and no other.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Command, CommandFactory};

/// Options of other programs that stand in examples: cargo's, df's.
const FOREIGN: [&str; 5] = ["bin", "features", "no-default-features", "output", "release"];

/// What `peer` understands before its options are read, for programs that know the old nodes' drivers.
const REWRITTEN: [&str; 1] = ["kind"];

/// A program, its options, its page.
fn programs() -> Vec<(Command, &'static str)> {
    vec![
        (crate::dialer::Options::command(), include_str!("../../docs/guide/dialer.md")),
        (crate::peer::Options::command(), include_str!("../../docs/guide/peer.md")),
        (crate::rtmp_copy::Options::command(), include_str!("../../docs/guide/rtmp-copy.md")),
        (crate::rtmp_server::Options::command(), include_str!("../../docs/guide/rtmp-server.md")),
        (crate::sip_proxy::Options::command(), include_str!("../../docs/guide/sip-proxy.md")),
        (crate::sip_rtmp::Options::command(), include_str!("../../docs/guide/sip-rtmp.md")),
        (crate::xmpp::Options::command(), include_str!("../../docs/guide/xmpp.md")),
    ]
}

/// The long names that a command and those below it take: all, and those that its help shows.
fn longs(command: &Command, all: &mut BTreeSet<String>, shown: &mut BTreeSet<String>) {
    for option in command.get_arguments() {
        let names = option.get_long().into_iter().chain(option.get_all_aliases().unwrap_or_default());
        all.extend(names.map(str::to_owned));
        if !option.is_hide_set() {
            shown.extend(option.get_long().map(str::to_owned));
        }
    }
    command.get_subcommands().for_each(|below| longs(below, all, shown));
}

/// The words of `line` that begin with two hyphens, without them.
fn options_in(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter_map(|word| {
        let name = word.strip_prefix("--")?;
        name.starts_with(|c: char| c.is_ascii_lowercase()).then_some(name)
    })
}

#[test]
fn every_option_stands_in_its_page_and_no_page_has_others() {
    let programs = programs();
    let mut known = BTreeMap::new();
    for (command, _) in &programs {
        let (mut all, mut shown) = (BTreeSet::from(["help".into(), "version".into()]), BTreeSet::new());
        longs(command, &mut all, &mut shown);
        known.insert(command.get_name().to_owned(), (all, shown));
    }
    let mut wrong = Vec::new();
    for (command, page) in &programs {
        let name = command.get_name();
        let (all, shown) = &known[name];
        let written: BTreeSet<&str> = page.lines().flat_map(options_in).collect();
        for missing in shown.iter().filter(|option| !written.contains(option.as_str())) {
            wrong.push(format!("docs/guide/{name}.md says nothing of --{missing}"));
        }
        for line in page.lines() {
            // A line about another program may have that one's options.
            let others = known.iter().filter(|(other, _)| *other != name && line.contains(other.as_str()));
            let others: Vec<_> = others.map(|(_, (all, _))| all).collect();
            for option in options_in(line) {
                let is_known = all.contains(option)
                    || name == "peer" && REWRITTEN.contains(&option)
                    || FOREIGN.contains(&option)
                    || others.iter().any(|options| options.contains(option));
                if !is_known {
                    wrong.push(format!("docs/guide/{name}.md has --{option}, which is no option of {name}: {line}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
