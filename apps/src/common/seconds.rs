use std::time::Duration;

/// The value of an option that is a length of time.
///
/// ```
/// assert_eq!(apps::common::seconds("2.5").unwrap().as_millis(), 2500);
/// assert!(apps::common::seconds("-1").is_err() && apps::common::seconds("soon").is_err());
/// ```
///
/// # Errors
/// What is expected, in words.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let expected = || "expected seconds, such as 2.5".to_owned();
    Duration::try_from_secs_f64(text.parse().map_err(|_| expected())?).map_err(|_| expected())
}
