//! Chance without dice: a keyed hash decides who goes where and makes the ids of deliveries, so that a
//! replay decides the same and makes the same bytes.
//!
//! The hash is SipHash-2-4 (Aumasson and Bernstein, 2012), a pseudo-random function: whoever does not know
//! the salt of the workspace cannot guess a delivery's id, which opens the door for receipts
//! (semantics.md 2.7).

#[cfg(test)]
mod tests;

/// The secret of a workspace from which ids of deliveries are derived.
pub type Salt = [u8; 16];

/// Into how many shares chance divides: a split may say percentages with two places.
pub const SHARES: u32 = 10_000;

/// Which share of [`SHARES`] falls to a person at a step: from zero, the same for ever, and independent of
/// other steps and journeys.
pub fn share(journey: &str, step: &str, cio_id: &str) -> u32 {
    let mut words = Sip::new(&[0; 16]);
    for part in [journey, step, cio_id] {
        words.write(part.as_bytes());
        // No text holds this byte, so parts cannot run into each other.
        words.write(&[0xff]);
    }
    // The bias of the remainder is below one in 10^15.
    u32::try_from(words.finish() % u64::from(SHARES)).unwrap_or_default()
}

/// The id of a run's n-th delivery. The form is that of all deliveries of ours: `lf` and 32 hexadecimal
/// digits.
pub fn delivery_id(salt: &Salt, run: u32, step: u32, counter: u16) -> String {
    let half = |which: u8| {
        let mut words = Sip::new(salt);
        words.write(&[which]);
        words.write(&run.to_le_bytes());
        words.write(&step.to_le_bytes());
        words.write(&counter.to_le_bytes());
        words.finish()
    };
    format!("lf{:016x}{:016x}", half(0), half(1))
}

struct Sip {
    state: [u64; 4],
    tail: [u8; 8],
    length: usize,
}

impl Sip {
    fn new(key: &Salt) -> Self {
        let (low, high) = key.split_at(8);
        let word = |bytes: &[u8]| {
            bytes
                .iter()
                .rev()
                .fold(0_u64, |word, byte| (word << 8) | u64::from(*byte))
        };
        let (k0, k1) = (word(low), word(high));
        Self {
            state: [
                k0 ^ 0x736f_6d65_7073_6575,
                k1 ^ 0x646f_7261_6e64_6f6d,
                k0 ^ 0x6c79_6765_6e65_7261,
                k1 ^ 0x7465_6462_7974_6573,
            ],
            tail: [0; 8],
            length: 0,
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.tail[self.length % 8] = *byte;
            self.length += 1;
            if self.length.is_multiple_of(8) {
                self.absorb(u64::from_le_bytes(self.tail));
                self.tail = [0; 8];
            }
        }
    }

    fn finish(mut self) -> u64 {
        self.tail[7] = self.length.to_le_bytes()[0];
        self.absorb(u64::from_le_bytes(self.tail));
        self.state[2] ^= 0xff;
        for _ in 0..4 {
            self.round();
        }
        self.state.iter().fold(0, |all, word| all ^ word)
    }

    fn absorb(&mut self, word: u64) {
        self.state[3] ^= word;
        self.round();
        self.round();
        self.state[0] ^= word;
    }

    fn round(&mut self) {
        let [mut v0, mut v1, mut v2, mut v3] = self.state;
        v0 = v0.wrapping_add(v1);
        v1 = v1.rotate_left(13) ^ v0;
        v0 = v0.rotate_left(32);
        v2 = v2.wrapping_add(v3);
        v3 = v3.rotate_left(16) ^ v2;
        v0 = v0.wrapping_add(v3);
        v3 = v3.rotate_left(21) ^ v0;
        v2 = v2.wrapping_add(v1);
        v1 = v1.rotate_left(17) ^ v2;
        v2 = v2.rotate_left(32);
        self.state = [v0, v1, v2, v3];
    }
}
