use ring::rand::{SecureRandom, SystemRandom};

use super::Failure;

/// 32 bytes from the operating system, to seed the one generator that a program's machines share.
///
/// # Errors
/// [`Failure::Runtime`] when the system has no randomness to give.
pub fn seed() -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    SystemRandom::new().fill(&mut seed).map_err(|_| Failure::runtime("the system gives no random numbers"))?;
    Ok(seed)
}
