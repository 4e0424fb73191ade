//! `xmpp ping`: is somebody there, and how far away?

use rfc3921::session::{Answer, Saved};
use serde_json::json;

use super::account::Account;
use super::connection::{Connection, Setup, address};
use super::options::PingOptions;
use super::show::{print, print_json};
use super::{Ending, Outcome};
use crate::common::clean;

/// Asks as often as the options say.
///
/// # Errors
/// The last one that gave no answer.
pub async fn ping(account: &Account, options: &PingOptions) -> Result<(), Ending> {
    let to = options.to.as_deref().map(address).transpose()?;
    let setup = Setup::new(account, &account.password()?)?;
    let mut connection = Connection::begin(setup, Saved::default(), |config| config.catch_up = false);
    let to = to.unwrap_or_else(|| connection.jid().to_domain());
    let asked = async {
        connection.online().await?;
        let mut last = Ok(());
        for n in 0..options.count {
            if n > 0 {
                connection.during(tokio::time::sleep(options.interval)).await?;
            }
            let answer = connection.ask(&format!("no answer from {to}"), |session, now| session.ping(now, &to)).await;
            let millis = match answer {
                Ok(Answer::Pong(time)) => Ok(time.as_secs_f64() * 1000.0),
                Ok(_) => Err(Outcome::Failed.because(format!("{to} gives an answer that is none"))),
                Err(end) => Err(end),
            };
            match (&millis, options.json) {
                (Ok(ms), true) => print_json(&json!({"from": to.as_str(), "ms": ms}))?,
                (Ok(ms), false) => print(&format!("answer from {}: {ms:.1} ms", clean(to.as_str())))?,
                (Err(end), true) => {
                    print_json(&json!({"from": to.as_str(), "outcome": end.outcome, "reason": end.why}))?;
                }
                (Err(_), false) => {}
            }
            last = millis.map(|_| ());
        }
        last
    };
    let result = asked.await;
    connection.close().await;
    result
}
