use super::options::Options;
use crate::common::{Failure, password_file};

/// Where the password comes from: the option, the file, the terminal or the environment, in this order.
///
/// # Errors
/// [`Failure::Usage`] when the file cannot be read, or nobody answers.
pub fn password(options: &Options) -> Result<Option<String>, Failure> {
    if let Some(password) = &options.authpass {
        return Ok(Some(password.clone()));
    }
    match &options.authpass_file {
        Some(path) => password_file(path).map(Some),
        None => Ok(std::env::var(VARIABLE).ok().filter(|text| !text.is_empty())),
    }
}

const VARIABLE: &str = "DIALER_AUTHPASS";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::parse_args;

    #[test]
    fn a_file_gives_its_first_line() {
        let path = std::env::temp_dir().join(format!("wireworks-pass-{}", std::process::id()));
        std::fs::write(&path, "open sesame \r\nsecond line\n").unwrap();
        let args = ["dialer", "--listen", "--authpass-file", path.to_str().unwrap()];
        let options: Options = parse_args(args.map(Into::into)).unwrap();
        assert_eq!(password(&options).unwrap().as_deref(), Some("open sesame "));
        std::fs::remove_file(path).unwrap();
        let failure = password(&options).unwrap_err();
        assert_eq!(failure.code(), 2);
        assert!(failure.to_string().contains("cannot read"));
    }
}
