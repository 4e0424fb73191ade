//! `xmpp send`: one message, or one a line, and the certainty that the server has it.

use rfc3920::ns;
use rfc3920::stanza::{self, Condition, StanzaError};
use rfc3920::stream::{Client, Event, RequestId, StanzaId};
use rfc3920::xml::Element;
use rfc3921::message::{Message, MessageType};
use serde_json::json;

use super::account::Account;
use super::connection::{Connection, Setup, address};
use super::options::SendOptions;
use super::{Ending, Outcome};
use crate::common::{Failure, clean};

/// Sends what the options say.
///
/// # Errors
/// An end without success.
pub async fn send(account: &Account, options: &SendOptions) -> Result<(), Ending> {
    let to = address(&options.to)?;
    let text = text(options)?;
    let setup = Setup::new(account, &account.password()?)?;
    let kind = match (options.headline, &options.subject) {
        (true, _) => MessageType::Headline,
        (false, Some(_)) => MessageType::Normal,
        (false, None) => MessageType::Chat,
    };
    let mut message = Message::new(kind, Some(to.clone()));
    message.body = Some(text);
    message.subject.clone_from(&options.subject);
    let mut rng = wire::Rng::from_seed(crate::common::seed()?);
    let id = rng.token(24);
    message.id = Some(id.clone());
    message.origin_id = Some(id.clone());
    let mut connection = Connection::stream(setup);
    let sent = tokio::time::timeout(account.timeout, deliver(&mut connection, &message.to_element(), &id)).await;
    let sent = sent.unwrap_or_else(|_| Err(Outcome::Timeout.because("the server has not confirmed it in time")));
    connection.close().await;
    if options.json {
        let line = match &sent {
            Ok(by) => json!({"ok": true, "id": id, "to": to.as_str(), "confirmed_by": by}),
            Err(end) => json!({"ok": false, "id": id, "to": to.as_str(), "outcome": end.outcome, "reason": end.why}),
        };
        println!("{line}");
    }
    sent.map(|_| ())
}

/// Sends it and waits until the server has it; tells by what it was confirmed.
async fn deliver(connection: &mut Connection<Client>, message: &Element, id: &str) -> Result<&'static str, Ending> {
    let mut sent: Option<StanzaId> = None;
    let mut asked: Option<RequestId> = None;
    let failed = |why: &dyn std::fmt::Display| Outcome::Failed.because(why);
    loop {
        match connection.next().await {
            Event::Online(online) => {
                tracing::debug!("logged in as {} by {}", online.jid, online.mechanism);
                let (client, now) = connection.command();
                if sent.is_none() {
                    sent = Some(client.send(now, message.clone()).map_err(|why| failed(&why))?);
                }
                match online.managed {
                    true => client.flush(now),
                    false => {
                        let ping = stanza::iq_get(None, "", Element::new(ns::PING, "ping"));
                        asked = Some(client.request(now, ping).map_err(|why| failed(&why))?);
                    }
                }
            }
            Event::Delivered { ids } if sent.is_some_and(|sent| ids.contains(&sent)) => return Ok("ack"),
            // Answers keep the order of what was asked, so that even a refusal says that what came before was read.
            Event::Answer { request, .. } if Some(request) == asked => return Ok("ping"),
            Event::Stanza(stanza) if stanza.name() == "message" && stanza.get("id") == Some(id) => {
                if let Some(error) = StanzaError::of(&stanza) {
                    return Err(bounced(stanza.get("from").unwrap_or_default(), &error));
                }
            }
            Event::Lost { .. } => {
                return Err(failed(
                    &"the connection was lost before the server confirmed the message: it may have arrived",
                ));
            }
            Event::Offline { error, again } if sent.is_none() || again.is_none() => {
                return Err(connection.explain(&error));
            }
            _ => {}
        }
    }
}

/// What an error that came back comes to.
pub fn bounced(from: &str, error: &StanzaError) -> Ending {
    let outcome = match error.condition {
        Condition::ItemNotFound | Condition::Gone | Condition::RemoteServerNotFound | Condition::JidMalformed => {
            Outcome::NotFound
        }
        Condition::RemoteServerTimeout => Outcome::Timeout,
        _ => Outcome::Refused,
    };
    let hint = match error.condition {
        Condition::ServiceUnavailable => "; there may be nobody of that name",
        Condition::RemoteServerNotFound => "; check the part behind the @",
        _ => "",
    };
    outcome.because(format!("{} does not take it: {error}{hint}", clean(from)))
}

/// What is to be said.
fn text(options: &SendOptions) -> Result<String, Failure> {
    let text = match &options.message_file {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("cannot read {}: {e}", path.display())))?
        }
        None if options.text.is_empty() => std::io::read_to_string(std::io::stdin().lock())
            .map_err(|e| Failure::usage(format!("cannot read standard input: {e}")))?,
        None => options.text.join(" "),
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.is_empty() {
        return Err(Failure::usage("there is nothing to say: give TEXT, or something on standard input"));
    }
    Ok(text.to_owned())
}
