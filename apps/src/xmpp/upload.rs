//! `xmpp upload`: a file to the server's upload service, and its URL to somebody.

use std::path::Path;

use rfc3921::session::{Answer, Saved};
use rfc3921::upload::Request;
use serde_json::json;

use super::account::Account;
use super::connection::{Connection, Setup, address};
use super::options::UploadOptions;
use super::send::{ASK, deliver, link};
use super::show::{print, print_json};
use super::{Ending, Outcome, put, room};
use crate::common::Failure;

/// Uploads what the options say.
///
/// # Errors
/// An end without success.
pub async fn upload(account: &Account, options: &UploadOptions, quiet: bool) -> Result<(), Ending> {
    let to = options.to.as_deref().map(address).transpose()?;
    let path = &options.file;
    let wrong = |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(|why| wrong(&why))?;
    let metadata = file.metadata().await.map_err(|why| wrong(&why))?;
    if !metadata.is_file() {
        return Err(wrong(&"is not a file; pack a folder first").into());
    }
    let request = Request {
        filename: path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned()),
        size: metadata.len(),
        kind: Some(options.content_type.clone().unwrap_or_else(|| media_type(path).to_owned())),
    };
    let setup = Setup::new(account, &account.password()?)?;
    let mut connection = Connection::begin(setup, Saved::default(), |config| {
        config.stream.timing.ack = ASK;
        config.limits.first_page = 1;
    });
    let done = async {
        let url = give(&mut connection, account, &request, file, quiet).await?;
        if let Some(to) = &to {
            if options.room {
                let nick = room::nick(account, options.nick.as_deref(), connection.jid());
                room::visit(&mut connection, to, &nick, None).await?;
            }
            deliver(&mut connection, to, link(&url)).await?;
        }
        Ok::<_, Ending>(url)
    };
    let done = done.await;
    connection.close().await;
    let url = done?;
    match options.json {
        true => print_json(&json!({"ok": true, "url": url, "size": request.size, "to": options.to})),
        false => print(&url),
    }
}

/// Asks for a place, and puts the file there. Gives the URL for others.
///
/// # Errors
/// An end without success.
pub async fn give(
    connection: &mut Connection,
    account: &Account,
    request: &Request,
    file: tokio::fs::File,
    quiet: bool,
) -> Result<String, Ending> {
    connection.ready().await?;
    connection.services().await?;
    let asked =
        connection.ask("the server gives no place for the file", |session, now| session.upload_slot(now, request));
    let Answer::Slot(slot) = asked.await? else {
        return Err(Outcome::Failed.because("the server gives a place for the file that cannot be used"));
    };
    connection.during(put::put(account, &slot, request, file, quiet)).await??;
    Ok(slot.get)
}

/// What kind of file it is, by its name: those that clients show.
pub fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref().unwrap_or_default() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "ogg" | "opus" => "audio/ogg",
        "m4a" => "audio/mp4",
        "pdf" => "application/pdf",
        "txt" | "log" | "md" => "text/plain",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}
