use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use net::Identity;
use rfc3261::message::Uri;
use rtmp::url::Scheme;

use super::Options;
use super::dialplan::DialPlan;
use super::media::codecs::Audio;
use super::offer::{Ability, spoken};
use crate::common::{Failure, parse_address};
use crate::rtmp_server::{Keys, Place, identity};

/// What `sip-rtmp` was asked to do, with every default filled in and every contradiction refused.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen for RTMP, at least one.
    pub listen: Vec<Place>,
    /// What rtmps shows.
    pub identity: Option<Identity>,
    /// Who may call and listen.
    pub keys: Keys,
    /// Our address for SIP and RTP.
    pub int_ip: IpAddr,
    /// The address that others are told.
    pub ext_ip: Option<IpAddr>,
    /// First port for RTP.
    pub media_port: u16,
    /// The capture file.
    pub trace: Option<PathBuf>,
    /// The outbound proxy.
    pub proxy: Option<Uri>,
    /// Lines at most.
    pub max_lines: usize,
    /// Calls of plain publishers at most.
    pub max_calls: usize,
    /// How long the goodbyes of a line may take.
    pub goodbye: Duration,
    /// What a client hears that names no codecs.
    pub spoken: Audio,
    /// What this build can transcode.
    pub ability: Ability,
    /// Calls of programs that send no commands.
    pub dial_plan: DialPlan,
}

impl Settings {
    /// Fills in the defaults.
    ///
    /// # Errors
    /// [`Failure::Usage`] when options contradict each other.
    pub fn new(options: Options) -> Result<Settings, Failure> {
        let ability = Ability::BUILT;
        let word = options.audio.as_deref().unwrap_or("pcmu");
        let spoken = spoken(word).filter(|audio| ability.transcodes(*audio));
        let spoken = spoken.ok_or_else(|| Failure::usage(format!("--audio {word:?} is not built in")))?;
        let proxy = options.proxy.as_deref().map(proxy).transpose()?;
        options.dial_plan.check().map_err(Failure::usage)?;
        let local = Place { scheme: Scheme::Rtmp, addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 1935)) };
        let listen = if options.listen.is_empty() { vec![local] } else { options.listen };
        let keys = options.keys.as_deref().map(Keys::read).transpose()?;
        let reachable = listen.iter().find(|place| !place.addr.ip().is_loopback());
        if let (Some(place), true) = (reachable, keys.is_none() && !options.open_calls.unwrap_or(false)) {
            return Err(Failure::usage(format!(
                "anyone could call at {place}; give --keys FILE, or --open-calls to allow it"
            )));
        }
        Ok(Settings {
            identity: identity(options.cert.as_deref(), options.key.as_deref(), &listen)?,
            keys: keys.unwrap_or_default(),
            listen,
            int_ip: options.int_ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            ext_ip: options.ext_ip,
            media_port: options.media_port.unwrap_or(10_000).max(1024),
            trace: options.trace,
            proxy,
            max_lines: options.max_lines.unwrap_or(1000).max(1),
            max_calls: options.max_calls.unwrap_or(200),
            goodbye: Duration::from_millis(options.goodbye.unwrap_or(2000)),
            spoken,
            ability,
            dial_plan: options.dial_plan,
        })
    }
}

/// An outbound proxy, as a loose router.
fn proxy(text: &str) -> Result<Uri, Failure> {
    let address = parse_address(text).map_err(|why| Failure::usage(format!("--proxy: {why}")))?;
    Ok(address.uri().with_param("lr", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_it_serves_this_machine_only() {
        let settings = Settings::new(Options::default()).unwrap();
        assert!(settings.listen[0].addr.ip().is_loopback() && settings.int_ip.is_loopback());
        assert_eq!(settings.spoken, Audio::Pcmu);
    }

    #[test]
    fn contradictions_are_refused() {
        let refused = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            Settings::new(options).is_err()
        };
        assert!(refused(|o| o.audio = Some("g729".into())));
        assert!(refused(|o| o.proxy = Some("http://x".into())));
        assert!(refused(|o| o.listen = vec!["rtmp:0.0.0.0:0".parse().unwrap()]), "anyone could call");
        assert!(refused(|o| o.dial_plan.app = Some("sip".into())));
    }

    #[test]
    fn others_than_this_machine_need_a_key_or_leave() {
        let everybody = || Options { listen: vec!["rtmps:0.0.0.0:0".parse().unwrap()], ..Options::default() };
        let settings = Settings::new(Options { open_calls: Some(true), ..everybody() }).unwrap();
        assert!(settings.identity.is_some(), "rtmps has a certificate of its own");
        assert!(Settings::new(everybody()).unwrap_err().to_string().contains("--keys"));
    }

    #[test]
    fn a_proxy_is_a_loose_router() {
        assert_eq!(proxy("192.0.2.1:5070").unwrap().to_string(), "sip:192.0.2.1:5070;lr");
    }
}
