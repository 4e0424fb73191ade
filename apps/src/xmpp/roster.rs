//! `xmpp roster`: the list of contacts.

use std::time::Duration;

use rfc3920::jid::Jid;
use rfc3921::presence::Show;
use rfc3921::roster::{Item, Subscription};
use rfc3921::session::{Availability, CommandError, Event, Saved};
use serde_json::json;

use super::account::Account;
use super::connection::{Connection, Setup, address};
use super::options::{RosterAction, RosterOptions};
use super::show::{print, print_json};
use super::{Ending, Outcome};
use crate::common::clean;

/// Does what the options say.
///
/// # Errors
/// An end without success.
pub async fn roster(account: &Account, options: &RosterOptions) -> Result<(), Ending> {
    let list = RosterAction::List { presence: false };
    let action = options.action.as_ref().unwrap_or(&list);
    let whom = match action {
        RosterAction::List { .. } => None,
        RosterAction::Add { jid, .. }
        | RosterAction::Remove { jid }
        | RosterAction::Rename { jid, .. }
        | RosterAction::Approve { jid } => Some(address(jid)?.bare()),
    };
    let setup = Setup::new(account, &account.password()?)?;
    let mut connection = Connection::begin(setup, Saved::default(), |config| {
        config.catch_up = false;
        if matches!(action, RosterAction::List { presence: true } | RosterAction::Approve { .. }) {
            // Messages prefer other clients than one that is gone in a moment.
            config.availability = Some(Availability { priority: -1, ..Availability::default() });
        }
    });
    let done = async {
        connection.ready().await?;
        match (action, whom) {
            (RosterAction::Add { name, group, .. }, Some(jid)) => add(&mut connection, jid, name.clone(), group).await,
            (RosterAction::Remove { .. }, Some(jid)) => {
                known(&connection, &jid)?;
                let what = format!("cannot remove {jid}");
                connection.ask(&what, |session, now| session.remove_contact(now, &jid)).await.map(drop)
            }
            (RosterAction::Rename { name, .. }, Some(jid)) => {
                let item = Item { name: Some(name.clone()), ..known(&connection, &jid)? };
                let what = format!("cannot rename {jid}");
                connection.ask(&what, |session, now| session.set_contact(now, item)).await.map(drop)
            }
            (RosterAction::Approve { .. }, Some(jid)) => approve(&mut connection, &jid).await,
            (RosterAction::List { presence: true }, _) => {
                settle(&mut connection).await?;
                show(&connection, options.json, true)
            }
            _ => show(&connection, options.json, false),
        }
    };
    let done = done.await;
    connection.close().await;
    done
}

async fn add(connection: &mut Connection, jid: Jid, name: Option<String>, groups: &[String]) -> Result<(), Ending> {
    let mut item = connection.session().roster().find(&jid).cloned().unwrap_or_else(|| Item::new(jid.clone()));
    item.name = name.or(item.name);
    item.groups.extend(groups.iter().cloned());
    let has = item.subscription;
    connection.ask(&format!("cannot add {jid}"), |session, now| session.set_contact(now, item)).await?;
    if !matches!(has, Subscription::To | Subscription::Both) {
        let (session, now) = connection.command();
        session.subscribe(now, &jid, None).map_err(|why| Outcome::Failed.because(format!("{jid}: {why}")))?;
    }
    connection.flush().await
}

/// Lets somebody see when we are there: at once where the server keeps that in mind, or else when they have asked.
async fn approve(connection: &mut Connection, jid: &Jid) -> Result<(), Ending> {
    let (session, now) = connection.command();
    match session.approve(now, jid) {
        Err(CommandError::NotOffered(_)) => {
            connection
                .wait(
                    &format!("{jid} has not asked yet, and this server cannot approve before that: waiting"),
                    |c, event| {
                        let asks = matches!(event, Event::Asked { from, .. } if from.same_bare(jid));
                        let (session, now) = c.command();
                        asks.then(|| session.approve(now, jid).map_err(|why| Outcome::Failed.because(why)))
                    },
                )
                .await?;
        }
        done => done.map_err(|why| Outcome::Failed.because(format!("{jid}: {why}")))?,
    }
    connection.flush().await
}

fn known(connection: &Connection, jid: &Jid) -> Result<Item, Ending> {
    let unknown = || Outcome::NotFound.because(format!("{jid} is not on the list of contacts: see xmpp roster"));
    connection.session().roster().find(jid).cloned().ok_or_else(unknown)
}

/// Waits for the presence of those who are there, which nothing announces the end of.
async fn settle(connection: &mut Connection) -> Result<(), Ending> {
    connection.flush().await?;
    connection.during(tokio::time::sleep(SETTLE)).await
}

fn show(connection: &Connection, json: bool, presence: bool) -> Result<(), Ending> {
    let mut items: Vec<&Item> = connection.session().roster().iter().collect();
    items.sort_by_key(|item| item.jid.clone());
    for item in items {
        let resources = connection.session().resources(&item.jid);
        let there: Vec<(&str, &str)> =
            resources.map(|(name, resource)| (name, resource.show.map_or("online", Show::name))).collect();
        let subscription = item.subscription.name();
        if json {
            let mut object = json!({
                "jid": item.jid.as_str(), "name": item.name, "groups": item.groups, "subscription": subscription,
                "asked": item.ask, "approved": item.approved,
            });
            if presence {
                object["resources"] = there.iter().map(|(name, show)| json!({"name": name, "show": show})).collect();
            }
            print_json(&object)?;
            continue;
        }
        let mut line = format!("{:<40} {subscription:<5}", item.jid.as_str());
        let words = [item.ask.then_some("asked"), item.approved.then_some("approved")].into_iter().flatten();
        let groups = item.groups.iter().map(|group| format!("[{group}]"));
        let there = there.iter().filter(|_| presence).map(|(name, show)| format!("{name}: {show}"));
        for word in item.name.clone().into_iter().chain(groups).chain(words.map(str::to_owned)).chain(there) {
            line.push(' ');
            line.push_str(&word);
        }
        print(clean(&line).trim_end())?;
    }
    Ok(())
}

/// Presence of contacts on other servers takes a moment.
const SETTLE: Duration = Duration::from_millis(1500);
